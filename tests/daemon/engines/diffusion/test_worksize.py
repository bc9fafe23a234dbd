"""There and back between source and working size."""

from __future__ import annotations

import numpy as np
import pytest
from keyfollow_daemon.engines.diffusion.worksize import work_size


@pytest.mark.parametrize("source", [(3840, 2160), (1080, 1920), (96, 64), (513, 511), (8000, 20), (64, 64)])
def test_aspect_is_kept_and_sides_fit_the_network(source: tuple[int, int]) -> None:
    size = work_size(source, 512)
    assert all(side % 64 == 0 and side >= own for side, own in zip(size.padded, size.content, strict=True))
    assert size.content[0] * size.content[1] <= max(512 * 512 * 1.05, 64)
    if min(size.content) > 8:
        assert size.content[0] / size.content[1] == pytest.approx(source[0] / source[1], rel=0.02)
    picture = np.zeros((source[1], source[0], 3), np.uint8)
    small = size.shrink(picture)
    assert small.shape[:2] == (size.padded[1], size.padded[0]) == tuple(8 * n for n in size.latent)
    assert size.enlarge(np.ascontiguousarray(size.crop(small))).shape == picture.shape


def test_a_source_that_fits_is_not_touched() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (64, 128, 3), np.uint8)
    size = work_size((128, 64), 512)
    assert (size.shrink(picture) == picture).all() and (size.enlarge(size.crop(picture)) == picture).all()


def test_padding_repeats_the_border() -> None:
    picture = np.arange(96, dtype=np.float32)[None].repeat(64, 0)
    small = work_size((96, 64), 512).shrink(picture)
    assert small.shape == (64, 128) and (small[:, 96:] == 95).all()
