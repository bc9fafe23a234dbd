"""Between record frames and source frames, and which source frames a run covers."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from math import ceil, floor

from keyfollow.errors import UsageError
from keyfollow.frames import FrameRange

from .state import Clip, Media, Project, Timeline

HANDLES = 12
"""Frames on either side of the used part that a run covers by default, so that a later trim needs no new run."""


def source_frame(clip: Clip, media: Media, timeline: Timeline, record: int) -> int:
    """The source frame that `clip` shows at record frame `record`; the nearest one where the source has none.

    A source of another rate is sampled: a record frame shows what the source shows at that moment.
    """
    return min(max(floor(source_position(clip, media, timeline, record)), 0), media.frames - 1)


def source_position(clip: Clip, media: Media, timeline: Timeline, record: int) -> Fraction:
    """The moment of the source, in source frames, at which record frame `record` begins."""
    return clip.source_start + (record - clip.start) * media.fps / timeline.fps


def record_frame(clip: Clip, media: Media, timeline: Timeline, source: int) -> int | None:
    """The first record frame on which `clip` shows source frame `source` or a later one; None outside the clip."""
    first = clip.start + ceil((source - clip.source_start) * timeline.fps / media.fps)
    return first if clip.start <= first < clip.stop else None


def used(clip: Clip, media: Media, timeline: Timeline) -> FrameRange:
    """The source frames that `clip` shows."""
    return FrameRange(
        source_frame(clip, media, timeline, clip.start), source_frame(clip, media, timeline, max(clip.start, clip.stop - 1)) + 1
    )


def record_length(media: Media, timeline: Timeline, frames: int | Fraction | None = None) -> int:
    """Record frames that `frames` source frames (all of them without) fill; at least one."""
    return max(1, ceil((media.frames if frames is None else frames) * timeline.fps / media.fps))


def shot(media: Media, cuts: tuple[int, ...], frame: int) -> FrameRange:
    """The shot of source frame `frame`: from the cut before it to the next one."""
    edges = (0, *cuts, media.frames)
    n = bisect_right(edges, min(max(frame, 0), media.frames - 1)) - 1
    return FrameRange(edges[n], edges[n + 1])


def run_range(project: Project, clip: Clip, frame: int, handles: int = HANDLES) -> FrameRange:
    """The source frames that a run started on `clip`, with the playhead on source frame `frame`, covers.

    The used part plus handles, cut by in and out where they are set, inside the shot of `frame` and inside the source.

    Raises:
        UsageError: ``empty_range`` when in and out leave nothing of the clip, or the playhead stands in a shot that it does not use.
    """
    media, timeline = project.source(clip.media), project.timeline
    part = used(clip, media, timeline)
    start, stop = part.start - handles, part.stop + handles
    if timeline.marked is not None:
        first, last = max(timeline.marked[0], clip.start), min(timeline.marked[1], clip.stop)
        if first >= last:
            raise UsageError("empty_range", "In and out leave nothing of this clip.", "Move in or out, or remove them.")
        start, stop = source_frame(clip, media, timeline, first), source_frame(clip, media, timeline, last - 1) + 1
    here = shot(media, project.work_of(clip.media).cuts, frame)
    start, stop = max(start, here.start), min(stop, here.stop)
    if start >= stop:
        raise UsageError(
            "empty_range",
            "This clip shows nothing of the shot at the playhead.",
            "Go to a frame inside the clip, then run again.",
        )
    return FrameRange(start, stop)
