"""Changes of what a person did to a source: keyframes, masks, retouches, takes, settings, shots. All in source frames.

Each function takes a `Project` and returns the next. Pictures are named, not held: put them in place with `assets.adopt` first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

from keyfollow.edits import Quality
from keyfollow.errors import UsageError
from keyfollow.frames import FrameRange
from keyfollow.plain import to_plain

from . import timeline_edits
from .ranges import shot, source_frame
from .state import Keyframe, Mask, Media, Project, Retouch, Settings, TakeRef, Work

DRAFTS = 5
"""How many drafts of a source are kept; finals are never replaced."""

Pictured = TypeVar("Pictured", bound=Keyframe | Retouch)


def add_media(project: Project, media: Media) -> Project:
    """Put a source into the bin. Raises UsageError ``media_there`` when the same file is in it."""
    for other in project.media.values():
        if other.digest == media.digest and other.path == media.path:
            raise UsageError("media_there", f"{media.name} is in the bin already.", "Drag it from there to the timeline.")
    return replace(project, media={**project.media, media.id: media})


def remove_media(project: Project, media: str) -> Project:
    """Take a source out of the bin, with its clips and what was done to it. Raises UsageError ``no_such_media``, ``track_locked``."""
    project.source(media)
    clips = [c.id for t in project.timeline.tracks for c in t.clips if c.media == media]
    project = timeline_edits.remove(project, clips)
    return replace(
        project,
        media={k: v for k, v in project.media.items() if k != media},
        work={k: v for k, v in project.work.items() if k != media},
    )


def set_keyframe(project: Project, media: str, keyframe: Keyframe) -> Project:
    """Set the edited picture of a source frame, in place of an earlier one. Raises UsageError ``frame_out_of_range``."""
    _check_frame(project, media, keyframe.frame)
    work = project.work_of(media)
    return _work(project, media, replace(work, keyframes=_by_frame(work.keyframes, keyframe)))


def remove_keyframe(project: Project, media: str, frame: int) -> Project:
    work = project.work_of(media)
    return _work(project, media, replace(work, keyframes=tuple(k for k in work.keyframes if k.frame != frame)))


def set_retouch(project: Project, media: str, retouch: Retouch) -> Project:
    """Fix one frame without propagating. Raises UsageError ``frame_out_of_range``."""
    _check_frame(project, media, retouch.frame)
    work = project.work_of(media)
    return _work(project, media, replace(work, retouches=_by_frame(work.retouches, retouch)))


def remove_retouch(project: Project, media: str, frame: int) -> Project:
    work = project.work_of(media)
    return _work(project, media, replace(work, retouches=tuple(r for r in work.retouches if r.frame != frame)))


def set_mask(project: Project, media: str, mask: Mask) -> Project:
    """Add a mask, or replace the one of the same id.

    Raises:
        UsageError: ``frame_out_of_range``, or ``bad_mask`` when it has neither or both of a picture and a video.
    """
    if bool(mask.image) == bool(mask.video) or (mask.image != "" and mask.frame is None):
        raise UsageError("bad_mask", "A mask is either a picture of one frame or a video.", "Choose one of them.")
    if mask.frame is not None:
        _check_frame(project, media, mask.frame)
    work = project.work_of(media)
    masks = tuple(mask if m.id == mask.id else m for m in work.masks)
    return _work(project, media, replace(work, masks=masks if mask in masks else (*masks, mask)))


def remove_mask(project: Project, media: str, mask: str) -> Project:
    work = project.work_of(media)
    return _work(project, media, replace(work, masks=tuple(m for m in work.masks if m.id != mask)))


def set_settings(project: Project, media: str, settings: Settings) -> Project:
    return _work(project, media, replace(project.work_of(media), settings=settings))


def set_cuts(project: Project, media: str, cuts: Iterable[int]) -> Project:
    """Say where the shots of a source begin. Raises UsageError ``frame_out_of_range``."""
    found = tuple(sorted({*cuts} - {0}))
    for cut in found:
        _check_frame(project, media, cut)
    return _work(project, media, replace(project.work_of(media), cuts=found))


def move_cut(project: Project, media: str, old: int, new: int) -> Project:
    """Let a shot begin at another source frame, between its neighbours'. Where two clips of the source meet at the cut, the edit rolls along.

    Raises:
        UsageError: ``no_such_cut``; ``track_locked``.
    """
    cuts = project.work_of(media).cuts
    if old not in cuts:
        raise UsageError("no_such_cut", "There is no shot boundary here.", "Begin a shot at the playhead instead.")
    edges = (0, *cuts, project.source(media).frames)
    at = edges.index(old)
    new = min(max(new, edges[at - 1] + 1), edges[at + 1] - 1)
    if new == old:
        return project
    for track in project.timeline.tracks:
        for left, right in pairwise(track.clips):
            if left.media == right.media == media and left.stop == right.start:
                there = source_frame(right, project.source(media), project.timeline, right.start)
                if there == old:
                    project = timeline_edits.roll(project, left.id, right.id, new - old)
    return set_cuts(project, media, {*cuts} - {old} | {new})


def set_view(project: Project, media: str, view: str) -> Project:
    """Choose how a source is shown. Raises UsageError ``no_such_media``."""
    return replace(project, media={**project.media, media: replace(project.source(media), view=view)})


def set_reel(project: Project, media: str, reel: str) -> Project:
    """Name a source's reel, as other editors shall know it. Raises UsageError ``no_such_media``."""
    return replace(project, media={**project.media, media: replace(project.source(media), reel=reel.strip()[:64])})


