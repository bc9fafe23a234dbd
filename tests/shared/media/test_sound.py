from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from keyfollow.errors import MediaError
from keyfollow.media.sound import audio_frame, converted, cut, encoder, named_layout, peaks

RATE = 1000
DATA = np.stack([np.arange(1, 5001), -np.arange(1, 5001)], 1).astype(np.int16)


def frames(
    size: int = 128, base: Fraction = Fraction(1, RATE), first: int = 0, skip: tuple[int, int] = (0, 0)
) -> Iterator[av.AudioFrame]:
    for start in range(0, len(DATA), size):
        if skip[0] <= start < skip[1]:
            continue
        frame = audio_frame(DATA[start : start + size], "stereo", RATE, 0)
        frame.pts, frame.time_base = round((start + first) * Fraction(1, RATE) / base), base
        yield frame


def taken(*args: Any) -> npt.NDArray[Any]:
    return np.concatenate(list(cut(*args)))


def test_a_span_is_cut_at_the_nearest_sample() -> None:
    assert np.array_equal(taken(frames(), Fraction(1, 3), Fraction(7, 3)), DATA[333:2333])
    assert np.array_equal(taken(frames(), Fraction(0), None), DATA)


def test_rounded_time_stamps_do_not_tear_the_sound() -> None:
    assert np.array_equal(taken(frames(77, Fraction(1, 60)), Fraction(1), Fraction(4)), DATA[1000:4000])


def test_what_is_not_there_is_silence() -> None:
    late = taken(frames(first=500), Fraction(0), Fraction(1))
    assert not late[:500].any() and np.array_equal(late[500:], DATA[:500])
    gap = taken(frames(100, skip=(300, 500)), Fraction(0), Fraction(1))
    assert not gap[300:500].any() and np.array_equal(gap[500:], DATA[500:1000])


def test_a_source_that_ends_early_ends_the_sound() -> None:
    assert np.array_equal(taken(frames(), Fraction(4), Fraction(60)), DATA[4000:])
    assert not list(cut(frames(), Fraction(60), Fraction(61)))


def test_absurd_time_stamps_are_refused() -> None:
    with pytest.raises(MediaError):
        taken(frames(first=1 << 40), Fraction(0), None)


@pytest.mark.parametrize(
    ("muxer", "kind", "expected"),
    [
        ("mp4", "int16", ("alac", "int16")),
        ("mp4", "float32", ("alac", "int32")),
        ("mov", "int16", ("pcm_s16le", "int16")),
        ("mov", "float32", ("pcm_f32le", "float32")),
        ("matroska", "int16", ("flac", "int16")),
        ("matroska", "int32", ("pcm_s32le", "int32")),
    ],
)
def test_each_container_has_its_lossless_codec(muxer: str, kind: str, expected: tuple[str, str]) -> None:
    assert encoder(muxer, kind) == expected


def test_conversion_is_exact_or_to_the_nearest_of_24_bits() -> None:
    assert converted(np.array([[0, 128, 255]], np.uint8), "int16").tolist() == [[-32768, 0, 32512]]
    floats = np.array([[0.5, -1.0, 1.0, 2.0]], np.float32)
    assert (converted(floats, "int32") >> 8).tolist() == [[1 << 22, -(1 << 23), (1 << 23) - 1, (1 << 23) - 1]]


def test_unnamed_layouts_get_a_name() -> None:
    assert named_layout("2 channels", 2) == "stereo"
    assert named_layout("5.1", 6) == "5.1"


@pytest.mark.parametrize("size", [7, 100, 5000])
def test_peaks_do_not_depend_on_how_the_sound_comes(size: int) -> None:
    parts = (DATA[n : n + size].astype(np.float32) for n in range(0, 4990, size))
    given = np.concatenate([DATA[n : n + size] for n in range(0, 4990, size)])
    found = np.concatenate(list(peaks(parts, 40, together=10)))
    assert (found[:, 0] == np.abs(given[: len(given) // 40 * 40, 0]).reshape(-1, 40).max(axis=1)).all()
    assert list(peaks(iter(()), 40)) == []
