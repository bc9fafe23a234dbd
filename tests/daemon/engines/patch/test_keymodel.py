from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.patch.belonging import NOTHING
from keyfollow_daemon.engines.patch.keymodel import key_model


def model(before: Any, after: Any) -> Any:
    return key_model(FrameBuffer(np.ascontiguousarray(after)), FrameBuffer(np.ascontiguousarray(before)), -1.0)


def test_a_local_edit_is_local(picture: Any) -> None:
    after = picture.copy()
    after[40:90, 60:120] = after[40:90, 60:120, ::-1]
    made = model(picture, after)
    assert made.changed[50:80, 70:110].mean() > 0.95 and not made.changed[:30].any()
    assert not made.everywhere and made.carried.shape == (144, 192, 16)


def test_a_grade_is_pointwise_and_everywhere(picture: Any) -> None:
    made = model(picture, (picture * 0.6 + 50).astype(np.uint8))
    assert made.pointwise and made.everywhere


def test_strokes_are_neither(picture: Any) -> None:
    after = picture.copy()
    after[60:66, 20:160] = 250
    made = model(picture, after)
    assert not made.pointwise and not made.everywhere


def test_no_edit_is_no_model(picture: Any) -> None:
    made = model(picture, picture)
    assert not made.changed.any() and not made.pointwise


def test_alpha_has_a_plane_of_its_own(picture: Any) -> None:
    rgba = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    after = rgba.copy()
    after[50:70, 50:70, 3] = 55
    made = model(rgba, after)
    assert made.carried.shape[2] == 16 and made.carried[60, 60, 15] == -200


def test_a_stroke_is_a_decal_and_a_recolouring_is_none(picture: Any) -> None:
    after = np.clip(picture * (0.5, 1.0, 0.8), 0, 255).astype(np.uint8)
    recoloured = model(picture, after)
    assert recoloured.decals.mean() < 0.02
    after[60:72, 20:160] = (250, 0, 250)
    drawn = model(picture, after).decals
    assert drawn[62:70, 25:155].mean() > 0.8 and drawn[:50].mean() < 0.05


def test_what_was_painted_onto_a_surface_is_a_decal_whatever_its_colours() -> None:
    before = np.full((144, 192, 3), 200, np.uint8)
    before[:, 120:] = 60
    after = before.copy()
    after[50:80, 40:70] = (40, 60, 160)
    assert model(before, after).decals[52:78, 42:68].all()


def test_separate_areas_have_separate_labels(picture: Any) -> None:
    after = picture.copy()
    after[10:40, 10:50] = 255 - after[10:40, 10:50]
    after[90:130, 120:180, 0] //= 2
    labels = model(picture, after).labels
    assert labels[25, 30] != labels[110, 150] and NOTHING not in (labels[25, 30], labels[110, 150])
    assert labels[70, 90] == NOTHING


def test_the_affine_map_is_the_same_however_large_the_rest_of_the_picture(picture: Any) -> None:
    large = np.pad(picture, ((60, 60), (70, 70), (0, 0)), mode="reflect")
    after = large.copy()
    after[110:150, 140:200] = after[110:150, 140:200, ::-1] // 2 + 40
    part = np.s_[60:-60, 70:-70]
    whole, alone = model(large, after), model(np.ascontiguousarray(large[part]), np.ascontiguousarray(after[part]))
    assert alone.changed.any() and np.array_equal(whole.changed[part], alone.changed)
    assert np.allclose(whole.carried[part][alone.changed], alone.carried[alone.changed], atol=1e-3)
    assert not whole.carried[:60].any()


def test_behind_a_narrow_gap_the_edit_goes_on(large_picture: Any) -> None:
    after = large_picture.copy()
    after[40:110, 50:140] = (250, 90, 20)
    after[:, 90:99] = large_picture[:, 90:99]
    made = model(large_picture, after)
    row, column = 75 - made.corner[0], 94 - made.corner[1]
    assert made.gaps[75, 94] and not made.gaps[20, 94]
    plane = made.behind[row, column]
    painted = [plane[4 * c + 3] + plane[4 * c : 4 * c + 3] @ large_picture[75, 94] for c in range(3)]
    assert np.abs(np.array(painted) - (250, 90, 20)).max() < 40


def test_the_maps_tell_the_edit_of_every_row_and_change_evenly(large_picture: Any) -> None:
    after = large_picture.copy()
    after[8:280, 40:340] = np.clip(large_picture[8:280, 40:340] * (0.9, 0.6, 0.7) + (0, 30, 10), 0, 255)
    made = model(large_picture, after)
    maps, source = made.carried[..., :12].reshape(*after.shape[:2], 3, 4), large_picture.astype(np.float32)
    told = np.einsum("hwij,hwj->hwi", maps[..., :3], source) + maps[..., 3]
    assert np.abs(told - after)[made.changed].max() < 0.01
    steps = np.abs(np.diff(maps[40:250, 80:300, :, :3], axis=0)).mean(axis=(1, 2, 3))
    assert steps[83:93].max() < 2 * np.percentile(steps, 90), "the bands that they are fitted in show nowhere"


def test_learning_a_large_keyframe_takes_little_more_memory_than_what_is_learnt() -> None:
    before = np.random.default_rng(0).integers(0, 200, (2400, 450, 3), np.uint8)
    after = before + np.uint8(30)
    model(before[:200], after[:200])
    tracemalloc.start()
    made = model(before, after)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2.6 * made.carried.nbytes
