from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.patch.belonging import NOTHING
from keyfollow_daemon.engines.patch.keymodel import key_model
from keyfollow_daemon.engines.patch.pixels import grid
from keyfollow_daemon.engines.patch.scale import octaves
from keyfollow_daemon.engines.patch.seen import Seen
from keyfollow_daemon.engines.patch.transfer import transfer

SHAPE = (96, 128)


def zoomed(by: float) -> Any:
    """Offsets into a keyframe that shows everything `by` times as large."""
    return grid(*SHAPE) * np.float32(by - 1)


def test_octaves_are_told_by_label() -> None:
    labels, sure = np.full(SHAPE, NOTHING, np.uint8), np.ones(SHAPE, np.float32)
    labels[:, :60], labels[:, 70:] = 0, 1
    offset = zoomed(1.0)
    offset[:, :60] = zoomed(1.5)[:, :60]
    told = octaves(offset, sure, labels)
    assert abs(told[0] - np.log2(1.5)) < 0.01 and not told[1:].any()
    assert octaves(zoomed(0.5), sure, labels)[0] == -1
    assert not octaves(zoomed(1.5), 0 * sure, labels).any(), "nothing is known"


def replaced() -> tuple[Any, Any]:
    """(source, keyframe), 192 x 256: a texture with black bars that were taken out, and a yellow one drawn across them."""
    rng = np.random.default_rng(3)
    plain = cv2.GaussianBlur(rng.normal(150, 60, (192, 256, 3)), (0, 0), 4) * 1.0
    source, key = plain.copy(), plain.copy()
    for x in range(60, 200, 26):
        source[50:150, x : x + 12] = 25
    key[90:120, 50:210] = (230, 220, 140)
    return tuple(np.clip(each, 0, 255).astype(np.uint8) for each in (source, key))


def test_what_was_taken_out_leaves_no_outlines_where_it_is_seen_half_as_large() -> None:
    source, key = replaced()
    model = key_model(FrameBuffer(key), FrameBuffer(source), -1.0)
    half, truth = (cv2.resize(each, SHAPE[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) for each in (source, key))
    sure = np.ones(SHAPE, np.float32)
    offset = zoomed(2.0) + np.float32(0.5)
    state = Seen(offset, sure, sure, 0 * sure, np.zeros_like(offset), sure > 0, sure < 0)
    made = half + transfer(model, state, half).edit
    area = np.s_[28:72, 32:100]
    off = np.abs(made[area] - truth[area])
    assert off.mean() < 2 and np.percentile(off, 99) < 20
    # what is not known to be smaller is compared by windows as wide there as here
    unknown = replace(state, confidence=sure * np.float32(0.4))
    worse = half + transfer(model, unknown, half).edit
    assert np.abs(worse[area] - truth[area]).mean() > 2 * off.mean()


def test_a_picture_of_odd_size_has_a_half_up_to_its_border() -> None:
    source, key = (each[:151, :211] for each in replaced())
    model = key_model(FrameBuffer(np.ascontiguousarray(key)), FrameBuffer(np.ascontiguousarray(source)), -1.0)
    assert model.changed[-1].any() and model.changed[:, -1].any()
    carried, (top, left) = model.half
    assert 2 * carried.shape[0] + top == 150 and 2 * carried.shape[1] + left == 210
    assert np.isfinite(carried).all()
