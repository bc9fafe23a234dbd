"""What is left to be made in final quality: the shots of the timeline that have edit keyframes and no final that is up to date."""

from __future__ import annotations

from collections.abc import Iterator

from .ranges import shot, used
from .selection import Seen
from .state import Clip, Media, Project
from .work_edits import out_of_date


def left_to_make(project: Project) -> list[Seen]:
    """A place in each such shot of each clip that is seen, in the order of the timeline: a run that is started there makes it."""
    clips = [c for t in project.timeline.tracks if t.kind == "video" and not t.muted for c in t.clips]
    return [seen for clip in sorted(clips, key=lambda c: c.start) for seen in _of_clip(project, clip)]


def _of_clip(project: Project, clip: Clip) -> Iterator[Seen]:
    media, work = project.source(clip.media), project.work_of(clip.media)
    part = used(clip, media, project.timeline)
    for begin in (0, *work.cuts):
        here = shot(media, work.cuts, begin)
        start, stop = max(here.start, part.start), min(here.stop, part.stop)
        edited = [k.frame for k in work.keyframes if k.frame in here]
        if start < stop and edited and not _made(project, clip, media, start, stop):
            yield Seen(clip, min(max(edited[0], start), stop - 1))


def _made(project: Project, clip: Clip, media: Media, start: int, stop: int) -> bool:
    """Whether the clip shows a final of these frames that is up to date."""
    take = next((t for t in project.work_of(media.id).takes if t.id == clip.take), None)
    if take is None or take.quality != "final" or out_of_date(project, media.id, take):
        return False
    return take.start <= start and stop <= take.stop
