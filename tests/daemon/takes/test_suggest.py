from __future__ import annotations

import numpy as np
from keyfollow_daemon.takes.report import FrameMeasure
from keyfollow_daemon.takes.suggest import suggested


def run(confidence: dict[int, float], cut: int = 10**9) -> dict[int, FrameMeasure]:
    return {n: FrameMeasure(0.1, None, 0, c, reached=n < cut) for n, c in confidence.items()}


def fading(count: int, reach: float) -> dict[int, float]:
    return {n: float(np.exp(-n / reach)) for n in range(count)}


def test_it_is_not_simply_the_last_frame() -> None:
    best = suggested(run(fading(60, 20.0)), [0])
    assert best is not None and 25 <= best <= 50


def test_one_bad_frame_does_not_outweigh_many() -> None:
    confidence = dict.fromkeys(range(100), 1.0)
    confidence[10] = 0.0
    confidence.update(dict.fromkeys(range(60, 100), 0.3))
    best = suggested(run(confidence), [0])
    assert best is not None and best >= 60


def test_a_run_that_is_sure_throughout_and_gets_less_so_wants_one_late() -> None:
    best = suggested(run({n: 1.0 - 0.06 * n / 47 for n in range(48)}), [0])
    assert best is not None and 24 <= best <= 44


def test_a_sure_run_needs_none_and_keyframes_are_not_suggested() -> None:
    assert suggested(run(dict.fromkeys(range(40), 0.97)), [0]) is None
    assert suggested({}, []) is None
    assert suggested(run({0: 0.1, 1: 0.1}), [0, 1]) is None


def test_a_shot_without_a_keyframe_wants_one_inside() -> None:
    sure = dict.fromkeys(range(30), 0.95) | dict.fromkeys(range(30, 60), 0.0)
    best = suggested(run(sure, cut=30), [0])
    assert best is not None and best >= 30


def test_long_runs_are_quick() -> None:
    best = suggested(run({n: 0.9 if n < 10_000 else 0.1 for n in range(20_000)}), [0])
    assert best is not None and best >= 10_000


def test_frames_that_two_keyframes_drive_count_for_more_than_those_of_one() -> None:
    """Doubt that grows evenly: chosen for each frame, the better of two would want two thirds of the way; mixed, they want three quarters."""
    best = suggested(run({n: 1.0 - 0.3 * n / 120 for n in range(121)}), [0])
    assert best is not None and 87 <= best <= 93


def test_the_wider_of_two_gaps_wants_the_next_one_in_its_middle() -> None:
    doubt = {n: 0.01 * min(abs(n - k) for k in (0, 30, 100)) for n in range(101)}
    best = suggested(run({n: 1.0 - d for n, d in doubt.items()}), [0, 30, 100])
    assert best is not None and 60 <= best <= 70
