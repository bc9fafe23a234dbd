"""Jobs as this Blender follows them: sent, watched, their pictures fetched as frames are finished, the result inserted.

A job's id and plan are kept with its strip, so that a loaded .blend finds its job again; what is only of the moment is here. A job
belongs to its strip, not to a step of the undo history: undoing something else meanwhile does not lose it.
"""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from keyfollow import session, wire
from keyfollow.engine_info import Job
from keyfollow.errors import Cancelled, KeyfollowError
from keyfollow.errors import from_plain as error_from_plain
from keyfollow.plain import to_plain

from . import app, compat, folders, requests, results, sources, state
from .plan import Plan, file_name, pack, unpack

IN_FLIGHT = 3
"""Pictures asked for at a time: the daemon makes one while another is copied."""
PREVIEW_S = 3.0
"""A preview stays for so long: Blender needs a while to load it, and shows nothing meanwhile."""


class Run:
    """One job and what this Blender does about it.

    Args:
        place: the scene's and the strip's name, by which the strip is found should an undo have taken its id away.
    """

    def __init__(self, job: str, plan: Plan, uid: str, place: tuple[str, str]) -> None:
        self.job = job
        self.plan = plan
        self.uid = uid
        self.place = place
        self.phase = "Sending"
        self.shown: Job | None = None
        self.folder: Path | None = None
        self.fetched: set[int] = set()
        self.latest: Path | None = None
        """The picture fetched last, or a little before: the preview."""
        self._next_preview = 0.0
        self._needed = set(plan.needed)
        self._finished: deque[int] = deque()
        self._asked = 0
        self._stream: int | None = None

    # --- the job --------------------------------------------------------------------------------------------------------------

    def submit(self, strip: Any) -> None:
        """Upload the pictures, then queue the job. Raises `UsageError` ``cannot_read``."""
        pictures = requests.Pictures()
        request = requests.build(strip, self.plan, pictures)
        label = f"Blender: {strip.name}"
        waiting = set(pictures.files)

        def put(sha256: str) -> None:
            waiting.discard(sha256)
            if not waiting and self.job in runs:
                app.bridge.ask(wire.Submit(self.job, request, label), self._follow, self.fail)

        if not waiting:
            waiting.add("")
            put("")
        for sha256, path in list(pictures.files.items()):
            size = path.stat().st_size
            app.bridge.upload(sha256, size, _reader(path), put, self.fail)

    def attach(self) -> None:
        """Follow a job that is there already."""
        self.phase = "Looking for the job"
        app.bridge.ask(wire.JobAction(self.job, "get"), self._follow, self.fail)

    def act(self, action: Literal["cancel", "pause", "resume"]) -> None:
        if self.shown is None and action == "cancel":  # it was never sent
            self.fail(Cancelled())
            return
        app.bridge.ask(wire.JobAction(self.job, action), lambda answer: self._show(answer.job), self._complain)

    def _follow(self, answer: wire.JobIs) -> None:
        if self.job not in runs:
            return
        take = answer.job.take or self.job
        found = self.strip()
        self.folder = folders.take(found[1].name if found else self.place[1], take)
        there = folders.names(self.folder)
        self.fetched = {n for n in self._needed if file_name(n, self.plan.suffix) in there}
        self._show(answer.job)
        # in the source's order, because then the daemon decodes straight on instead of seeking for each picture
        self._stream = app.bridge.follow(self.job, "source", self._event)

    def _event(self, event: session.Event) -> None:
        match event:
            case session.JobEvent(_, job):
                if job is not None:
                    self._show(job)
            case session.FrameEvent(stream, frame):
                if frame in self._needed and frame not in self.fetched:
                    self._finished.append(frame)
                    self._fetch()
                else:
                    app.bridge.more(stream)
            case session.StreamEnd(_, None):
                app.bridge.ask(wire.JobAction(self.job, "get"), self._ended, self.fail)
            case session.StreamEnd(_, error) | session.Failed(_, error):
                if error is not None:
                    self.fail(error)
            case _:
                pass

    def _show(self, job: Job) -> None:
        self.shown = job
        self.phase = {"queued": "Waiting", "paused": "Paused", "done": "Fetching"}.get(
            job.state, job.progress.phase if job.progress else "Working"
        )
        compat.redraw()

    def _ended(self, answer: wire.JobIs) -> None:
        self._show(answer.job)
        if answer.job.state == "cancelled":
            self.fail(Cancelled())
        elif answer.job.failure is not None:
            self.fail(error_from_plain(to_plain(answer.job.failure)))

    # --- its pictures -----------------------------------------------------------------------------------------------------------

    def _fetch(self) -> None:
        while self._finished and self._asked < IN_FLIGHT and self.shown is not None:
            ask = wire.PictureAsk(
                self.plan.clip, self._finished.popleft(), self.shown.take or "", _FORMS[self.plan.suffix], self.plan.show
            )
            self._asked += 1
            app.bridge.ask(ask, self._picture, self.fail)

    def _picture(self, answer: wire.PictureIs) -> None:
        self._asked -= 1
        if self.job not in runs or self.folder is None:
            with suppress(OSError):
                Path(answer.path).unlink()
            return
        target = self.folder / file_name(answer.frame, self.plan.suffix)
        try:
            folders.bring(Path(answer.path), target)
        except KeyfollowError as e:
            self.fail(e)
            return
        self.fetched.add(answer.frame)
        if time.monotonic() >= self._next_preview:
            self.latest, self._next_preview = target, time.monotonic() + PREVIEW_S
        compat.redraw()
        if self._stream is not None:
            app.bridge.more(self._stream)
        self._fetch()

    def finish(self) -> bool:
        """Insert the result if all of it is here; False while it is not."""
        if self.shown is None or self.shown.state != "done" or self.folder is None or len(self.fetched) < len(self._needed):
            return False
        found = self.strip()
        self._leave()
        if found is None:
            return True
        try:
            results.insert(*found, self.plan, self.folder, self.shown.take or "", self.plan.baked)
        except KeyfollowError as e:
            state.tell(found, e)
        return True

    # --- its end ------------------------------------------------------------------------------------------------------------------

    def fail(self, error: KeyfollowError) -> None:
        """Stop following, and say why where the person looks."""
        if self.job not in runs:
            return
        found = self.strip()
        self._leave(handled=not _passing(error))
        if found is not None and not _passing(error):
            found[1].keyfollow.job = ""
        if not isinstance(error, Cancelled):
            state.tell(found, error)
        compat.redraw()

    def _complain(self, error: KeyfollowError) -> None:
        state.tell(self.strip(), error)

    def _leave(self, handled: bool = True) -> None:
        if self._stream is not None:
            app.bridge.unfollow(self.job, self._stream)
        runs.pop(self.job, None)
        if handled:
            ended.add(self.job)

    def strip(self) -> tuple[Any, Any] | None:
        """The scene and the strip that this is for; None when it was removed."""
        found = state.with_job(self.job) or state.with_uid(self.uid)
        if found is None:
            there = [
                (scene, s) for scene, s in compat.every_strip() if (scene.name, s.name) == self.place and not s.keyfollow.of
            ]
            found = there[0] if there else None
        return found

    def remember(self) -> None:
        """Write into the strip what an undo may have taken away."""
        found = self.strip()
        if found is not None:
            kept = found[1].keyfollow
            if (kept.uid, kept.job) != (self.uid, self.job):
                kept.uid, kept.job, kept.plan = self.uid, self.job, pack(self.plan)