def copy_look(project: Project, media: str, keyframe: Keyframe) -> Project:
    """Start a keyframe in a shot that has none: *Copy look to this shot*. Raises UsageError ``shot_has_keyframe``."""
    work = project.work_of(media)
    here = shot(project.source(media), work.cuts, keyframe.frame)
    if any(here.start <= k.frame < here.stop for k in work.keyframes):
        raise UsageError("shot_has_keyframe", "This shot has an edit keyframe already.", "Edit that one, or remove it first.")
    return set_keyframe(project, media, keyframe)


# --- takes -------------------------------------------------------------------------------------------------------------------


def add_take(
    project: Project, media: str, take: str, *, quality: Quality, engine: str, frames: FrameRange, inputs: str, created: float
) -> Project:
    """Note a take that a run of this source makes. Beyond `DRAFTS` the oldest drafts without star or pin go; finals stay.

    `inputs` is `inputs_of` the project that the run was started from, so that a keyframe painted meanwhile counts.
    """
    project.source(media)
    work = project.work_of(media)
    made = TakeRef(take, work.versions + 1, quality, engine, frames.start, frames.stop, inputs, created)
    takes = [t for t in work.takes if t.id != take] + [made]
    rolling = [t for t in takes if t.quality == "draft" and not (t.star or t.pin)]
    gone = {t.id for t in rolling[: max(0, len(rolling) - DRAFTS)]} - {take}
    project = _work(
        project, media, replace(work, takes=tuple(t for t in takes if t.id not in gone), versions=work.versions + 1)
    )
    return _leave(project, gone)


def set_take(
    project: Project,
    media: str,
    take: str,
    *,
    name: str | None = None,
    note: str | None = None,
    star: bool | None = None,
    pin: bool | None = None,
) -> Project:
    """Name, note, star or pin a take. Raises UsageError ``no_such_take``."""
    work = project.work_of(media)
    old = find_take(work, take)
    new = replace(
        old,
        name=old.name if name is None else name,
        note=old.note if note is None else note,
        star=old.star if star is None else star,
        pin=old.pin if pin is None else pin,
    )
    return _work(project, media, replace(work, takes=tuple(new if t is old else t for t in work.takes)))


def remove_take(project: Project, media: str, take: str) -> Project:
    """Forget a take; the clips that showed it show the source. Raises UsageError ``no_such_take``."""
    work = project.work_of(media)
    gone = find_take(work, take)
    return _leave(_work(project, media, replace(work, takes=tuple(t for t in work.takes if t is not gone))), {take})


def find_take(work: Work, take: str) -> TakeRef:
    """Raises UsageError ``no_such_take``."""
    for candidate in work.takes:
        if candidate.id == take:
            return candidate
    raise UsageError("no_such_take", "That take is no longer in the project.", "Choose another one.")


def inputs_of(work: Work, media: Media, frames: FrameRange) -> str:
    """A digest of all that decides a run over `frames`: the shot's keyframes, the masks, the settings.

    A keyframe of another shot does not touch this one, so it changes nothing here.
    """
    here = shot(media, work.cuts, frames.start)
    keyframes = [k for k in work.keyframes if here.start <= k.frame < here.stop]
    # what the editor's own file is called changes no pixel
    said = [[(k.frame, k.image) for k in keyframes], to_plain(work.masks), to_plain(work.settings)]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def out_of_date(project: Project, media: str, take: TakeRef) -> bool:
    """Whether a run started now over the same frames would be given other keyframes, masks or settings."""
    return take.inputs != inputs_of(project.work_of(media), project.source(media), FrameRange(take.start, take.stop))


# --- parts -------------------------------------------------------------------------------------------------------------------


def _check_frame(project: Project, media: str, frame: int) -> None:
    source = project.source(media)
    if not 0 <= frame < source.frames:
        raise UsageError(
            "frame_out_of_range", f"{source.name} has no frame {frame}.", f"It has {source.frames} frames, counted from 0."
        )


def _by_frame(pictures: Sequence[Pictured], new: Pictured) -> tuple[Pictured, ...]:
    return tuple(sorted([*(p for p in pictures if p.frame != new.frame), new], key=lambda p: p.frame))


def _leave(project: Project, takes: set[str]) -> Project:
    """Clips that show one of `takes` show their source again."""
    clips = [c.id for t in project.timeline.tracks for c in t.clips if c.take in takes] if takes else []
    return timeline_edits.show_take(project, clips, "")


def _work(project: Project, media: str, work: Work) -> Project:
    project.source(media)
    return replace(project, work={**project.work, media: work})
