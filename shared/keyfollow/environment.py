"""The environment that `keyfollow setup` makes: a Python of its own for the engines that need torch. Here is how it is found.

    <data>/environments/<name>/       one environment
    <data>/environments/current.json  the one in use

The pointer is replaced atomically, so there is always one whole environment or none: a new one is made beside the old.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from .paths import Paths
from .plain import PlainError, from_plain

NAME = re.compile(r"[a-z0-9][a-z0-9_.+-]{0,63}")


@dataclass(frozen=True, slots=True)
class Current:
    """The environment in use: its folder's name, the Keyfollow in it, the build of torch (``cu128``, ``cpu``…)."""

    name: str
    version: str
    torch: str


def root(where: Paths) -> Path:
    return where.data / "environments"


def pointer(where: Paths) -> Path:
    return root(where) / "current.json"


def current(where: Paths) -> Current | None:
    """What the pointer says; None when nothing was set up."""
    try:
        found = from_plain(Current, json.loads(pointer(where).read_bytes()))
    except (OSError, ValueError, PlainError):
        return None
    return found if NAME.fullmatch(found.name) else None


def python(folder: Path) -> Path:
    """The interpreter of the environment in `folder`."""
    return folder / "Scripts/python.exe" if sys.platform == "win32" else folder / "bin/python"


def program(where: Paths, version: str) -> Path | None:
    """The interpreter of the environment in use; None when there is none for this version of Keyfollow."""
    found = current(where)
    if found is None or found.version != version:
        return None
    interpreter = python(root(where) / found.name)
    return interpreter if interpreter.exists() else None
