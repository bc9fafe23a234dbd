"""What the worker does while a person still paints: gets ready for the draft that will be asked for.

It loads the engine, and prepares the source around the frame that is looked at. All of that is found again by the run: in this process,
and in the inversion cache. Nothing depends on it.
"""

from __future__ import annotations

from pathlib import Path

from keyfollow.frames import FrameRange
from keyfollow.media.images import make_ready
from keyfollow.plain import from_plain

from keyfollow_daemon.cache.store import InversionStore
from keyfollow_daemon.engines import registry
from keyfollow_daemon.executors.base import Link, Plain
from keyfollow_daemon.jobs.identity import inversion_spec
from keyfollow_daemon.jobs.parts import NEAREST, WIDER
from keyfollow_daemon.jobs.planner import describe
from keyfollow_daemon.jobs.rehearsal import rehearse
from keyfollow_daemon.jobs.run import Run
from keyfollow_daemon.jobs.sources import open_sources
from keyfollow_daemon.jobs.task import TaskContext
from keyfollow_daemon.media.blobs import BlobStore

_rehearsed: set[tuple[str, bool]] = set()
"""The engines that have made a draft, or a final, in this process."""
AHEAD = NEAREST * WIDER
"""How far to either side of the frame that is looked at the source is prepared: a draft's first parts."""


def run(payload: Plain, link: Link) -> Plain:
    """Get ready for a run like `Run.request`, which needs no keyframes yet. Only for engines that work piece by piece.

    What is ready already costs next to nothing, so it may be asked for again when the draft is near.

    Raises:
        KeyfollowError: the clip cannot be read.
        Stopped: there is something to do.
    """
    spec = from_plain(Run, payload)
    request = spec.request
    info = describe(request.engine)
    if not info.piecewise or info.missing:
        return {}
    store = InversionStore(Path(spec.inversions), spec.inversion_quota)
    context = TaskContext(link, store, checkpoints=store)
    engine = registry.load(request.engine)
    draft = request.quality == "draft"
    make_ready()
    if (request.engine, draft) not in _rehearsed:
        rehearse(engine, info, draft, context.check)
        _rehearsed.add((request.engine, draft))
    if spec.near is None or not draft:
        return {}
    by_source = inversion_spec(info, info.resolve(request.settings), request, "")
    with open_sources(request, BlobStore(Path(spec.blobs), spec.largest_blob)) as sources:
        span = request.range or FrameRange(0, sources.media.frames)
        for reach in (NEAREST, AHEAD):
            start, stop = max(span.start, spec.near - reach), min(span.stop, sources.media.frames, spec.near + reach + 1)
            if start < stop:
                engine.invert(sources.frames, FrameRange(start, stop), by_source, context)
    return {}
