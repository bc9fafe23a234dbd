"""Which frame to paint next: the one whose keyframe would mend most, not the worst one, which often is the last.

How far a keyframe helps is read off the run itself: the confidence that the present keyframes' edits have at each distance.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import groupby

import numpy as np
import numpy.typing as npt

from keyfollow_daemon.takes.report import FrameMeasure

Integers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

WORTH = 0.005
"""Least gain, in mean confidence over the frames of the run, that is worth painting for: of frames that one keyframe alone makes surer."""
CANDIDATES = 500
"""At most so many frames of a shot are compared, evenly spaced."""
USUAL_REACH = 40.0
"""Frames after which an edit is a third as sure, where the run does not tell."""


def suggested(records: Mapping[int, FrameMeasure], keyframes: Collection[int]) -> int | None:
    """The frame (None if no other keyframe is worth it) with the largest expected gain in confidence, added up over all frames.

    Args:
        records: by source frame.
        keyframes: source frames that are keyframes already.
    """
    frames = sorted(records)
    if not frames:
        return None
    decay = _decay(records, keyframes)
    best, most = None, 0.0
    # a new keyframe mends its own shot only
    for _, group in groupby(frames, lambda n: records[n].reached):
        shot = np.array(list(group))
        sure = np.array([records[int(n)].confidence for n in shot])
        candidates = shot[:: -(-len(shot) // CANDIDATES)]
        present = np.array(sorted(k for k in keyframes if shot[0] <= k <= shot[-1]))
        candidates = candidates[~np.isin(candidates, present)]
        if not len(candidates):
            continue
        gains, surer = _gains(candidates, shot, sure, decay, present)
        if surer.max() > WORTH * len(frames) and gains.max() > most:
            best, most = int(candidates[gains.argmax()]), float(gains.max())
    return best


def _gains(candidates: Integers, shot: Integers, sure: Reals, decay: Reals, keyframes: Integers) -> tuple[Reals, Reals]:
    """What a keyframe at each of the `candidates` gains in confidence, added up over the frames of a `shot`; and how much of that is frames
    that get surer by it alone.

    It has a say as far as the keyframes on either side of it. Between it and one of them both drive the frames: of two estimates mixed, each the
    heavier the surer, the doubts add up like resistors in parallel. Where there is no other keyframe on that side, it drives them alone,
    whatever is lost by that.
    """
    place = np.searchsorted(keyframes, candidates)
    bounds = np.concatenate([[-np.inf], keyframes, [np.inf]])
    before, after = bounds[place][:, None], bounds[place + 1][:, None]
    own = 1.0 - decay[np.minimum(np.abs(candidates[:, None] - shot), len(decay) - 1)]
    doubt = np.broadcast_to(1.0 - sure, own.shape)
    left = shot < candidates[:, None]
    shared = np.where(left, np.isfinite(before), np.isfinite(after))
    together = doubt * own / np.maximum(doubt + own, 1e-9)
    within = (shot > before) & (shot < after)
    gains = np.where(within, doubt - np.where(shared, together, own), 0.0)
    surer = np.where(within, np.maximum(doubt - own, 0.0), 0.0)
    return gains.sum(axis=1), surer.sum(axis=1)


def _decay(records: Mapping[int, FrameMeasure], keyframes: Collection[int]) -> Reals:
    """Confidence 0…1 to be expected at each distance from a keyframe, never rising."""
    at: dict[int, list[float]] = {0: [1.0]}
    for frame, record in records.items():
        if record.reached and keyframes:
            at.setdefault(min(abs(frame - k) for k in keyframes), []).append(record.confidence)
    reach = max(at)
    known = sorted(at)
    mean = np.interp(np.arange(reach + 1), known, [float(np.mean(at[d])) for d in known])
    falling = np.minimum.accumulate(mean)
    beyond = falling[-1] * np.exp(-np.arange(1, max(2, len(records))) / USUAL_REACH)
    out: Reals = np.concatenate([falling, beyond])
    return out
