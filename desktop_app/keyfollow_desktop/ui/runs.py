"""From *Draft* or *Final* to a take on the clip: what a run is given, and what becomes of it in the project."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyfollow.edits import Quality
from keyfollow.engine_info import Estimate, Report
from keyfollow.errors import KeyfollowError, UsageError
from keyfollow.frames import FrameRange
from PySide6.QtCore import QObject, Signal

from ..bridge import Bridge, active, was_cancelled
from ..model import assets, timeline_edits, work_edits
from ..model.overnight import left_to_make
from ..model.ranges import run_range, shot
from ..model.selection import Seen
from ..model.state import Keyframe, Media, Project
from .document import Document
from .masks import for_run
from .take_store import TakeStore

if TYPE_CHECKING:
    from keyfollow.client import Client
    from keyfollow.run import Run

PREVIEW = "patch"
LONG_S = 600.0
"""Finals that will take longer are asked about first."""


class Runs(QObject):
    """Starts runs of the clip under the playhead and keeps the project true to them.

    Signals: `failed` with the error of a run; `began` with a take's id; `finished` with a take's id and its `Report`;
    `long_final` with an Estimate and a function that starts it after all; `tried` with media id and frame when a prompt made a keyframe.
    """

    failed = Signal(object)
    began = Signal(str)
    finished = Signal(str, object)
    long_final = Signal(object, object)
    tried = Signal(str, int)

    def __init__(self, document: Document, bridge: Bridge, takes: TakeStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._bridge, self._takes = document, bridge, takes
        bridge.take_placed.connect(takes.place)
        bridge.frame_done.connect(takes.frame)
        bridge.run_ended.connect(self._on_ended)
        bridge.state_changed.connect(lambda state, error: self.follow_again())

    def request(
        self, quality: Quality, engine_needs_keyframe: bool = True, seen: Seen | None = None
    ) -> tuple[Seen, Media, FrameRange, dict[str, Any]]:
        """What the SDK's `propagate` and `estimate` take for the clip under the playhead, or for `seen`, beside its path.

        Raises:
            UsageError: ``no_clip_here``, ``no_keyframe``, ``empty_range``.
            MediaError: ``picture_gone``.
        """
        project, folder = self._document.project, self._document.folder
        seen = seen or self._document.seen()
        if seen is None:
            raise UsageError("no_clip_here", "There is no clip under the playhead.", "Move the playhead onto a clip.")
        media, work = project.source(seen.clip.media), project.work_of(seen.clip.media)
        frames = run_range(project, seen.clip, seen.frame)
        here = shot(media, work.cuts, seen.frame)
        keyframes = {k.frame: assets.picture(folder, "keyframes", k.image) for k in work.keyframes if k.frame in here}
        if not keyframes and engine_needs_keyframe:
            raise UsageError(
                "no_keyframe",
                "Nothing is edited yet, so there is nothing to follow.",
                "Press E to edit the frame under the playhead.",
            )
        settings = work.settings
        edit: dict[str, Any] = {
            "keyframes": keyframes,
            "range": frames,
            "engine": settings.engine,
            "settings": dict(settings.values),
            "prompt": settings.prompt,
            "source_prompt": settings.source_prompt,
            "model": settings.model,
            "seed": settings.seed,
            "quality": quality,
            "rate": media.given_rate,
        }
        if quality == "draft" and keyframes and self.previews(settings.engine):
            # a model's own draft would take minutes: where the edit goes, Patch shows in seconds
            edit |= {"engine": PREVIEW, "settings": {}, "prompt": "", "source_prompt": "", "model": None, "seed": 0}
        return seen, media, frames, edit

    def previews(self, engine: str) -> bool:
        """Whether Patch makes the drafts of an engine: of all that draw with a model."""
        info = self._bridge.engines.get(engine)
        return info is not None and info.needs_weights

    def _masks(self, media: Media) -> Callable[[], dict[str, Any]]:
        """The masks as a run takes them, to be made on another thread."""
        folder, masks = self._document.folder, self._document.project.work_of(media.id).masks
        return lambda: for_run(folder, masks)

    def estimate(
        self, quality: Quality, done: Callable[[Estimate], object], failed: Callable[[KeyfollowError], object]
    ) -> None:
        """What a run would cost; what is not possible comes to `failed`."""
        try:
            _, media, _, edit = self.request(quality, self._needs_keyframe())
        except KeyfollowError as e:
            failed(e)
            return
        masks = self._masks(media)
        self._bridge.call(lambda client: client.estimate(media.path, **edit, **masks()), done, failed)

    def prepare(self) -> None:
        """An edit of the frame under the playhead has begun: let the daemon get ready for its draft."""
        seen = self._document.seen()
        if seen is None:
            return
        project = self._document.project
        media, settings = project.source(seen.clip.media), project.work_of(seen.clip.media).settings
        engine, values = settings.engine, dict(settings.values)
        if self.previews(engine):
            engine, values = PREVIEW, {}
        try:
            frames = run_range(project, seen.clip, seen.frame)
        except UsageError:  # the draft itself will say so
            return

        def prepare(client: Client) -> None:
            rate = media.given_rate
            client.prepare(media.path, near=seen.frame, engine=engine, settings=values, range=frames, rate=rate)

        self._bridge.call(prepare, lambda _: None, lambda _: None)

    def _needs_keyframe(self, seen: Seen | None = None) -> bool:
        seen = seen or self._document.seen()
        engine = self._document.project.work_of(seen.clip.media).settings.engine if seen else "patch"
        info = self._bridge.engines.get(engine)
        return info is None or info.needs_keyframe

    def start_all(self) -> int:
        """Queue a final of every edited shot that has none; how many."""
        places = left_to_make(self._document.project)
        for seen in places:
            self.start("final", asked=True, seen=seen)
        return len(places)

    def start(self, quality: Quality, *, asked: bool = False, seen: Seen | None = None) -> None:
        """Run the clip under the playhead, or the one of `seen`. A final that takes long is offered by `long_final` first."""
        try:
            seen, media, frames, edit = self.request(quality, self._needs_keyframe(seen), seen)
        except KeyfollowError as e:
            self.failed.emit(e)
            return
        masks = self._masks(media)
        if quality == "final" and not asked:

            def answer(estimate: Estimate) -> None:
                if estimate.seconds > LONG_S:
                    self.long_final.emit(estimate, lambda: self.start(quality, asked=True))
                else:
                    self.start(quality, asked=True)

            self._bridge.call(lambda client: client.estimate(media.path, **edit, **masks()), answer, self.failed.emit)
            return
        inputs = work_edits.inputs_of(self._document.project.work_of(media.id), media, frames)
        label = f"{media.name} ({quality})"

        def submit(client: Client) -> Run:
            return client.propagate(media.path, label=label, near=seen.frame, **edit, **masks())

        def submitted(run: Run) -> None:
            self._add(run, seen, media, frames, quality, edit["engine"], inputs)

        self._bridge.call(submit, submitted, self.failed.emit)

    def _add(self, run: Run, seen: Seen, media: Media, frames: FrameRange, quality: Quality, engine: str, inputs: str) -> None:
        def change(project: Project) -> Project:
            project = work_edits.add_take(
                project, media.id, run.take, quality=quality, engine=engine, frames=frames, inputs=inputs, created=time.time()
            )
            there = {c.id for t in project.timeline.tracks for c in t.clips}
            return timeline_edits.show_take(project, {seen.clip.id} & there, run.take)

        if self._document.edit(self.tr("Draft") if quality == "draft" else self.tr("Final"), change):
            self._bridge.follow(run.id)
            self.began.emit(run.take)

    def try_here(self) -> None:
        """An edit keyframe for the frame under the playhead, made by the engine from the prompt alone."""
        try:
            seen, media, _, edit = self.request("final", engine_needs_keyframe=False)
            if not edit["prompt"].strip():
                raise UsageError("no_prompt", "There is nothing to try: the prompt is empty.", "Say what the result shows.")
        except KeyfollowError as e:
            self.failed.emit(e)
            return
        folder, frame = self._document.folder, seen.frame
        edit |= {"keyframes": {}, "range": FrameRange(frame, frame + 1)}

        def make(client: Client) -> str:
            from keyfollow.media.encode_image import encode_image  # imports FFmpeg, which the window's start must not wait for
            from keyfollow.run import EditedFrame

            run = client.propagate(media.path, label=f"{media.name}, frame {frame}", **edit)
            for found in run.events():
                if isinstance(found, EditedFrame):
                    pixels = found.image.pixels
                    suffix = ".exr" if pixels.dtype.kind == "f" else ".png"
                    return assets.adopt_bytes(folder, "keyframes", encode_image(suffix, pixels), suffix)
            raise UsageError("no_edit", "The engine gave no picture.", "Look into the queue for its reason.")

        def made(name: str) -> None:
            if self._document.folder == folder and media.id in self._document.project.media:
                keyframe = Keyframe(frame, name)
                self._document.edit(self.tr("Try on this frame"), lambda p: work_edits.set_keyframe(p, media.id, keyframe))
                self.tried.emit(media.id, frame)

        self._bridge.call(make, made, self._on_try_failed)

    def _on_try_failed(self, error: KeyfollowError) -> None:
        if not was_cancelled(error):
            self.failed.emit(error)

    def follow_again(self) -> None:
        """Takes of this project whose jobs are still running (from before a restart) are followed."""
        ours = {t.id for w in self._document.project.work.values() for t in w.takes}
        for job in active(self._bridge.jobs):
            if job.take in ours:
                self._bridge.follow(job.id)

    def stop_draft(self) -> bool:
        """Cancel the draft that is shown, if one is being made; whether there was one."""
        seen = self._document.seen()
        for job in active(self._bridge.jobs):
            if seen is not None and job.take == seen.clip.take and job.quality == "draft":
                self._bridge.call(lambda client, id=job.id: client.jobs.cancel(id), lambda _: None, self.failed.emit)  # type: ignore[misc]
                return True
        return False

    def _on_ended(self, take: str, report: Report | None, error: KeyfollowError | None) -> None:
        if error is not None:
            if not was_cancelled(error):
                self.failed.emit(error)
            return
        if report is None or not self._ours(take):
            return
        self._takes.report(take, report)
        folder = self._document.folder

        def claimed(where: Path) -> None:
            if self._document.folder == folder:
                self._takes.place(take, where)

        self._bridge.call(lambda client: client.takes.claim(take, folder / "takes"), claimed, self.failed.emit)
        self.finished.emit(take, report)

    def _ours(self, take: str) -> bool:
        return any(t.id == take for w in self._document.project.work.values() for t in w.takes)
