from __future__ import annotations

import numpy as np
import pytest
from keyfollow.media.yuv import Coding, expand, from_rgb, to_rgb

BT709, BT601 = (0.2126, 0.0722), (0.299, 0.114)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("full", [False, True])
def test_black_white_and_grey_are_exact(bits: int, full: bool) -> None:
    coding = Coding(*BT709, bits, full)
    black, span = coding.luma
    y = np.array([[black, black + span]]).astype(np.uint16)
    c = np.full_like(y, 2 ** (bits - 1))
    out = np.empty((1, 2, 3), np.uint16)
    to_rgb(y, c, c, coding, out)
    assert out[0, 0].tolist() == [0, 0, 0]
    assert out[0, 1].tolist() == [65535, 65535, 65535]


@pytest.mark.parametrize(
    "coding", [Coding(*k, bits, full) for k in (BT709, BT601) for bits in (10, 12) for full in (True, False)]
)
def test_codes_survive_the_way_to_rgb_and_back(coding: Coding) -> None:
    rng = np.random.default_rng(1)
    codes = from_rgb(rng.integers(0, 65536, (300, 400, 3), np.uint16), coding)
    rgb = np.empty((300, 400, 3), np.uint16)
    to_rgb(*codes, coding, rgb)
    again = from_rgb(rgb, coding)
    for before, after in zip(codes, again, strict=True):
        assert np.abs(before.astype(int) - after).max() <= 1


def test_it_is_the_formula_to_the_nearest_code() -> None:
    coding = Coding(*BT709, 8, False)
    y, cb, cr = (np.array([[v]], np.uint8) for v in (81, 90, 240))
    out = np.empty((1, 1, 3), np.uint8)
    to_rgb(y, cb, cr, coding, out)
    luma, b, r = (81 - 16) / 219, (90 - 128) / 224, (240 - 128) / 224
    red, blue = luma + 2 * (1 - 0.2126) * r, luma + 2 * (1 - 0.0722) * b
    green = (luma - 0.2126 * red - 0.0722 * blue) / 0.7152
    assert out[0, 0].tolist() == [round(255 * min(max(v, 0), 1)) for v in (red, green, blue)]


def test_expand_rounds_to_the_nearest_and_clips() -> None:
    out = np.empty((1, 4), np.uint16)
    expand(np.array([[0, 64, 512, 1023]], np.uint16), 64, 876, out)
    assert out.tolist() == [[0, 0, round((512 - 64) * 65535 / 876), 65535]]
