"""One run, from the clip to the take: what the worker does for a job.

    clip → keyframes and masks → inversion (cached) → edited frames → take → report

The executor calls `run` by name (`executors.base.Task.entry`), so that executors need not know what a job is. Pixels go from the
engine to the take's files right here; the daemon's loop only hears which frame is finished (docs/adr/0003).
"""

from __future__ import annotations

import hashlib
import queue
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from keyfollow import __version__, deltas
from keyfollow.checks import check_request
from keyfollow.edits import EditRequest
from keyfollow.engine_info import EngineInfo, Report
from keyfollow.errors import JobError, UsageError
from keyfollow.frames import FrameRange
from keyfollow.plain import from_plain, to_plain

from keyfollow_daemon.cache.handles import Handles
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_daemon.engines import device, registry
from keyfollow_daemon.engines.base import Array, Edit, EditedFrame, Inversion, Preview, Tensors
from keyfollow_daemon.executors.base import Link, Plain, Stopped
from keyfollow_daemon.jobs.identity import inversion_spec, prepared_from
from keyfollow_daemon.jobs.misplaced import Misplaced
from keyfollow_daemon.jobs.parts import parts, whole
from keyfollow_daemon.jobs.planner import describe
from keyfollow_daemon.jobs.preview import Previews
from keyfollow_daemon.jobs.resources import require_room
from keyfollow_daemon.jobs.run import Run
from keyfollow_daemon.jobs.sources import Sources, open_sources
from keyfollow_daemon.media.blobs import BlobStore
from keyfollow_daemon.models.find import find_model
from keyfollow_daemon.takes.report import Measure, summarise
from keyfollow_daemon.takes.store import TakeStore, TakeWriter
from keyfollow_daemon.takes.suggest import suggested

PROGRESS_S = 0.1
CHECKPOINT_QUOTA = 1 << 40


def run(payload: Plain, link: Link) -> Plain:
    """Do a whole job.

    Returns:
        ``{"report": Report, "cache": CacheInfo | None}``, plain.

    Raises:
        KeyfollowError: anything that a person can mend.
        Stopped: someone asked.
    """
    spec = from_plain(Run, payload)
    if (report := finished_report(spec)) is not None:
        return {"report": to_plain(report), "cache": None}
    link.say({"kind": "progress", "phase": "Reading", "done": 0, "total": 1})
    clock = PhaseClock()
    with clock.phase("reading"):
        sources = open_sources(spec.request, BlobStore(Path(spec.blobs), spec.largest_blob))
    with sources:
        return _run(spec, sources, clock, link)


def _run(spec: Run, sources: Sources, clock: PhaseClock, link: Link) -> Plain:
    request = spec.request
    info = describe(request.engine)
    span = check_request(request, sources.media, info)
    settings = info.resolve(request.settings)
    store = InversionStore(Path(spec.inversions), spec.inversion_quota)
    context = TaskContext(link, store, InversionStore(Path(spec.checkpoints) / spec.job, CHECKPOINT_QUOTA))
    with clock.phase("reading"):
        model = find_model(request.model, request.engine, report=context.checking) if info.needs_weights else None
    revision = model.revision if model else ""
    placed = replace(request, model=str(model.path)) if model else request
    engine = registry.load(request.engine)
    cost = registry.info_module(request.engine).estimate(placed, sources.media, device.of(info))
    require_room(cost, Path(spec.takes))
    with clock.phase("reading"):
        keyframes = sources.keyframes()
        masks = sources.masks(span)
    made_from = recipe(request, info, settings, sources.identity, revision)
    take = TakeStore(Path(spec.takes)).create(spec.take, made_from, {**spec.meta, "start": span.start, "stop": span.stop})
    made = take.finished()
    for frame in sorted(made):
        link.say({"kind": "frame", "frame": frame})
    wanted = [n for n in span if n not in made]
    edit = Edit(
        range=span,
        wanted=wanted,
        keyframes=keyframes,
        masks=masks,
        settings=settings,
        prompt=request.prompt,
        source_prompt=request.source_prompt,
        model=placed.model,
        seed=request.seed,
        draft=request.quality == "draft",
    )
    by_source = inversion_spec(info, settings, placed, revision)
    found = made_anew = 0
    misplaced = Misplaced(keyframes, sources.frames)
    with FrameWriter(take, sources, link, clock) as writer:
        for part in parts(edit, spec.near if info.piecewise and edit.draft else None):
            hits, misses = store.hits, store.misses
            context.left = part.left
            with clock.phase("preparing"):
                inversion = engine.invert(sources.frames, part.span, by_source, context)
            # the last part spans the whole: what it finds that an earlier part made was not found by this run
            found, made_anew = store.hits - hits - made_anew, made_anew + store.misses - misses
            with clock.phase("propagating"):
                for edited in engine.propagate(sources.frames, inversion, part.edit, context):
                    writer.put(edited)
                    for sentence in misplaced.told(edited.frame, sources.frames[edited.frame]):
                        context.note(sentence)
    missing = set(wanted) - writer.written
    if missing:
        raise JobError("engine_short", f"The engine left out {len(missing)} frames.", "Report this as a bug of the engine.")
    cache = _announce(spec, sources, inversion, whole(edit), clock, store)
    report = summarise(
        take.measures,
        seconds=clock.seconds(),
        cache_hits=found,
        cache_misses=made_anew,
        cache=cache["id"] if cache else None,
        has_mask=bool(masks),
        suggestion=suggested(take.measures, [k.frame for k in keyframes]),
    )
    report = replace(report, notes=tuple(context.notes))
    if keyframes and all((k.image.pixels == sources.frames[k.frame].pixels).all() for k in keyframes):
        report = replace(report, summary="Nothing was changed: no keyframe differs from its source frame. Was the edit saved?")
    take.complete(report)
    shutil.rmtree(Path(spec.checkpoints) / spec.job, ignore_errors=True)
    return {"report": to_plain(report), "cache": cache}


