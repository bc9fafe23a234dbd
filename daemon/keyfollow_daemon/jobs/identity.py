"""Which clip a request is about, and what of it an engine prepares, told without reading it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keyfollow.edits import EditRequest
from keyfollow.engine_info import EngineInfo, Setting

from keyfollow_daemon.engines.base import InversionSpec


def source_identity(request: EditRequest) -> str:
    """Tells clips apart without reading them: path, size and time of change; or the digests of uploaded frames."""
    clip = request.clip
    if clip.path is None:
        return hashlib.sha256("".join(b.sha256 for b in clip.frames).encode()).hexdigest()
    try:
        found = Path(clip.path).stat()
    except (OSError, ValueError):  # ValueError: no path at all, it holds a NUL
        return clip.path
    return f"{clip.path}\n{found.st_size}\n{found.st_mtime_ns}"


def inversion_spec(info: EngineInfo, settings: Mapping[str, Any], request: EditRequest, model_revision: str) -> InversionSpec:
    """Only what an inversion may depend on."""
    named: dict[str, Setting] = {s.name: s for s in info.settings}
    source_only = {name: value for name, value in settings.items() if named[name].source_only}
    return InversionSpec(
        engine=info.id,
        version=info.version,
        settings=source_only,
        model_revision=model_revision,
        prompt=request.source_prompt if info.needs_prompt or info.needs_weights else "",
        draft=request.quality == "draft",
        model=request.model,
    )


def prepared_from(request: EditRequest, info: EngineInfo) -> str:
    """Tells apart what runs prepare: the clip, and what an inversion depends on of the engine and the request. Weights are left out: what
    they are is known only after they were read."""
    spec = inversion_spec(info, info.resolve(request.settings), request, "")
    parts = (source_identity(request), spec.engine, spec.version, sorted(spec.settings.items()), spec.prompt, spec.draft)
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()
