"""`keyfollowd doctor`: what only the daemon's environment can tell `keyfollow doctor`, as JSON lines: torch, and each engine."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from typing import Any

from keyfollow_daemon.engines import registry


@dataclass(frozen=True, slots=True)
class Torch:
    """The torch of this environment. `version` is empty where there is none; `error` says why it cannot be imported.

    `build` is ``cuda 12.8``, ``rocm 6.4``, ``mps`` or ``cpu``; `devices` are what it can use, name and bytes of memory.
    """

    version: str = ""
    build: str = "cpu"
    devices: tuple[tuple[str, int], ...] = ()
    error: str = ""


def main() -> int:
    _say("torch", **asdict(torch_here()))
    for engine in registry.engines().values():
        _say("engine", id=engine.id, version=engine.version, missing=engine.missing)
    return 0


def torch_here() -> Torch:
    """Import torch and ask it what it can use."""
    try:
        import torch
    except ModuleNotFoundError:
        return Torch()
    except (ImportError, OSError) as e:  # a library of CUDA that is not there, a build for another machine
        return Torch(error=f"{type(e).__name__}: {e}")
    hip = getattr(torch.version, "hip", None)
    build = f"rocm {hip}" if hip else f"cuda {torch.version.cuda}" if torch.version.cuda else "cpu"
    if torch.backends.mps.is_available():
        return Torch(torch.__version__, "mps", (("Apple GPU", 0),))
    devices: tuple[tuple[str, int], ...] = ()
    if torch.cuda.is_available():
        found = (torch.cuda.get_device_properties(n) for n in range(torch.cuda.device_count()))
        devices = tuple((device.name, device.total_memory) for device in found)
    return Torch(torch.__version__, build, devices)


def _say(event: str, **fields: Any) -> None:
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
