from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.colour_table import ColourTables, edited_share


def test_the_share_of_a_colour_that_was_edited_is_told_of_the_whole_picture() -> None:
    picture = np.full((60, 60, 3), 250, np.uint8)
    picture[:20] = (200, 30, 40)
    picture[20:30] = (30, 30, 200)
    edited = np.zeros((60, 60), np.bool_)
    edited[:20] = True
    edited[30:36] = True
    share = edited_share(picture, edited, ~edited)
    assert share[19, 3, 4] > 0.99 and share[3, 3, 19] < 0.01
    assert 0.15 < share[24, 24, 24] < 0.25, "a fifth of the white"
    assert share[10, 20, 10] == 0, "nobody edited what is not there"


def whole(source: Any, edit: Any) -> tuple[ColourTables, Any]:
    region = np.ones(source.shape[:2], np.bool_)
    return ColourTables(source, edit, [region]), np.zeros(source.shape[:2], np.uint8)


def test_an_edit_by_colour_is_predicted_and_believed(picture: Any) -> None:
    source = picture.astype(np.float32)
    edit = (source[..., ::-1] - source) * np.float32(0.4)
    tables, labels = whole(source, edit)
    predicted, belief = tables(source, labels)
    assert np.abs(predicted - edit).mean() < 1.5
    assert belief.mean() > 0.9


def test_a_colour_that_was_edited_here_but_not_there_is_not_believed() -> None:
    source = np.full((60, 60, 3), 120.0, np.float32)
    edit = np.zeros_like(source)
    edit[:30] = 100.0
    tables, labels = whole(source, edit)
    assert tables(source, labels)[1].max() < 0.2


def test_a_decal_does_not_tint_the_colour_that_it_lies_on() -> None:
    source = np.full((60, 60, 3), 120.0, np.float32)
    edit = np.full_like(source, -40.0)
    edit[:6] = 100.0
    tables, labels = whole(source, edit)
    predicted, belief = tables(source, labels)
    assert np.abs(predicted + 40.0).max() < 2.0
    assert belief.min() > 0.9


def test_every_region_has_its_own_table_and_other_labels_none() -> None:
    source = np.full((40, 60, 3), 120.0, np.float32)
    edit = np.zeros_like(source)
    edit[:, :20] = 30.0
    left = np.zeros((40, 60), np.bool_)
    left[:, :20] = True
    tables = ColourTables(source, edit, [left, ~left])
    labels = np.full((40, 60), 255, np.uint8)
    labels[:10], labels[10:20] = 0, 1
    predicted, belief = tables(source, labels)
    assert np.allclose(predicted[:10], 30.0, atol=0.5) and np.allclose(predicted[10:], 0.0, atol=0.5)
    assert belief[:20].min() > 0.9 and belief[20:].max() == 0


def test_unseen_colours_take_after_their_neighbours_without_belief() -> None:
    source = np.full((30, 30, 3), 60.0, np.float32)
    tables, _ = whole(source, np.full_like(source, 25.0))
    predicted, belief = tables(np.full((2, 2, 3), 200.0, np.float32), np.zeros((2, 2), np.uint8))
    assert np.allclose(predicted, 25.0, atol=0.5)
    assert belief.max() < 0.05


def test_alpha_is_a_channel_of_the_edit_and_hdr_values_are_clamped() -> None:
    source = np.full((10, 10, 4), 255.0, np.float32)
    edit = np.zeros_like(source)
    edit[..., 3] = -100
    tables, labels = whole(source, edit)
    predicted, _ = tables(source * 40, labels)
    assert predicted.shape == (10, 10, 4)
    assert np.allclose(predicted[..., 3], -100, atol=0.5)


def test_a_colour_somewhat_like_many_others_is_known_by_none_of_them() -> None:
    source = np.full((200, 200, 3), (60, 90, 40), np.float32)
    tables, _ = whole(source, np.full_like(source, 25.0))
    asked = np.array([[(60, 90, 40), (66, 92, 44), (90, 64, 38)]], np.float32)
    belief = tables(asked, np.zeros((1, 3), np.uint8))[1][0]
    assert belief[:2].min() > 0.9 and belief[2] < 0.05


def test_a_colour_that_nobody_knows_is_edited_no_more_than_in_another_light() -> None:
    light = np.random.default_rng(0).uniform(0.8, 1.0, (60, 60, 1)).astype(np.float32)
    source, edit = np.empty((60, 60, 3), np.float32), np.zeros((60, 60, 3), np.float32)
    source[:, :30], source[:, 30:] = light[:, :30] * (210, 40, 40), light[:, 30:] * (220, 140, 40)
    edit[:, :30] = light[:, :30] * (-160, 20, 160)  # red turns blue, orange stays as it is
    around = np.ones((60, 61), np.bool_)
    around[:, 60:] = False
    local = ColourTables(np.pad(source, ((0, 0), (0, 1), (0, 0))), np.pad(edit, ((0, 0), (0, 1), (0, 0))), [around])
    grade, label = whole(source, edit)[0], np.zeros((1, 2), np.uint8)
    shade = np.array([[(126, 80, 23), (120, 23, 23)]], np.float32)
    (orange, red), believed = (each[0] for each in local(shade, label))
    before = grade(shade, label)[0][0]
    assert np.abs(orange).max() < 0.4 * np.abs(before[0]).max(), "a grade may treat what is dark in its own way"
    assert believed.max() < 0.3, "it is a guess still"
    np.testing.assert_allclose(red, 0.57 * np.array((-160, 20, 160)), atol=20)