def finished_report(spec: Run) -> Report | None:
    """The report of a take that is complete already: the daemon died between the take's end and the job's."""
    takes = TakeStore(Path(spec.takes))
    try:
        take = takes.get(spec.take)
    except UsageError:
        return None
    return take.report if take.complete else None


def recipe(
    request: EditRequest, info: EngineInfo, settings: Mapping[str, Any], source: str, model_revision: str
) -> dict[str, Any]:
    """Everything that the frames follow from: the request (pictures by SHA-256), the source's identity, settings, versions, weights
    (by content, wherever they lie)."""
    return {
        "request": to_plain(request),
        "source": source,
        "settings": dict(settings),
        "engine": {"id": info.id, "version": info.version},
        "model_revision": model_revision,
        "keyfollow": __version__,
    }


def _announce(
    spec: Run, sources: Sources, inversion: Inversion, reach: FrameRange, clock: PhaseClock, store: InversionStore
) -> dict[str, Any] | None:
    if not inversion.keys:
        return None
    handles = Handles(Path(spec.inversions), store)
    named = handles.announce(
        engine=spec.request.engine,
        source=sources.name,
        prepared_from=prepared_from(spec.request, describe(spec.request.engine)),
        span=reach,
        keys=inversion.keys,
        seconds=clock.seconds().get("preparing", 0.0),
    )
    plain: dict[str, Any] = to_plain(named)
    return plain


class PhaseClock:
    """Seconds by phase; the frame writer's share runs beside the engine and is counted on its own."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._began = time.monotonic()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + time.monotonic() - began

    def seconds(self) -> dict[str, float]:
        return {**{k: round(v, 3) for k, v in self._seconds.items()}, "total": round(time.monotonic() - self._began, 3)}


class TaskContext:
    """`engines.base.Context` over an executor's link and the stores on disk."""

    def __init__(self, link: Link, cache: InversionStore, checkpoints: InversionStore) -> None:
        self.cache = cache
        self.plan = link.plan
        self.notes: list[str] = []
        self.left: int | None = None
        """In a run of several parts, how many frames are left to later ones: the person sees one piece of work."""
        self._link = link
        self._checkpoints = checkpoints
        self._phase = ""
        self._began = self._said = 0.0
        self._found = 0
        """What of the phase was done when it began: it tells nothing about this attempt's speed."""
        self._previews = Previews()

    def check(self) -> None:
        why = self._link.stop_asked()
        if why is not None:
            raise Stopped(why)

    def progress(self, phase: str, done: int, total: int, preview: Preview | None = None) -> None:
        self.check()
        if self.left is not None:
            if phase != "Propagating":
                return
            done -= self.left
        now = time.monotonic()
        word = phase.partition(" (")[0]
        if word != self._phase:
            self._phase, self._began, self._said, self._found = word, now, 0.0, done
            self._previews.forget()
        if preview is not None:
            self._previews.offer(preview)
        if now - self._said < PROGRESS_S and done < total:
            return
        self._said = now
        spent = now - self._began
        made = done - self._found
        eta = spent / made * (total - done) if made > 0 and spent > 0.5 else None
        told = {"phase": phase, "done": done, "total": total, "eta_s": eta, "preview": self._previews.latest}
        self._link.say({"kind": "progress", **told})

    def checking(self, file: str, done: int, total: int) -> None:
        """A `models.digests.Report`: weights that are read for the first time, in MiB."""
        self.progress("Checking the model", done >> 20, total >> 20)

    def note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)
            self._link.say({"kind": "note", "text": sentence})

    def checkpoint(self, name: str, tensors: Tensors) -> None:
        self._checkpoints.save(_checkpoint_key(name), tensors)

    def restore(self, name: str) -> dict[str, Array] | None:
        return self._checkpoints.load(_checkpoint_key(name))


def _checkpoint_key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


class FrameWriter:
    """Measures, packs and stores finished frames on a thread of its own, so that the engine does not wait for the disk.

    A frame is announced when it is durable. The queue is short: at most `DEPTH` frames are in memory here.
    """

    DEPTH = 2

    def __init__(self, take: TakeWriter, sources: Sources, link: Link, clock: PhaseClock) -> None:
        self.written: set[int] = set()
        self._take = take
        self._sources = sources
        self._link = link
        self._clock = clock
        self._measure = Measure()
        self._queue: queue.Queue[tuple[EditedFrame, Any] | None] = queue.Queue(self.DEPTH)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="keyfollow-frames", daemon=True)

    def put(self, edited: EditedFrame) -> None:
        """Hand over a finished frame; raises what the writing of an earlier one raised."""
        if self._error is not None:
            raise self._error
        # the source is looked up here: frames are read from one thread only
        self._queue.put((edited, self._sources.frames[edited.frame]))

    def __enter__(self) -> FrameWriter:
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._queue.put(None)
        self._thread.join()
        if self._error is not None and kind is None:
            raise self._error

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            if self._error is None:
                try:
                    with self._clock.phase("writing"):
                        self._write(*item)
                except BaseException as e:
                    self._error = e

    def _write(self, edited: EditedFrame, source: Any) -> None:
        n = edited.frame
        measured = self._measure(n, edited.image, source, edited.confidence, edited.mask, edited.traced, reached=edited.reached)
        # whoever uploaded the frames has no file to lay tiles over: they come back whole
        base = source if self._sources.from_file else None
        self._take.write(n, deltas.pack(n, edited.image, base, edited.confidence, edited.certainty), measured)
        self.written.add(n)
        self._link.say({"kind": "frame", "frame": n})