runs: dict[str, Run] = {}
"""By job; what is under way."""
preparing: set[str] = set()
"""Strips, by uid, whose source is being made ready for a run: the daemon may have to be started first."""
ended: set[str] = set()
"""Jobs that are over and done with here: an undo that brings such an id back brings back no job."""
_FORMS: dict[str, Literal["png", "tiff", "exr"]] = {".tif": "tiff", ".png": "png", ".exr": "exr"}


def start(scene: Any, strip: Any, quality: str, failed: Callable[[KeyfollowError], None]) -> None:
    """Propagate: make the strip's source ready, then submit a job for it."""
    kept = strip.keyfollow
    kept.error = kept.remedy = ""
    uid = state.identify(strip)
    preparing.add(uid)

    def refused(error: KeyfollowError) -> None:
        preparing.discard(uid)
        failed(error)

    def go(ready: sources.Ready) -> None:
        if uid not in preparing:  # cancelled, or another .blend was loaded meanwhile
            return
        preparing.discard(uid)
        found = state.with_uid(uid)
        if found is None:
            failed(sources.gone())
            return
        scene, strip = found
        job = uuid.uuid4().hex
        try:
            run = runs[job] = Run(job, requests.plan(scene, strip, ready, quality), uid, (scene.name, strip.name))
            run.submit(strip)
        except KeyfollowError as e:
            runs.pop(job, None)
            failed(e)
            return
        run.remember()
        compat.redraw()

    sources.prepare(scene, strip, go, refused)


def busy(strip: Any) -> bool:
    """Does a run of this strip go on, or is it about to?"""
    return of_strip(strip) is not None or strip.keyfollow.uid in preparing


def of_strip(strip: Any) -> Run | None:
    return runs.get(strip.keyfollow.job)


def step() -> bool:
    """The timer's turn: insert what is complete. True when something changed."""
    finished = [run.finish() for run in list(runs.values())]
    return any(finished)


def resume() -> None:
    """Find the jobs of all strips again: after a load, an undo, or a daemon that was gone."""
    for run in list(runs.values()):
        run.remember()
    for scene, strip in compat.every_strip():
        kept = strip.keyfollow
        if not kept.job or kept.job in runs:
            continue
        plan = unpack(kept.plan)
        if kept.job in ended or plan is None:
            kept.job = ""
            continue
        run = runs[kept.job] = Run(kept.job, plan, kept.uid, (scene.name, strip.name))
        run.attach()


def forget() -> None:
    """Another .blend comes: nothing of this one is followed any more. The jobs go on in the daemon."""
    for run in list(runs.values()):
        run._leave(handled=False)
    ended.clear()
    preparing.clear()


def eta(run: Run) -> float | None:
    progress = run.shown.progress if run.shown else None
    return progress.eta_s if progress else None


def share(run: Run) -> float:
    """0…1 of the phase that the run is in."""
    if run.shown is not None and run.shown.state == "done":
        return len(run.fetched) / max(1, len(run.plan.needed))
    progress = run.shown.progress if run.shown else None
    return progress.done / progress.total if progress and progress.total else 0.0


def _passing(error: KeyfollowError) -> bool:
    """A daemon that cannot be reached now: the job is still there."""
    return error.code in {
        "daemon_failed", "daemon_slow", "daemon_keeps_dying", "daemon_not_installed", "daemon_stopped", "wrong_protocol",
    }  # fmt: skip


def _reader(path: Path) -> session.Read:
    def read(offset: int, size: int) -> bytes:
        try:
            with path.open("rb") as file:
                file.seek(offset)
                return file.read(size)
        except OSError:
            return b""  # the session tells it as an upload that became shorter

    return read


def register() -> None:
    app.work["runs"] = step
    app.bridge.opened.append(resume)


def unregister() -> None:
    forget()
    app.work.pop("runs", None)
