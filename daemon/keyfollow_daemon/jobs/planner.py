"""What a run would cost, before anyone decides to start it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from keyfollow.checks import check_request
from keyfollow.deltas import unpack
from keyfollow.edits import Clip, EditRequest
from keyfollow.engine_info import CacheInfo, EngineInfo, Estimate
from keyfollow.errors import MediaError, UsageError
from keyfollow.media.info import MediaInfo
from keyfollow.requests import Looked

from keyfollow_daemon.engines import device, registry
from keyfollow_daemon.jobs.identity import prepared_from
from keyfollow_daemon.models.find import locate_model

_LOOKED = Looked()
"""Estimates are asked for at every change of a request; the clip stays the same."""


class Known(Protocol):
    """The caches that earlier runs announced (`cache.handles.Handles`)."""

    def of_source(self, engine: str, prepared_from: str) -> list[CacheInfo]: ...


class Blobs(Protocol):
    """Uploaded bytes (`media.blobs.BlobStore`)."""

    def open(self, sha256: str) -> bytes: ...


def estimate(request: EditRequest, known: Known, blobs: Blobs) -> Estimate:
    """Cost of a run; `frames_prepared` tells how much of it an earlier run has prepared.

    Raises:
        KeyfollowError: the request is not possible on this clip, or not without weights that are not here.
    """
    info = describe(request.engine)
    media = _look(request.clip, blobs)
    span = check_request(request, media, info)
    if info.needs_weights:
        request = replace(request, model=str(locate_model(request.model, request.engine)))
    cost = registry.info_module(request.engine).estimate(request, media, device.of(info))
    covered: set[int] = set()
    for cache in known.of_source(request.engine, prepared_from(request, info)):
        if cache.entries:
            covered.update(range(max(span.start, cache.start), min(span.stop, cache.stop)))
    return replace(cost, frames=len(span), frames_prepared=len(covered))


def look_ahead(clip: Clip) -> None:
    """A run of this clip is to come: see now what it is, so that estimates need not open it while the run begins."""
    if clip.path is not None:
        with suppress(MediaError):  # the estimate itself says what is wrong
            _LOOKED.clip(clip.path, clip.rate)


def _look(clip: Clip, blobs: Blobs) -> MediaInfo:
    if clip.path is not None:
        return _LOOKED.clip(clip.path, clip.rate)
    if not clip.frames:
        raise UsageError("bad_clip", "A clip is either a path or uploaded frames.", "Give exactly one of them.")
    first = unpack(blobs.open(clip.frames[0].sha256)).compose(None)
    return MediaInfo.of_frames(first, len(clip.frames), clip.rate or (24, 1))


def describe(engine: str) -> EngineInfo:
    """What the engine says of itself. Raises `UsageError` ``unknown_engine``."""
    found = registry.engines()
    if engine not in found:
        registry.info_module(engine)
    return found[engine]
