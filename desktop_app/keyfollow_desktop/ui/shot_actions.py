"""What a person does with shots: split a clip where they begin, mark one by hand, carry a look into one; and extend a take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyfollow.errors import UsageError
from keyfollow.media.fit import fit_keyframe
from PySide6.QtCore import QObject

from ..model import assets, timeline_edits, work_edits
from ..model.ranges import record_frame, shot, used
from ..model.state import Keyframe, Project
from .frame_pictures import read_picture, seen_frame
from .look import copied_look
from .shots import Shots

if TYPE_CHECKING:
    from .window import Window


class ShotActions(QObject):
    """Owns the search for shots; what it finds is offered, never done by itself."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._w = window
        self.shots = Shots(self)
        self.shots.found.connect(self._offer)

    def _offer(self, media: str, cuts: tuple[int, ...]) -> None:
        project = self._w.document.project
        if media in project.media and not project.work_of(media).cuts:
            self._w.notice.show_notice(
                self.tr("{0} shots found in {1}.").format(len(cuts) + 1, project.media[media].name),
                self.tr("Split"),
                lambda: self.split(media, cuts),
                code="shots_found",
                other=self.tr("Keep whole"),
            )

    def split(self, media: str, cuts: tuple[int, ...]) -> None:
        """Mark the shots of a source, and split its clips where they begin."""
        self._w.document.edit(self.tr("Split into shots"), lambda p: split_at(p, media, cuts))

    def toggle(self) -> None:
        """Begin a shot at the frame under the playhead, or no longer."""
        document = self._w.document
        seen = document.seen()
        if seen is None or seen.frame == 0:
            self._w.statusBar().showMessage(self.tr("A shot begins after the first frame of a clip."), 5000)
            return
        old = set(document.project.work_of(seen.clip.media).cuts)
        label = self.tr("Join shots") if seen.frame in old else self.tr("Begin a shot")
        document.edit(label, lambda p: work_edits.set_cuts(p, seen.clip.media, old ^ {seen.frame}))

    def copy_look(self) -> None:
        """Start a keyframe here with the colours of the nearest keyframe of another shot."""
        document, folder = self._w.document, self._w.document.folder
        seen = document.seen()
        if seen is None:
            return
        project = document.project
        media = project.source(seen.clip.media)
        work = project.work_of(media.id)
        here = shot(media, work.cuts, seen.frame)
        others = [k for k in work.keyframes if k.frame not in here]
        if not others or len(others) < len(work.keyframes):
            text = self.tr("This shot has an edit keyframe already.") if others or work.keyframes else ""
            self._w.statusBar().showMessage(text or self.tr("There is no keyframe in another shot to copy from."), 5000)
            return
        nearest = min(others, key=lambda k: abs(k.frame - seen.frame))

        def make() -> str:
            from keyfollow.media.encode_image import encode_image  # imports FFmpeg, which the window's start must not wait for

            source, onto = seen_frame(media, nearest.frame, ""), seen_frame(media, seen.frame, "")
            edited = fit_keyframe(read_picture(assets.picture(folder, "keyframes", nearest.image)), source)
            pixels = copied_look(source, edited, onto).pixels
            suffix = ".exr" if pixels.dtype.kind == "f" else ".png"
            return assets.adopt_bytes(folder, "keyframes", encode_image(suffix, pixels), suffix)

        def done(name: str) -> None:
            if document.folder == folder and media.id in document.project.media:
                keyframe = Keyframe(seen.frame, name)
                if document.edit(self.tr("Copy look"), lambda p: work_edits.copy_look(p, media.id, keyframe)):
                    self._w.commands.keyframe_adopted(media.id, seen.frame)

        self._w.background.run(make, done, self._w.commands.show_error)

    def extend_take(self) -> None:
        """Make the take that is shown anew for all that its clip shows, at its own quality."""
        document = self._w.document
        seen = document.seen()
        take = None
        if seen is not None:
            media = document.project.source(seen.clip.media)
            takes = document.project.work_of(media.id).takes
            take = next((t for t in takes if t.id == seen.clip.take), None)
        if seen is None or take is None:
            self._w.commands.show_error(
                UsageError("no_take_here", "The clip under the playhead shows no take.", "Press Enter for a draft.")
            )
            return
        shown = used(seen.clip, media, document.project.timeline)
        if take.start <= shown.start and shown.stop <= take.stop:
            self._w.statusBar().showMessage(self.tr("The take covers all that the clip shows."), 5000)
            return
        self._w.runs.start(take.quality)


def split_at(project: Project, media: str, cuts: tuple[int, ...]) -> Project:
    """Shots of a source marked, its clips split where they begin. Raises UsageError ``track_locked``, ``frame_out_of_range``."""
    project = work_edits.set_cuts(project, media, cuts)
    for cut in cuts:
        clips = [c for t in project.timeline.tracks for c in t.clips if c.media == media]
        for clip in clips:
            at = record_frame(clip, project.source(media), project.timeline, cut)
            if at is not None and at > clip.start:
                project = timeline_edits.split(project, at, {clip.id})
    return project
