from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from keyfollow.errors import MediaError
from keyfollow_desktop.ui.view_transform import CURVES, REC709, _to_709, read_cube, shown

GREY = {"slog3": 420, "vlog": 433, "clog": 351}
"""The 10-bit code values that their makers give for 18 % grey; as video stores them, black at 64 and white at 940."""
GREY_OF_WHITE = {"logc3": 0.391007, "logc4": 0.278384}


def stored(name: str, full_range: bool) -> float:
    if name in GREY_OF_WHITE:
        return GREY_OF_WHITE[name]
    return GREY[name] / 1023 if full_range else (GREY[name] - 64) / 876


@pytest.mark.parametrize("name", ["slog3", "vlog", "clog", "logc3", "logc4"])
@pytest.mark.parametrize("full_range", [False, True])
def test_a_grey_card_is_grey_in_every_log(name: str, full_range: bool) -> None:
    """18 % grey is 0.409 by BT.709's curve, whatever the camera."""
    value = stored(name, full_range)
    deep = np.full((2, 2, 3), round(value * 65535), np.uint16)
    assert np.abs(shown(deep, name, full_range).astype(int) - 104).max() <= 1
    flat = np.full((2, 2, 3), round(value * 255), np.uint8)
    assert np.abs(shown(flat, name, full_range).astype(int) - 104).max() <= 4


@pytest.mark.parametrize(("name", "white"), [("pq", 0.5806), ("hlg", 0.75)])
def test_white_of_hdr_is_close_to_white(name: str, white: float) -> None:
    """203 cd/m², BT.2408's white; what is brighter still differs from it."""
    made = shown(np.full((1, 1, 3), round(white * 65535), np.uint16), name)
    brighter = shown(np.full((1, 1, 3), round((white + 0.08) * 65535), np.uint16), name)
    assert 225 <= made.min() == made.max() < brighter.min() <= 255


@pytest.mark.parametrize("name", CURVES)
def test_curves_rise_and_greys_stay_grey(name: str) -> None:
    ramp = np.repeat(np.linspace(0, 65535, 256).astype(np.uint16)[None, :, None], 3, axis=2)
    made = shown(ramp, name).astype(int)
    assert (np.diff(made[0, :, 1]) >= 0).all() and np.ptp(made, axis=2).max() <= 1
    assert made[0, 0].max() <= 8 and made[0, -1].min() >= 235


def test_primaries_are_brought_to_rec_709() -> None:
    assert np.allclose(_to_709(REC709), np.eye(3), atol=1e-6)
    # of BT.2020, from BT.2087
    expected = [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
    assert np.allclose(_to_709(CURVES["pq"].primaries), expected, atol=2e-4)


def test_half_floats_and_transparency_come_through() -> None:
    half = np.full((2, 3, 4), 0.41, np.float16)
    made = shown(half, "logc3")
    assert made.shape == (2, 3, 4) and made.dtype == np.uint8 and (made[..., 3] == 105).all()


def cube(size: int) -> str:
    """Swaps red and blue and halves green."""
    steps = np.linspace(0, 1, size)
    rows = [f"{b} {g / 2} {r}" for b in steps for g in steps for r in steps]
    return f'# a comment\nTITLE "swap"\nLUT_3D_SIZE {size}\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 1 1 1\n' + "\n".join(rows)


@pytest.mark.parametrize("size", [2, 5, 17])
def test_a_cube_is_followed_between_its_points(tmp_path: Path, size: int) -> None:
    path = tmp_path / "swap.cube"
    path.write_text(cube(size))
    pixels = np.random.default_rng(5).integers(0, 256, (20, 30, 3), np.uint8)
    made = shown(pixels, str(path)).astype(float)
    assert np.abs(made[..., ::2] - pixels[..., 2::-2]).max() <= 1 and np.abs(made[..., 1] - pixels[..., 1] / 2).max() <= 1


def test_one_dimension_and_a_domain_of_its_own() -> None:
    table, low, high = read_cube("LUT_1D_SIZE 3\nDOMAIN_MAX 2 2 2\n0 0 0\n.5 .5 .5\n1 1 1\n")
    assert table.shape == (3, 3) and low.tolist() == [0, 0, 0] and high.tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "LUT_3D_SIZE 2\n0 0 0",
        "LUT_3D_SIZE 9999\n",
        "LUT_3D_SIZE x",
        "LUT_1D_SIZE 2\n0 0\n1 1",
        "LUT_1D_SIZE 2\nnan 0 0\n1 1 1",
        "LUT_1D_SIZE 2\nDOMAIN_MAX 0 0 0\n0 0 0\n1 1 1",
    ],
)
def test_what_is_no_cube_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.cube").write_text(text)
    for path in (tmp_path / "bad.cube", tmp_path / "not there.cube"):
        with pytest.raises(MediaError) as caught:
            shown(np.zeros((1, 1, 3), np.uint8), str(path))
        assert caught.value.code == "bad_cube"
