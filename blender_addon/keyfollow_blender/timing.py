"""Which frame of its media a strip shows at a scene frame, worked out as Blender does. No bpy here.

Blender: `give_frame_index` in sequencer/intern/strip_time.cc, in single precision; movies show the nearest frame, image strips the one
begun. tests/blender compares this with what real Blenders render.
"""

from __future__ import annotations

from dataclasses import dataclass

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

    def frame_at(self, scene_frame: float) -> int:
        """Frame of the media, counted from 0."""
        last = np.float32(self.frames - 1)
        begin, end = np.float32(self.start), np.float32(self.start + self.length - 1)
        index = end - np.float32(scene_frame) if self.reverse else np.float32(scene_frame) - begin
        index = max(index, np.float32(0)) * np.float32(self.rate)
        if self.retimed is not None:
            span = np.float32(self.retimed[1] - self.retimed[0]) * np.float32(self.rate)
            index = index / max(span, np.float32(1)) * last
        index = np.clip(index, np.float32(0), last)
        if self.strobe > 1:
            index -= np.float32(np.fmod(float(index), float(self.strobe)))
        return self.skipped + int(np.floor(index + np.float32(0.5) if self.movie else index))


def playback_rate(frames: int, length: int, clip_fps: float, scene_fps: float) -> float:
    """Media frames per scene frame: 1, or the rates' ratio where Blender adapts the speed, which shows only in the length."""
    ratio = float(np.float32(clip_fps) / np.float32(scene_fps))
    return ratio if abs(round(frames / ratio) - length) < abs(frames - length) else 1.0


def is_plain(frames: list[int]) -> bool:
    """Does each scene frame show the next frame of the media?"""
    return all(b - a == 1 for a, b in zip(frames, frames[1:], strict=False))
