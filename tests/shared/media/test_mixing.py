from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keyfollow.errors import MediaError, StorageError, UsageError
from keyfollow.media.mixing import MIXED, Piece, mix, read_peaks, read_sound
from keyfollow_testkit.clips import moving_patch, write_clip

SECOND = Fraction(1)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second with a tone."""
    return write_clip(tmp_path_factory.mktemp("sound") / "clip.mov", moving_patch(12), tone=True)


def test_a_span_of_a_source_as_stereo_at_48_khz(clip: Path) -> None:
    whole = np.concatenate(list(read_sound(clip, Fraction(0), SECOND / 2)))
    assert whole.shape == (24_000, 2) and 0.05 < np.abs(whole).max() <= 1
    part = np.concatenate(list(read_sound(clip, SECOND / 8, SECOND / 4)))
    assert part.shape == (6000, 2) and np.allclose(part, whole[6000:12_000], atol=1e-4)


@pytest.mark.parametrize(
    ("name", "sound", "exact"),
    [("c.mov", "pcm_s16le", True), ("c.mp4", "aac", True), ("c.mkv", "flac", False), ("c.mkv", "aac", False)],
)
def test_a_place_far_in_is_the_same_whether_sought_or_counted_to(make_clip: Any, name: str, sound: str, exact: bool) -> None:
    clip = make_clip(name, sound=sound, sound_s=8.0)
    whole = np.concatenate(list(read_sound(clip, Fraction(0), SECOND * 8)))
    for loose in (False, True):
        part = np.concatenate(list(read_sound(clip, SECOND * 41 / 8, SECOND * 43 / 8, loose=loose)))
        assert part.shape == (12_000, 2)
        off = range(-50, 51) if loose and not exact else (0,)
        least = min(np.abs(part - whole[246_000 + n : 258_000 + n]).max() for n in off)
        assert least < (1e-4 if "aac" not in sound else 0.02), (loose, least)


def test_peaks_are_those_of_the_sound(make_clip: Any) -> None:
    clip = make_clip("c.mp4", sound="aac", sound_s=3.0)
    whole = np.abs(np.concatenate(list(read_sound(clip, Fraction(0), SECOND * 3)))).max(axis=1)
    peaks = np.concatenate(list(read_peaks(clip, SECOND * 3, 480)))
    assert peaks.shape == (len(whole) // 480, 1)
    assert (peaks[:, 0] == whole[: len(peaks) * 480].reshape(-1, 480).max(axis=1)).all()


def test_pieces_are_added_where_they_lie_and_all_else_is_silent(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "mixed.wav"
    pieces = (
        Piece(str(clip), Fraction(0), SECOND / 4, SECOND / 4),
        Piece(str(clip), Fraction(0), SECOND / 4, SECOND / 8),
        Piece(str(clip), Fraction(0), SECOND * 7 / 8, SECOND / 2),
    )
    calls: list[int] = []
    mix(pieces, SECOND, out, lambda: calls.append(1))
    mixed = np.concatenate(list(read_sound(out, Fraction(0), SECOND)))
    alone = np.concatenate(list(read_sound(clip, Fraction(0), SECOND / 2)))
    assert len(mixed) == 48_000 and calls
    assert not mixed[:12_000].any() and not mixed[24_000:42_000].any()
    assert np.allclose(mixed[12_000:18_000], 2 * alone[:6000], atol=1e-4)
    assert np.allclose(mixed[18_000:24_000], alone[6000:12_000], atol=1e-4)
    assert np.allclose(mixed[42_000:], alone[:6000], atol=1e-4)
    assert (MIXED.rate, MIXED.layout) == (48_000, "stereo")


def test_what_cannot_be_mixed_is_said(clip: Path, tmp_path: Path) -> None:
    silent = write_clip(tmp_path / "silent.mp4", moving_patch(2))
    with pytest.raises(MediaError) as e:
        list(read_sound(silent, Fraction(0), SECOND))
    assert e.value.code == "media_no_sound"
    with pytest.raises((StorageError, UsageError)) as refused:
        mix((), SECOND, tmp_path / "nowhere" / "a.wav")
    assert refused.value.code == "output_unwritable"
