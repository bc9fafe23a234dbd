"""A change at working size becomes one at full size: what lives on keeps its detail and edges, what is new keeps no ghost."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from keyfollow_daemon.engines.diffusion.enlarge import enlarge_change

Picture = npt.NDArray[np.float32]
SIZE, LOW = (480, 288), (96, 58)
INNER = np.s_[110:180, 170:300]


def small(picture: Picture) -> Picture:
    return np.asarray(cv2.resize(picture, LOW, interpolation=cv2.INTER_AREA), np.float32)


def texture(seed: int, colour: tuple[int, int, int], contrast: float = 30.0) -> Picture:
    dice, out = np.random.default_rng(seed), np.zeros((SIZE[1], SIZE[0]), np.float32)
    for cells in (6, 12, 24, 48, 96, 192, 384):
        grid = dice.standard_normal((cells * SIZE[1] // SIZE[0] + 1, cells)).astype(np.float32)
        out += np.asarray(cv2.resize(grid, SIZE, interpolation=cv2.INTER_CUBIC), np.float32)
    return np.asarray(np.array(colour) * (1 + contrast / 128 * out / out.std())[..., None], np.float32)


def scene() -> tuple[Picture, npt.NDArray[np.bool_]]:
    """A red thing on green."""
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    disc = (x - 240) ** 2 + (y - 145) ** 2 < 100**2
    return np.where(disc[..., None], texture(1, (180, 60, 50)), texture(2, (90, 120, 70))).astype(np.float32), disc


def delivered(source: Picture, truth: Picture) -> tuple[Picture, Picture, Picture]:
    """The picture as enlarged, the same plainly, and what is new."""
    change = small(truth) - small(source)
    made = enlarge_change(change, small(source), source)
    plain = np.asarray(cv2.resize(change, SIZE, interpolation=cv2.INTER_CUBIC), np.float32)
    return source + np.asarray(made.change, np.float32), source + plain, np.asarray(made.new, np.float32)


def test_no_change_is_none() -> None:
    source, _ = scene()
    made = enlarge_change(np.zeros((LOW[1], LOW[0], 3), np.float32), small(source), source)
    assert np.abs(made.change).max() < 1e-3 and not made.new.any()


def test_a_strong_recolour_keeps_detail_and_edge() -> None:
    source, disc = scene()
    truth = np.where(disc[..., None], source[..., ::-1] * np.array([0.4, 0.8, 1.2], np.float32), source)
    ours, plain, new = delivered(source, truth)
    border = cv2.dilate(disc.astype(np.uint8), np.ones((7, 7))) != cv2.erode(disc.astype(np.uint8), np.ones((7, 7)))
    for where, share in ((border, 0.2), (disc & ~border, 0.2)):
        assert np.abs(ours - truth)[where].mean() < share * np.abs(plain - truth)[where].mean()
    assert new.max() < 0.05, "all of it lives on"


def test_detail_beside_the_edit_is_the_sources_own() -> None:
    source, disc = scene()
    truth = np.where(disc[..., None], texture(3, (60, 60, 200)), source)
    ours, _, _ = delivered(source, truth)
    away = cv2.dilate(disc.astype(np.uint8), np.ones((31, 31))) == 0
    assert np.abs(ours - source)[away].max() < 0.5


def test_what_is_new_shows_no_ghost() -> None:
    source, disc = scene()
    truth = np.where(disc[..., None], texture(4, (70, 70, 190)), source)
    ours, plain, new = delivered(source, truth)
    fine = source - cv2.blur(source, (11, 11))

    def ghost(picture: Picture) -> float:
        return float(np.corrcoef((picture - cv2.blur(picture, (11, 11)))[INNER].ravel(), fine[INNER].ravel())[0, 1])

    assert ghost(plain) > 0.6 and ghost(ours) < 0.5 * ghost(plain)
    assert new[26:34, 38:56].mean() > 0.4
    assert np.abs(ours - truth)[INNER].mean() < np.abs(plain - truth)[INNER].mean()


@pytest.mark.parametrize(("what", "low", "high"), [("painted over", 0.7, 1.0), ("darkened", 0.0, 0.2), ("graded", 0.0, 0.01)])
def test_what_counts_as_new(what: str, low: float, high: float) -> None:
    source, disc = scene()
    made = {"painted over": np.full_like(source, 90.0), "darkened": 0.25 * source, "graded": 0.9 * source + 20}[what]
    _, _, new = delivered(source, np.where(disc[..., None], made, source).astype(np.float32))
    assert low <= new[26:34, 38:56].mean() <= high


def test_shrunk_again_it_is_what_was_drawn() -> None:
    source, _ = scene()
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    pasted = np.where(((abs(x - 330) < 60) & (abs(y - 90) < 40))[..., None], texture(5, (220, 190, 60)), source).astype(
        np.float32
    )
    ours, _, _ = delivered(source, pasted)
    assert np.abs(small(ours) - small(pasted)).mean() < 0.3
