from __future__ import annotations

from fractions import Fraction

import pytest
from keyfollow.media.timecode import advanced

NTSC = Fraction(30_000, 1001)


@pytest.mark.parametrize(
    ("code", "frames", "rate", "expected"),
    [
        ("01:00:00:00", 25, Fraction(25), "01:00:01:00"),
        ("00:00:00:23", 1, Fraction(24_000, 1001), "00:00:01:00"),
        ("23:59:59:24", 1, Fraction(25), "00:00:00:00"),
        ("00:00:59;29", 1, NTSC, "00:01:00;02"),
        ("00:09:59;29", 1, NTSC, "00:10:00;00"),
        ("00:00:00;00", 107_892, NTSC, "01:00:00;00"),
        ("00:00:59;59", 1, Fraction(60_000, 1001), "00:01:00;04"),
        ("00:00:59:29", 1, NTSC, "00:01:00:00"),
        ("", 5, NTSC, ""),
        ("nonsense", 5, NTSC, ""),
    ],
)
def test_timecodes_move_on(code: str, frames: int, rate: Fraction, expected: str) -> None:
    assert advanced(code, frames, rate) == expected


def test_drop_frame_counts_every_frame_once() -> None:
    seen = [advanced("00:00:00;00", n, NTSC) for n in range(20_000)]
    assert len(set(seen)) == len(seen)
    assert advanced(seen[1798], 3, NTSC) == seen[1801]
