from __future__ import annotations

from dataclasses import replace

import numpy as np
from keyfollow_daemon.engines.patch.objects import REST, Motion
from keyfollow_daemon.engines.patch.outlined import Outlines
from keyfollow_daemon.engines.patch.pixels import Bools, Bytes, cv
from keyfollow_daemon.engines.patch.seen import Seen

SHAPE = (120, 180)
MOVED = 30


def area() -> Bytes:
    out = np.zeros(SHAPE, np.uint8)
    out[40:80, 30:70] = 1
    return out


def frame(left: int) -> Bytes:
    rng = np.random.default_rng(7)
    out: Bytes = cv.resize(rng.integers(0, 200, (40, 60, 3), dtype=np.uint8), SHAPE[::-1], interpolation=cv.INTER_CUBIC)
    out[40:80, left : left + 40] = cv.resize(
        rng.integers(0, 256, (20, 20, 3), dtype=np.uint8), (40, 40), interpolation=cv.INTER_CUBIC
    )
    out[:, 85:95] = rng.integers(0, 256, (SHAPE[0], 10, 3), dtype=np.uint8)
    return out


def unknown() -> Seen:
    """Nothing is known of the object and around it; the wall beyond stands still."""
    confidence = np.ones(SHAPE, np.float32)
    confidence[25:95, 45:125] = 0.0
    offset = np.zeros((*SHAPE, 2), np.float32)
    offset[25:95, 45:125] = (60.0, 30.0)
    still = np.zeros((*SHAPE, 2), np.float32)
    everywhere = np.ones(SHAPE, np.bool_)
    return Seen(offset, confidence, confidence, np.zeros_like(confidence), still, everywhere, ~everywhere)


def motion() -> Motion:
    step = np.eye(3)
    step[0, 2] = -MOVED
    return replace(REST, step=step, outline=step, pose=step, sought=True, sure=True)


def outlines(decals: Bools | None = None) -> Outlines:
    return Outlines([area()], np.zeros(SHAPE, np.bool_) if decals is None else decals)


def test_what_moves_with_an_object_in_its_outline_is_edited_and_what_stands_before_it_is_not() -> None:
    out = outlines().told(unknown(), [motion()], frame(60), frame(30))
    assert out.placed[44:76, 64:82].mean() > 0.9
    assert not out.placed[:, 87:93].any() and out.confidence[45:75, 87:93].mean() > 0.6
    assert not out.placed[:38].any() and not out.placed[82:].any()
    row, column = np.nonzero(out.placed)
    u, v = (np.stack([column, row], axis=1) + out.offset[row, column]).T
    assert area()[np.rint(v).astype(int), np.rint(u).astype(int)].all()


def test_no_drawing_is_taken_along() -> None:
    drawn = np.zeros(SHAPE, np.bool_)
    drawn[50:70, 40:60] = True
    out = outlines(drawn).told(unknown(), [motion()], frame(60), frame(30))
    row, column = np.nonzero(out.placed)
    u, v = (np.stack([column, row], axis=1) + out.offset[row, column]).T
    assert len(row) and not drawn[np.rint(v).astype(int), np.rint(u).astype(int)].any()


def test_nothing_is_told_of_what_was_not_found_or_is_narrow() -> None:
    seen = unknown()
    assert outlines().told(seen, [replace(motion(), sure=False)], frame(60), frame(30)) is seen
    assert outlines().told(seen, [replace(motion(), sought=False)], frame(60), frame(30)) is seen
    narrow = np.zeros(SHAPE, np.uint8)
    narrow[40:80, 30:40] = 1
    few = Outlines([narrow], np.zeros(SHAPE, np.bool_))
    assert few.told(seen, [motion()], frame(60), frame(30)) is seen
