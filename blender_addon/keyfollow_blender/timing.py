"""Which frame of its media a strip shows at a scene frame, worked out as Blender does. No bpy here.

Blender: `give_frame_index` in sequencer/intern/strip_time.cc, in single precision; movies show the nearest frame, image strips the one
begun. tests/blender compares this with what real Blenders render.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
        return self.frames_at(scene_frame, scene_frame + 1)[0]

    def frames_at(self, start: int, stop: int) -> list[int]:
        """`frame_at` of every scene frame from `start` to before `stop`."""
        first = min(start, self.left) if self.sticky else start
        index = self._index(np.arange(first, stop))
        if not self.movie:
            shown = np.trunc(index)
        else:
            if self.sticky:
                # the picture changes where the index reaches another whole number, and where it does not move at all
                changes = np.ones(len(index), bool)
                changes[1:] = (np.trunc(index[1:]) != np.trunc(index[:-1])) | (index[1:] == index[:-1])
                changes[: self.left - first + 1] = True
                index = index[np.maximum.accumulate(np.where(changes, np.arange(len(index)), 0))]
            shown = np.floor(index + np.float32(0.5))
        frames: list[int] = (shown[start - first :].astype(int) + self.skipped).tolist()
        return frames

    def _index(self, scene_frames: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Blender's own index for each scene frame, in its own precision."""
        one = np.float32
        at, last = scene_frames.astype(one), one(self.frames - 1)
        index = one(self.start + self.length - 1) - at if self.reverse else at - one(self.start)
        index = np.maximum(index, one(0)) * one(self.rate)
        if self.retimed is not None:
            index = index / one(max(self.retimed[1] - self.retimed[0], 1.0)) * (one(self.frames) if self.reaches_end else last)
        index = np.clip(index, one(0), last)
        if self.strobe > 1:
            index = index - np.fmod(index, one(self.strobe))
        return np.asarray(index)


def playback_rate(frames: int, length: int, clip_fps: float, scene_fps: float) -> float:
    """Media frames per scene frame: 1, or the rates' ratio where Blender adapts the speed, which shows only in the length."""
    ratio = float(np.float32(clip_fps) / np.float32(scene_fps))
    return ratio if abs(round(frames / ratio) - length) < abs(frames - length) else 1.0


def begun(pts: tuple[int, ...], time_base: tuple[int, int], fps: float, counted: list[int]) -> list[int]:
    """The frames that Blender shows where it counts those of `counted` in a movie whose rate varies: the last begun by then.

    Blender: `ffmpeg_get_pts_to_search` and `ffmpeg_frame_by_pts_get` in imbuf/movie/intern/movie_read.cc.

    Args:
        pts: when each frame begins, in `time_base` seconds from the first.
        fps: the movie's rate as Blender takes it.
    """
    targets = np.rint(np.asarray(counted) * (time_base[1] / (fps * time_base[0])))
    found: list[int] = np.maximum(np.searchsorted(np.asarray(pts), targets, "right") - 1, 0).tolist()
    return found


def is_plain(frames: Sequence[int]) -> bool:
    """Does each scene frame show the next frame of the media?"""
    return tuple(frames) == tuple(range(frames[0], frames[0] + len(frames)))
