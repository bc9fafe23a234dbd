from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from keyfollow_daemon.engines.patch.changes import GROW_PX, RIM_PX, change_mask, gaps, inner


def through_jpeg(picture: Any) -> Any:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)).astype(np.float32)


def test_of_an_exact_keyframe_every_change_counts(picture: Any) -> None:
    source = picture.astype(np.float32)
    key = source.copy()
    key[50, 60, 1] += 1
    mask = change_mask(key, source)
    assert mask[50, 60] and mask[50, 60 + GROW_PX] and mask.sum() < 30


def test_a_re_encoded_keyframe_is_told_from_an_edit(picture: Any) -> None:
    smooth = cv2.GaussianBlur(picture, (0, 0), 2)
    painted = smooth.copy()
    painted[40:90, 50:110] = (30, 200, 60)
    key, source = through_jpeg(painted), smooth.astype(np.float32)
    mask = change_mask(key, source)
    assert mask[45:85, 55:105].mean() > 0.95
    assert mask[:, :30].mean() < 0.02


def test_a_given_threshold_is_kept(picture: Any) -> None:
    source = picture.astype(np.float32)
    assert not change_mask(source + 4, source, 5.0).any()
    assert change_mask(source + 6, source, 5.0).all()


def test_a_gap_is_a_narrow_strip_between_two_edited_sides() -> None:
    changed = np.zeros((200, 600), np.bool_)
    changed[50:150, 40:120] = changed[50:150, 130:200] = changed[50:150, 240:260] = True
    within = inner(changed)
    assert within[50 + RIM_PX, 40 + RIM_PX] and not within[50 + RIM_PX - 1, 80]
    found = gaps(within)
    assert found[60:140, 118:132].all() and not (found & within).any()
    assert not found[:, 210:230].any() and not found[:45].any() and not found[:, :40].any()
