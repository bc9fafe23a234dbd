from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.base import Array, InversionSpec
from keyfollow_daemon.engines.patch.inversion import Flows
from keyfollow_daemon.engines.patch.pixels import values
from keyfollow_daemon.engines.patch.repaint import Repaints, painted


def inked(picture: Array) -> Array:
    """Dark lines along dark sides of edges, on flattened colours: no function of a pixel's colour."""
    luma = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)).astype(np.float32)
    ink = np.clip(1 + 0.25 * (luma - cv2.GaussianBlur(luma, (0, 0), 2.0)), 0.2, 1)
    flat = np.asarray(cv2.bilateralFilter(picture, 7, 40, 5)).astype(np.float32)
    out: Array = np.asarray(np.clip(np.rint(flat * ink[..., None] + (6, 4, 0)), 0, 255), np.uint8)
    return out


def psnr(a: Any, b: Any) -> float:
    return float(10 * np.log10(255**2 / np.square(a.astype(np.float64) - b).mean()))


@pytest.fixture
def repaints(stage: Any) -> Repaints:
    flows = Flows(stage.frames, InversionSpec("patch", "1"), stage.ctx)
    return Repaints(stage.frames, flows, stage.ctx.check, False)


def pair(stage: Any, frame: int) -> tuple[FrameBuffer, FrameBuffer]:
    source = stage.frames.pictures[frame]
    return FrameBuffer(inked(source)), FrameBuffer(source)


def test_frames_are_drawn_in_the_keyframes_manner(square: Any, stage: Any, repaints: Repaints) -> None:
    repaints.keep({0: pair(stage, 0)})
    for t in (1, 6):
        pixels = values(stage.frames[t])
        edit, confidence = painted(repaints.matched(t, {0: 1.0}), pixels)
        truth = inked(square.pictures[t])
        assert psnr(pixels + edit, truth) > psnr(pixels, truth) + 6
        assert edit.shape == pixels.shape and confidence.shape == pixels.shape[:2]
        assert 0.0 <= confidence.min() <= confidence.max() <= 1.0


def test_what_the_keyframe_never_showed_is_less_sure(square: Any, stage: Any, repaints: Repaints) -> None:
    stage.frames.pictures[5] = square.pictures[5].copy()
    stage.frames.pictures[5][100:130, 20:60] = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    repaints.keep({4: pair(stage, 4)})
    _, confidence = painted(repaints.matched(5, {4: 1.0}), values(stage.frames[5]))
    assert confidence[105:125, 25:55].mean() < 0.5 < confidence[:90].mean()


def test_two_keyframes_share_the_say(square: Any, stage: Any, repaints: Repaints) -> None:
    repaints.keep({0: pair(stage, 0), 9: (FrameBuffer(square.pictures[9]), FrameBuffer(square.pictures[9]))})
    pixels = values(stage.frames[4])
    first, none, both = (painted(repaints.matched(4, shares), pixels)[0] for shares in ({0: 1.0}, {9: 1.0}, {0: 0.5, 9: 0.5}))
    assert np.abs(none).mean() < 0.5 * np.abs(first).mean()
    assert (np.minimum(first, none) - 1e-3 <= both).all() and (both <= np.maximum(first, none) + 1e-3).all()


def test_keeping_others_forgets(stage: Any, repaints: Repaints) -> None:
    repaints.keep({0: pair(stage, 0)})
    repaints.keep({3: pair(stage, 3)})
    with pytest.raises(KeyError):
        repaints.matched(1, {0: 1.0})
