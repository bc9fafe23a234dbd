"""Where things are on the timeline: pixels and frames, rows and tracks. No painting, no widget."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from ..model.state import Clip, Project, Track
from ..model.timeline_edits import clip_at

HEAD = 72
"""Width of the track names."""
RULER = 26
KEYS, STRIP, LANES = 24, 72, 20
AUDIO = 36
GAP = 6
HANDLE = 10
"""Width and height of the handle of a shot's boundary, above the clip."""
NARROW = 3
"""Pixels that a clip takes at least."""
EDGE = 6
"""Pixels of a clip's side that trim it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A track as it is shown; `top` counts from below the ruler, scrolled by nothing."""

    track: Track
    top: int
    height: int

    @property
    def strip_top(self) -> int:
        return self.top + (KEYS if self.track.kind == "video" else 0)

    @property
    def strip_height(self) -> int:
        return STRIP if self.track.kind == "video" else AUDIO


@dataclass(frozen=True, slots=True)
class Hit:
    """A clip under the mouse, and which part of it."""

    track: Track
    clip: Clip
    part: Literal["body", "start", "stop"]


def rows(project: Project) -> list[Row]:
    """The tracks from top to bottom: video with the topmost picture first, then sound. An empty timeline shows none."""
    shown = project.timeline.tracks if project.timeline.length else ()
    made: list[Row] = []
    top = GAP
    for track in [*reversed([t for t in shown if t.kind == "video"]), *(t for t in shown if t.kind == "audio")]:
        height = KEYS + STRIP + LANES if track.kind == "video" else AUDIO
        made.append(Row(track, top, height))
        top += height + GAP
    return made


@dataclass(frozen=True, slots=True)
class Scale:
    """`pixels` of the screen per record frame; `left` is the frame at the left edge of what is shown."""

    pixels: float = 4.0
    left: float = 0.0

    def x(self, frame: float) -> float:
        return HEAD + (frame - self.left) * self.pixels

    def frame(self, x: float) -> int:
        """The frame under a point."""
        return max(0, int((x - HEAD) / self.pixels + self.left))

    def edge(self, x: float) -> int:
        """The boundary between frames that is nearest to a point."""
        return max(0, round((x - HEAD) / self.pixels + self.left))

    def zoomed(self, factor: float, at: float, least: float) -> Scale:
        """Zoomed around point `at`, the frame there held in place."""
        pixels = min(max(self.pixels * factor, least), 40.0)
        held = (at - HEAD) / self.pixels + self.left
        return Scale(pixels, max(0.0, held - (at - HEAD) / pixels))

    def fitted(self, length: int, width: int) -> Scale:
        """All of the timeline in `width` pixels of widget, with a little room."""
        return Scale(min(40.0, max(1e-4, (width - HEAD - 24) / max(1, length))), 0.0)

    def shown(self, track: Track, width: int) -> list[Clip]:
        """The clips of a track that lie inside the widget; of more than can be told apart, one for every `NARROW` pixels: quick for ten thousand."""
        first = bisect_right(track.clips, self.left, key=lambda c: c.stop)
        last = bisect_left(track.clips, self.left + (width - HEAD) / self.pixels, key=lambda c: c.start)
        if last - first <= width // NARROW:
            return list(track.clips[first:last])
        found = []
        while first < last:
            found.append(track.clips[first])
            # what ends within the next pixels would be drawn over it
            beyond = track.clips[first].stop + NARROW / self.pixels
            first = bisect_right(track.clips, beyond, lo=first + 1, key=lambda c: c.stop)
        return found

    def hit(self, row: Row, x: float) -> Hit | None:
        """What is at `x` on a row. Edges are taken from both sides, so that short clips can be trimmed too."""
        reach = EDGE / self.pixels
        at = (x - HEAD) / self.pixels + self.left
        clip = clip_at(row.track, int(at)) if at >= 0 else None
        if clip is None:
            return None
        reach = min(reach, clip.length / 4)
        if at - clip.start < reach:
            return Hit(row.track, clip, "start")
        if clip.stop - at < reach:
            return Hit(row.track, clip, "stop")
        return Hit(row.track, clip, "body")

    def tick(self, fps: Fraction, room: int = 96) -> int:
        """Frames between the ruler's numbers, at least `room` pixels apart."""
        second = max(1, round(fps))
        steps = [*(s for s in (1, 2, 5, 10) if s < second), *(second * s for s in (1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600))]
        return next((s for s in steps if s * self.pixels >= room), steps[-1])
