from __future__ import annotations

import numpy as np
import pytest
from keyfollow.frames import Colour
from keyfollow.media.decoded import Decoder, samples
from keyfollow.media.encodable import Encodable, to_whole
from keyfollow.media.info import MediaInfo
from keyfollow.media.targets import choose


def info(pixel_format: str, dtype: str, depth: int, colour: Colour) -> MediaInfo:
    return MediaInfo(
        kind="video", width=64, height=48, frames=1, rate=(24, 1), time_base=(1, 24), pts=(0,), dtype=dtype, channels=3, depth=depth,
        pixel_format=pixel_format, colour=colour,
    )  # fmt: skip


@pytest.mark.parametrize(
    "colour", [Colour("bt709", "tv"), Colour("bt709", "pc"), Colour("smpte170m", "tv"), Colour("bt2020nc", "tv")]
)
@pytest.mark.parametrize(("name", "dtype", "depth"), [("yuv444p", "uint8", 8), ("yuv444p10le", "uint16", 10)])
def test_the_inverse_of_decoding_is_within_one_code(colour: Colour, name: str, dtype: str, depth: int) -> None:
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (48, 64, 3), dtype, endpoint=True)
    encodable = Encodable(choose(".mp4", info(name, dtype, depth, colour), alpha=False))
    first = encodable(pixels)
    again = encodable(Decoder()(first))
    kind = "u1" if depth == 8 else "<u2"
    for a, b in zip(first.planes, again.planes, strict=True):
        assert np.abs(samples(a, kind).astype(int) - samples(b, kind)).max() <= 1


def test_flat_colours_do_not_drift_in_any_range() -> None:
    for colour in (Colour("bt709", "pc"), Colour("bt709", "tv")):
        encodable = Encodable(choose(".mp4", info("yuv420p", "uint8", 8, colour), alpha=False))
        pixels = np.full((48, 64, 3), (200, 90, 40), np.uint8)
        for _ in range(5):
            pixels = Decoder()(encodable(pixels))
        assert np.abs(pixels.astype(int) - (200, 90, 40)).max() <= 2


def test_half_floats_are_clipped_to_what_a_video_holds() -> None:
    pixels = np.array([[[-1, 0, 0.5], [1, 2, np.nan]]], np.float16)
    assert to_whole(pixels).tolist() == [[[0, 0, 32768], [65535, 65535, 0]]]
