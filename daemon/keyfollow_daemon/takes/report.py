"""What a run did, measured on the frames themselves: no engine's word is taken for what it left untouched."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from keyfollow.engine_info import Report
from keyfollow.errors import JobError
from keyfollow.frames import FrameBuffer

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FrameMeasure:
    """One edited frame against its decoded source.

    Args:
        changed_share: part of the pixels that differ in any channel, 0…1.
        changed_outside_mask: number of them where the person's mask is 0; None without a mask.
        stray_pixels: the largest connected area of changed pixels that does not touch the traced mask; 0 without one.
        confidence: the engine's own, 0…1.
        reached: whether any keyframe has a say; not so beyond a cut.
    """

    changed_share: float
    changed_outside_mask: int | None
    stray_pixels: int
    confidence: float
    reached: bool = True


class Measure:
    """Measures frames of one run; keeps its scratch arrays between them. Not for several threads at once."""

    def __init__(self) -> None:
        self._differs = np.empty(0, bool)

    def __call__(
        self,
        frame: int,
        edited: FrameBuffer,
        source: FrameBuffer,
        confidence: float,
        mask: npt.NDArray[np.float32] | None = None,
        traced: Bools | None = None,
        *,
        reached: bool = True,
    ) -> FrameMeasure:
        """Compare an edited frame with its source, bit for bit.

        Args:
            mask: ``(h, w)`` 0…1, the person's; where it is 0 nothing may change.
            traced: ``(h, w)``; the automatic mask as traced back to the keyframes.

        Raises:
            JobError: ``bad_result`` when the sizes or types do not agree.
        """
        size = source.pixels.shape[:2]
        if (
            edited.pixels.shape != source.pixels.shape
            or edited.pixels.dtype != source.pixels.dtype
            or any(m is not None and m.shape != size for m in (mask, traced))
        ):
            raise JobError(
                "bad_result",
                f"The engine returned frame {frame} as {edited.pixels.shape} {edited.pixels.dtype}, "
                f"the source is {source.pixels.shape} {source.pixels.dtype}.",
                "This is a fault of the engine; please report it.",
            )
        changed = self._changed(_raw(edited.pixels), _raw(source.pixels))
        outside = None if mask is None else int(np.count_nonzero(changed & (mask == 0)))
        stray = 0 if traced is None else largest_stray(changed, traced)
        # a NaN compares false: not sure at all
        sure = min(float(confidence), 1.0) if confidence > 0 else 0.0
        return FrameMeasure(np.count_nonzero(changed) / changed.size, outside, stray, sure, reached)

    def _changed(self, edited: npt.NDArray[Any], source: npt.NDArray[Any]) -> Bools:
        if self._differs.shape != edited.shape:
            self._differs = np.empty(edited.shape, bool)
        differs = np.not_equal(edited, source, out=self._differs)
        # four times as fast as any(axis=2), whose inner loop is three long
        changed: Bools = differs[..., 0] | differs[..., 1]
        for channel in range(2, differs.shape[2]):
            changed |= differs[..., channel]
        return changed


def _raw(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Half floats as their bits: NaN equals itself, and 0 is not -0."""
    return pixels.view(np.uint16) if pixels.dtype == np.float16 else pixels


def largest_stray(changed: Bools, traced: Bools) -> int:
    """Pixels in the largest 8-connected component of `changed` that neither holds nor adjoins a pixel of `traced`. Both ``(h, w)``."""
    candidates = changed & ~traced
    rows, columns = (np.flatnonzero(candidates.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return 0
    import cv2  # the daemon's own process reads reports and never measures

    # one pixel around them shows whatever adjoins
    box = np.s_[max(0, rows[0] - 1) : rows[-1] + 2, max(0, columns[0] - 1) : columns[-1] + 2]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(candidates[box].view(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    near = cv2.dilate(traced[box].astype(np.uint8), np.ones((3, 3), np.uint8)).view(bool)
    areas[labels[near]] = 0
    areas[0] = 0
    return int(areas.max())


def summarise(
    records: Mapping[int, FrameMeasure],
    *,
    seconds: Mapping[str, float],
    cache_hits: int,
    cache_misses: int,
    cache: str | None,
    has_mask: bool,
    suggestion: int | None = None,
) -> Report:
    """The report over all frames of a take.

    Args:
        records: by source frame.
        seconds: wall-clock time by phase.
        cache: the announced handle, if any.
        has_mask: whether a person's mask says where the edit may go.
        suggestion: the frame to paint next.
    """
    frames = sorted(records)
    share = math.fsum(records[n].changed_share for n in frames) / max(1, len(frames))
    outside = [count for n in frames if (count := records[n].changed_outside_mask) is not None]
    measured = has_mask and len(outside) == len(frames)
    stray = max(frames, key=lambda n: records[n].stray_pixels, default=None)
    if stray is not None and records[stray].stray_pixels == 0:
        stray = None
    stray_pixels = 0 if stray is None else records[stray].stray_pixels
    if measured:
        summary = f"Protected: {sum(outside)} px changed."
        if frames and share == 0:
            summary += " Nothing else changed either: the mask lets nothing of the edit through."
    elif has_mask:
        summary = f"Protected: at least {sum(outside)} px changed; {len(frames) - len(outside)} frames came without their mask."
    else:
        area = "no stray area" if stray is None else f"largest stray area in frame {stray} ({stray_pixels} px)"
        summary = f"Automatic mask: {_percent(share)} of the frame changed; {area}."
    if beyond := [n for n in frames if not records[n].reached]:
        summary += f" Left as they are, since no keyframe lies in their shot: frames {_ranges(beyond)}."
    return Report(
        frames=len(frames),
        seconds=dict(seconds),
        cache_hits=cache_hits,
        cache_misses=cache_misses,
        cache=cache,
        automatic_mask=not has_mask,
        changed_share=share,
        changed_outside_mask=sum(outside) if measured else None,
        stray_pixels=stray_pixels,
        stray_frame=stray,
        confidence={str(n): records[n].confidence for n in frames},
        suggested_keyframe=suggestion,
        summary=summary,
    )


def _percent(share: float) -> str:
    percent = 100 * share
    if 0 < percent < 0.1:
        return "less than 0.1 %"
    return f"{percent:.0f} %" if percent >= 9.95 or percent == 0 else f"{percent:.1f} %"


def _ranges(frames: Sequence[int]) -> str:
    """Ascending numbers as a person writes them: ``3, 7-12``."""
    held = set(frames)
    starts, ends = [n for n in frames if n - 1 not in held], [n for n in frames if n + 1 not in held]
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True))
