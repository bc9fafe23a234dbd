"""Which frame of its media a strip shows at a scene frame, worked out as Blender does. No bpy here.

Blender: `give_frame_index` in sequencer/intern/strip_time.cc, in single precision; movies show the nearest frame, image strips the one
begun. tests/blender compares this with what real Blenders render.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True, slots=True)
class Timing:
    """How a strip plays.

    Args:
        start: scene frame at which the content begins, hidden parts included.
        length: of the content, in scene frames.
        frames: of the media, less those cut off for good (`skipped` and at the end).
        skipped: frames of the media before the first that may be shown.
        rate: media frames per scene frame.
        retimed: scene frames at which the first and the last frame are shown, where the strip was retimed evenly.
        movie: round to the nearest frame, not down.
        reaches_end: a retimed strip's last key stands for the end of the last frame (5.0), not for its beginning (4.x).
        sticky: as long as the index does not reach the next whole number, the picture stays (5.0, whose cache holds one for each).
        left: first scene frame that is shown; matters to `sticky` only.
    """

    start: float
    length: int
    frames: int
    skipped: int = 0
    rate: float = 1.0
    reverse: bool = False
    strobe: float = 1.0
    retimed: tuple[float, float] | None = None
    movie: bool = True
    reaches_end: bool = False
    sticky: bool = False
    left: int = 0

    def frame_at(self, scene_frame: int) -> int:
        """Frame of the media, counted from 0."""
        index = self._index(scene_frame)
        if not self.movie:
            return self.skipped + int(index)
        while self.sticky and scene_frame > self.left:
            before = self._index(scene_frame - 1)
            if int(before) != int(index) or before == index:
                break
            scene_frame, index = scene_frame - 1, before
        return self.skipped + int(np.floor(index + np.float32(0.5)))

    def _index(self, scene_frame: int) -> np.float32:
        last = np.float32(self.frames - 1)
        begin, end = np.float32(self.start), np.float32(self.start + self.length - 1)
        index = end - np.float32(scene_frame) if self.reverse else np.float32(scene_frame) - begin
        index = np.float32(max(index, np.float32(0)) * np.float32(self.rate))
        if self.retimed is not None:
            span = np.float32(max(self.retimed[1] - self.retimed[0], 1.0))
            index = np.float32(index / span * (np.float32(self.frames) if self.reaches_end else last))
        index = np.float32(np.clip(index, np.float32(0), last))
        if self.strobe > 1:
            index = np.float32(index - np.fmod(index, np.float32(self.strobe)))
        return index


def playback_rate(frames: int, length: int, clip_fps: float, scene_fps: float) -> float:
    """Media frames per scene frame: 1, or the rates' ratio where Blender adapts the speed, which shows only in the length."""
    ratio = float(np.float32(clip_fps) / np.float32(scene_fps))
    return ratio if abs(round(frames / ratio) - length) < abs(frames - length) else 1.0


def begun(pts: tuple[int, ...], time_base: tuple[int, int], fps: float, index: int) -> int:
    """The frame that Blender shows where it counts frame `index` of a movie whose rate varies: the last that has begun by then.

    Blender: `ffmpeg_get_pts_to_search` and `ffmpeg_frame_by_pts_get` in imbuf/movie/intern/movie_read.cc.

    Args:
        pts: when each frame begins, in `time_base` seconds from the first.
        fps: the movie's rate as Blender takes it.
    """
    target = round(index * time_base[1] / (fps * time_base[0]))
    return max(0, bisect_right(pts, target) - 1)


def is_plain(frames: list[int]) -> bool:
    """Does each scene frame show the next frame of the media?"""
    return all(b - a == 1 for a, b in pairwise(frames))
