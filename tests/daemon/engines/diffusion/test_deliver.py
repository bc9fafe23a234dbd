"""From working size to the source's: its detail outside the edit, clean edges, its grain where the picture is new."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.diffusion.deliver import Delivery, apply_change, grain_like
from keyfollow_daemon.engines.diffusion.worksize import work_size

Picture = npt.NDArray[np.float32]
SIZE = (640, 384)


def scene(seed: int = 0) -> tuple[Picture, npt.NDArray[np.bool_]]:
    """A bright disc on a dark ground with fine grain of 3 levels."""
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    disc = (x - 300) ** 2 + (y - 200) ** 2 < 90**2
    picture = np.where(disc[..., None], 170.0, 60.0) + np.random.default_rng(seed).normal(0, 3, (SIZE[1], SIZE[0], 3))
    return np.clip(picture, 0, 255).round().astype(np.float32), disc


def shrunk(picture: Picture) -> Picture:
    return np.asarray(work_size(SIZE, 160).shrink(picture), np.float32)


def test_nothing_changed_is_nothing_delivered() -> None:
    picture, _ = scene()
    small, source = shrunk(picture), FrameBuffer(picture.astype(np.uint8))
    made = Delivery(work_size(SIZE, 160)).frame(source, small, small, None, 0)
    assert (made.pixels == source.pixels).all()


def test_a_recolour_keeps_detail_and_edges() -> None:
    picture, disc = scene()
    wanted = picture + np.where(disc[..., None], np.array([12.0, -12.0, 0.0], np.float32), 0)
    source = FrameBuffer(picture.astype(np.uint8))
    made = Delivery(work_size(SIZE, 160)).frame(source, shrunk(wanted), shrunk(picture), None, 0).pixels.astype(np.float32)
    error = np.abs(made - wanted).max(axis=2)
    edge = cv2.dilate(disc.astype(np.uint8), np.ones((9, 9))) != cv2.erode(disc.astype(np.uint8), np.ones((9, 9)))
    assert error[~edge].mean() < 1.0, "away from edges"
    assert error[edge].mean() < 3.0, "at edges"


def test_new_areas_get_the_sources_grain_not_its_ghost() -> None:
    picture, _ = scene()
    picture[150:250:2, 100:200] = 230  # fine stripes that the edit paints over
    drawn = picture.copy()
    drawn[140:260, 90:210] = 30
    source = FrameBuffer(picture.round().astype(np.uint8))
    still, grainy = (
        Delivery(work_size(SIZE, 160), grain=g).frame(source, shrunk(drawn), shrunk(picture), None, 1).pixels.astype(np.float32)
        for g in (0.0, 1.0)
    )
    inner = np.s_[175:225, 125:175]
    assert still[inner].std() < 12, "the stripes are gone (they had a deviation of 85)"
    assert abs(grainy[inner].std() - still[inner].std()) < 6 and (grainy[inner] != still[inner]).any()
    noise = grain_like(picture, 1)[inner]
    assert 1.0 < noise.std() < 6.0


def test_outside_the_mask_every_bit_is_the_sources() -> None:
    picture, disc = scene()
    source = FrameBuffer(picture.astype(np.uint8))
    mask = disc.astype(np.float32)
    made = Delivery(work_size(SIZE, 160)).frame(source, shrunk(255 - picture), shrunk(picture), mask, 0).pixels
    assert (made[~disc] == source.pixels[~disc]).all() and (made[disc] != source.pixels[disc]).any(axis=1).mean() > 0.9


@pytest.mark.parametrize("size", [(64, 64), SIZE])
def test_the_models_own_picture(size: tuple[int, int]) -> None:
    drawn = np.random.default_rng(3).uniform(0, 255, (size[1], size[0], 3)).astype(np.float32)
    source = FrameBuffer(np.zeros((size[1], size[0], 3), np.uint8))
    work = work_size(size, 512)
    made = Delivery(work, difference=False).frame(source, work.shrink(drawn), work.shrink(drawn), None, 0)
    assert (made.pixels == np.floor(drawn)).all()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float16"])
@pytest.mark.parametrize("channels", [3, 4])
def test_depth_and_alpha_are_the_sources(dtype: str, channels: int) -> None:
    white = {"uint8": 255, "uint16": 65535, "float16": 1}[dtype]
    pixels = np.full((8, 8, channels), 0.5 * white).astype(dtype)
    if dtype == "float16":
        pixels[0] = 3.0
    change = np.zeros((8, 8, 3), np.float32)
    change[:, 4:] = 20
    made = apply_change(FrameBuffer(pixels), change).pixels
    assert made.dtype == pixels.dtype and (made[:, :4] == pixels[:, :4]).all()
    assert (made[1:, 4:, :3] > pixels[1:, 4:, :3]).all() and (channels == 3 or (made[..., 3] == pixels[..., 3]).all())
    if dtype == "float16":
        assert (made[0, :, :3] >= 3).all(), "what lies beyond white stays there"
    if dtype == "uint16":
        assert made[4, 6, 0] - int(pixels[4, 6, 0]) == 20 * 257
