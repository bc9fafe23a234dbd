"""Which frame to paint next: the one whose keyframe would mend most, not the worst one, which often is the last.

How far a keyframe helps is read off the run itself: the confidence that the present keyframes' edits have at each distance.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import groupby

import numpy as np

from keyfollow_daemon.takes.report import FrameMeasure

WORTH = 0.01
"""Least gain, in mean confidence over the frames of the run, that is worth painting for."""
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
    best, most = None, WORTH * len(frames)
    # a new keyframe mends its own shot only
    for _, group in groupby(frames, lambda n: records[n].reached):
        shot = np.array(list(group))
        sure = np.array([records[int(n)].confidence for n in shot])
        candidates = shot[:: -(-len(shot) // CANDIDATES)]
        distance = np.abs(candidates[:, None] - shot)
        gains = np.maximum(decay[np.minimum(distance, len(decay) - 1)] - sure, 0.0).sum(axis=1)
        gains[np.isin(candidates, list(keyframes))] = 0.0
        if gains.max() > most:
            best, most = int(candidates[gains.argmax()]), float(gains.max())
    return best


def _decay(records: Mapping[int, FrameMeasure], keyframes: Collection[int]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
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
    out: np.ndarray[tuple[int], np.dtype[np.float64]] = np.concatenate([falling, beyond])
    return out
