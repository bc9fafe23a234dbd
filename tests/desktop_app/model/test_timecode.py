from __future__ import annotations

from fractions import Fraction

from keyfollow_desktop.model.timecode import duration, megabytes, timecode


def test_timecode_counts_whole_frames_of_the_nominal_rate() -> None:
    assert timecode(0, Fraction(24)) == "00:00:00:00"
    assert timecode(24 * 3661 + 5, Fraction(24)) == "01:01:01:05"
    assert timecode(30, Fraction(30000, 1001)) == "00:00:01:00"
    assert timecode(119, Fraction(120)) == "00:00:00:119"


def test_lengths_and_sizes_are_read_at_a_glance() -> None:
    assert [duration(s) for s in (0.2, 59, 125, 3700)] == ["0 s", "59 s", "2 min 5 s", "1 h 1 min"]
    assert [megabytes(n) for n in (10, 640_000_000, 1_240_000_000)] == ["1 MB", "640 MB", "1.2 GB"]
