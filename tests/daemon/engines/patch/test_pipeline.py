from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial

import cv2
import pytest
from keyfollow_daemon.engines.patch.pipeline import LARGE, MOST, Pipeline, later


@pytest.fixture(autouse=True)
def threads() -> Iterator[Callable[[int], None]]:
    """Sets how many threads OpenCV has; three, unless told otherwise."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    yield cv2.setNumThreads
    cv2.setNumThreads(before)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("pixels", [100, LARGE])
def test_results_come_in_order(threads: Callable[[int], None], count: int, pixels: int) -> None:
    threads(count)
    with Pipeline(pixels) as pipeline:
        assert list(pipeline.results(partial(pow, n, 2) for n in range(20))) == [n * n for n in range(20)]
        assert pipeline.begin(lambda: 7)() == 7


def test_the_next_step_is_prepared_while_one_is_under_way() -> None:
    free = threading.Event()

    def steps() -> Iterator[Callable[[], bool]]:
        yield lambda: free.wait(60)
        free.set()  # never reached were the first one waited for
        yield lambda: True

    with Pipeline(100) as pipeline:
        assert list(pipeline.results(steps())) == [True, True]


def test_what_is_ready_is_not_held_back() -> None:
    prepared = []

    def steps() -> Iterator[Callable[[], int]]:
        for n in range(10):
            prepared.append(n)
            yield partial(abs, n)

    with Pipeline(100) as pipeline:
        for n in pipeline.results(steps()):
            assert len(prepared) <= n + 1 + MOST


def test_steps_are_prepared_on_the_callers_thread_and_done_on_others() -> None:
    def steps() -> Iterator[Callable[[], bool]]:
        for _ in range(3):
            assert threading.current_thread() is here
            yield lambda: threading.current_thread() is here

    here = threading.current_thread()
    with Pipeline(100) as pipeline:
        assert not any(pipeline.results(steps()))
    with Pipeline(LARGE) as pipeline:
        assert all(pipeline.results(steps())), "two large pictures at once would take too much memory"


def test_opencvs_loops_have_one_thread_each_meanwhile_unless_pictures_are_large() -> None:
    with Pipeline(100):
        assert cv2.getNumThreads() == 1
    with Pipeline(LARGE):
        assert cv2.getNumThreads() == 3
    assert cv2.getNumThreads() == 3


def test_an_error_comes_where_the_result_would_and_nothing_is_left_running() -> None:
    def failing() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"), Pipeline(100) as pipeline:
        results = pipeline.results(iter([lambda: 1, failing, lambda: 3]))
        assert next(results) == 1
        next(results)
    assert cv2.getNumThreads() == 3
    assert not [t for t in threading.enumerate() if t.name.startswith("keyfollow-frames")]


def test_without_a_pipeline_a_step_is_done_when_it_is_asked_for() -> None:
    done: list[int] = []
    step = later(lambda: done.append(1))
    assert not done
    step()
    assert done == [1]
