"""The engines of this installation, found by entry point; each entry names an engine's `info` module.

An engine's package adds ``[project.entry-points."keyfollow.engines"]`` with ``id = "package.info"``. For tests, and while
developing an engine that is not installed, ``KEYFOLLOW_EXTRA_ENGINES="id=module,id2=module2"`` adds more; they win over
installed ones of the same id.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.metadata import entry_points
from typing import Protocol, cast

from keyfollow.edits import EditRequest
from keyfollow.engine_info import EngineInfo, Estimate
from keyfollow.errors import UsageError
from keyfollow.media.info import MediaInfo

from .base import Engine

GROUP = "keyfollow.engines"
EXTRA = "KEYFOLLOW_EXTRA_ENGINES"


class InfoModule(Protocol):
    """What an engine's `info` module offers; importing it is cheap."""

    def describe(self) -> EngineInfo: ...

    def estimate(self, request: EditRequest, media: MediaInfo, device: str) -> Estimate: ...

    def load(self) -> Engine: ...


def engines() -> dict[str, EngineInfo]:
    """All engines by id, sorted. One whose module cannot be imported is listed with what it misses."""
    return {engine: _describe(engine, module) for engine, module in sorted(_modules().items())}


def info_module(engine: str) -> InfoModule:
    """The `info` module of `engine`.

    Raises:
        UsageError: ``unknown_engine``.
    """
    modules = _modules()
    if engine not in modules:
        raise UsageError(
            "unknown_engine", f"There is no engine called {engine}.", f"Installed are: {', '.join(sorted(modules)) or 'none'}."
        )
    return cast(InfoModule, import_module(modules[engine]))


def load(engine: str) -> Engine:
    """The engine itself, with everything heavy that it needs; call it only where engines run.

    Raises:
        UsageError: ``unknown_engine``.
    """
    return info_module(engine).load()


def _modules() -> dict[str, str]:
    found = {entry.name: entry.value for entry in entry_points(group=GROUP)}
    for item in filter(None, (part.strip() for part in os.environ.get(EXTRA, "").split(","))):
        name, _, module = item.partition("=")
        found[name.strip()] = module.strip()
    return found


def _describe(engine: str, module: str) -> EngineInfo:
    try:
        return cast(InfoModule, import_module(module)).describe()
    except Exception as error:
        why = f"{module} cannot be loaded: {error}"
        return EngineInfo(id=engine, name=engine, version="", summary="This engine cannot be loaded here.", missing=(why,))
