"""Small real wheels: a torch, and a Keyfollow whose daemon only answers what `keyfollow setup` asks of a new environment."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

from keyfollow import __version__

DOCTOR = """
import json, sys, torch
if "doctor" in sys.argv:
    print(json.dumps({"event": "torch", "version": torch.__version__, "build": "cpu", "devices": [], "error": ""}))
"""


def wheel(folder: Path, name: str, version: str, files: dict[str, str], requires: tuple[str, ...] = ()) -> Path:
    """Write ``name-version-py3-none-any.whl`` into `folder`."""
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {text}\n" for text in requires)
    extras = "Provides-Extra: diffusion\n" if requires else ""
    inside = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{extras}{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, text in inside.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text.encode())}\n"
    made = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in {**inside, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(path, text)
    return made


def wheelhouse(folder: Path, *, daemon: str = DOCTOR, torch: str = "9.1", bulk: int = 0, version: str = __version__) -> Path:
    """A folder that `keyfollow setup --wheelhouse` takes.

    Args:
        daemon: the source of ``python -m keyfollow_daemon``.
        bulk: files in torch, so that installing it takes a while.
    """
    folder.mkdir(parents=True, exist_ok=True)
    modules = {f"torch/m{n}.txt": f"{n}\n" for n in range(bulk)}
    wheel(folder, "torch", torch, {"torch/__init__.py": f"__version__ = {torch!r}\n", **modules})
    program = {"keyfollow_daemon/__init__.py": "", "keyfollow_daemon/__main__.py": daemon}
    wheel(folder, "keyfollow", version, program, ('torch>=2.4; extra == "diffusion"',))
    return folder
