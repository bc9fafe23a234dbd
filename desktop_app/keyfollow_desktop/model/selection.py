"""Where the person is: selected clips and the playhead; and where they can go from there. Not part of what undo changes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .ranges import record_frame, source_frame
from .state import Clip, Project
from .timeline_edits import clip_at


@dataclass(frozen=True, slots=True)
class Place:
    """`clips` are the ids of the selected clips; `playhead` is a record frame."""

    playhead: int = 0
    clips: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Seen:
    """What is under the playhead: the clip, and the frame of its source."""

    clip: Clip
    frame: int


def seen(project: Project, record: int) -> Seen | None:
    """What the viewer shows at a record frame: the topmost clip of the video tracks that are not muted."""
    for track in reversed(project.timeline.tracks):
        if track.kind == "video" and not track.muted and (clip := clip_at(track, record)) is not None:
            return Seen(clip, source_frame(clip, project.source(clip.media), project.timeline, record))
    return None


@dataclass(frozen=True, slots=True)
class Fading:
    """What a clip comes out of; `share` (0…1, between both) is how much of the clip itself is seen."""

    under: Seen
    share: float


def fading(project: Project, record: int) -> Fading | None:
    """The dissolve that the viewer shows at a record frame: the clip before goes on beyond its end, its last frame where the source ends."""
    for track in reversed(project.timeline.tracks):
        if track.kind == "video" and not track.muted and (clip := clip_at(track, record)) is not None:
            before = clip_at(track, clip.start - 1) if record < clip.start + clip.dissolve else None
            if before is None:
                return None
            frame = source_frame(before, project.source(before.media), project.timeline, record)
            return Fading(Seen(before, frame), (record - clip.start + 1) / (clip.dissolve + 1))
    return None


def stops(project: Project) -> list[int]:
    """Every record frame worth stopping at: edges of clips, markers, edit keyframes, in and out; ascending, each once."""
    timeline = project.timeline
    found = {0, timeline.length, *(timeline.marked or ()), *(m.frame for m in timeline.markers)}
    for track in timeline.tracks:
        for clip in track.clips:
            found |= {clip.start, clip.stop}
            media = project.source(clip.media)
            for keyframe in project.work_of(clip.media).keyframes:
                at = record_frame(clip, media, timeline, keyframe.frame)
                if at is not None:
                    found.add(at)
    return sorted(found)


def next_stop(project: Project, record: int) -> int:
    """The next edge or keyframe after `record`; `record` itself where there is none."""
    return next((s for s in stops(project) if s > record), record)


def previous_stop(project: Project, record: int) -> int:
    """The edge or keyframe before `record`; `record` itself where there is none."""
    return next((s for s in reversed(stops(project)) if s < record), record)


def still_there(project: Project, place: Place) -> Place:
    """`place` without the clips that an undo or a delete took away."""
    there = {c.id for t in project.timeline.tracks for c in t.clips}
    return replace(place, clips=place.clips & there)
