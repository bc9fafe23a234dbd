"""The kind of device that engines compute on here: ``cuda``, ``mps`` or ``cpu``, for estimates that are made before any engine is loaded."""

from __future__ import annotations

import logging
import subprocess
import sys
from functools import cache

from keyfollow.engine_info import EngineInfo

log = logging.getLogger(__name__)
ASK = "from keyfollow_daemon.engines.diffusion.loading import best_device; print(best_device().type)"
PATIENCE_S = 45.0
"""Less than clients wait for an answer."""


def of(info: EngineInfo) -> str:
    """Where `info`'s engine computes. Without weights there is nothing that a GPU would be used for."""
    return best() if info.needs_weights and not info.missing else "cpu"


@cache
def best() -> str:
    """The device that `engines.diffusion.loading.best_device` chooses.

    Asked of a process of its own unless torch is here already: the daemon stays small without it. ``cpu`` when there is no answer.
    """
    if "torch" in sys.modules:
        from .diffusion.loading import best_device

        return best_device().type
    try:
        asked = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    except (OSError, subprocess.SubprocessError) as e:
        log.warning("taken for a machine without a GPU: %s", e)
        return "cpu"
    return asked.stdout.strip()
