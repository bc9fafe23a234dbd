from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from keyfollow_daemon.engines.patch.pixels import evened
from keyfollow_daemon.engines.patch.search import search


def torn(picture: Any) -> tuple[Any, ...]:
    """The picture moved 9 px right, with a strip whose track is lost: frame, keyframe, offsets, lost, known, error before."""
    frame = evened(np.ascontiguousarray(np.roll(picture, 9, axis=1)))
    offset = np.zeros((*frame.shape, 2), np.float32)
    offset[..., 0] = -9.0
    lost = np.zeros(frame.shape, np.bool_)
    lost[40:100, 80:110] = True
    offset[lost] = (20.0, 5.0)
    return frame, evened(picture), offset, lost, ~lost, np.full(frame.shape, 2000.0, np.float32)


def test_what_is_lost_is_found_from_what_is_known_around_it(picture: Any) -> None:
    frame, key, offset, lost, known, before = torn(picture)
    healed, found = search(frame, key, offset, lost, known, before)
    assert found[lost].mean() > 0.6 and not found[~lost].any()
    assert np.abs(healed[found] - (-9.0, 0.0)).max() < 1.5
    assert (healed[~found] == offset[~found]).all()


def test_what_the_keyframe_never_showed_is_not_found(picture: Any) -> None:
    frame, key, offset, lost, known, before = torn(picture)
    frame[lost] = evened(np.random.default_rng(3).integers(0, 256, (*frame.shape, 3), dtype=np.uint8))[lost]
    _, found = search(frame, key, offset, lost, known, before)
    assert found[lost].mean() < 0.02


def test_a_flat_place_is_never_taken_for_found(picture: Any) -> None:
    frame, key, offset, lost, known, before = torn(picture)
    frame[:], key[:] = 128, 128
    _, found = search(frame, key, offset, lost, known, before)
    assert not found.any()


def test_nothing_lost_nothing_changes(picture: Any) -> None:
    frame, key, offset, lost, known, before = torn(picture)
    same, found = search(frame, key, offset, lost & False, known, before)
    assert same is offset and not found.any()


def test_the_number_of_threads_does_not_matter(picture: Any) -> None:
    threads = cv2.getNumThreads()
    try:
        results = []
        for count in (1, 4):
            cv2.setNumThreads(count)
            results.append(search(*torn(picture))[0].tobytes())
    finally:
        cv2.setNumThreads(threads)
    assert results[0] == results[1]
