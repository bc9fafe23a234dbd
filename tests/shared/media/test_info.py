from __future__ import annotations

from fractions import Fraction

from keyfollow.frames import Colour
from keyfollow.media.info import AudioInfo, MediaInfo
from keyfollow.plain import from_plain, to_plain

NTSC = MediaInfo(
    kind="video",
    width=1920,
    height=1080,
    frames=3,
    rate=(30000, 1001),
    time_base=(1, 90000),
    pts=(0, 3003, 9009),
    dtype="uint16",
    channels=4,
    depth=10,
    colour=Colour("bt2020nc", "tv", "bt2020", "arib-std-b67"),
    audio=(AudioInfo("aac", 48000, "stereo"),),
)


def test_times_are_exact_also_at_a_variable_rate() -> None:
    assert NTSC.fps == Fraction(30000, 1001)
    assert [NTSC.seconds(n) for n in range(3)] == [0, Fraction(1001, 30000), Fraction(1001, 10000)]


def test_frame_bytes_are_those_of_the_decoded_source() -> None:
    assert NTSC.frame_bytes == 1920 * 1080 * 4 * 2


def test_it_survives_the_wire() -> None:
    assert from_plain(MediaInfo, to_plain(NTSC)) == NTSC
