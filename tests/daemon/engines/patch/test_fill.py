from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.colour_table import edited_share
from keyfollow_daemon.engines.patch.fill import evidence, fill, near
from keyfollow_daemon.engines.patch.proposal import Proposal

SHAPE = (80, 120)


def proposal(**planes: Any) -> Proposal:
    zero = np.zeros(SHAPE, np.float32)
    three = np.zeros((*SHAPE, 3), np.float32)
    given: dict[str, Any] = {
        "edit": three,
        "reach": zero,
        "confidence": zero,
        "misfit": zero,
        "by_colour": three,
        "belief": zero,
        "allowed": zero + 1,
        "strange": zero,
        **planes,
    }
    return Proposal(**given)


def half(left: float, right: float) -> Any:
    plane = np.full(SHAPE, right, np.float32)
    plane[:, :60] = left
    return plane


def shades(left: int, right: int) -> Any:
    return np.repeat(half(left, right).astype(np.uint8)[..., None], 3, axis=2)


GREY = np.full((*SHAPE, 3), 128, np.uint8)
LUMA = np.full(SHAPE, 128, np.float32)


def test_a_confident_edit_is_left_as_it_is() -> None:
    edit = np.full((*SHAPE, 3), 30.0, np.float32)
    made = fill(proposal(edit=edit, reach=half(1, 1), confidence=half(1, 1)), GREY, 24)
    assert np.array_equal(made, edit)


def test_a_hole_takes_the_edit_around_it_but_not_far_away() -> None:
    edit, reach = half(30, 0)[..., None] * np.ones(3, np.float32), half(1, 0)
    reach[:, 60:70] = 1
    made = fill(proposal(edit=edit, reach=reach, confidence=half(1, 0)), GREY, 10)
    assert made[40, 64, 0] > 15
    assert made[40, 80:].max() == 0


def test_what_seems_to_lie_beside_a_thin_line_takes_less_of_it_than_a_hole_in_it() -> None:
    line = np.zeros(SHAPE, np.float32)
    line[:, 58:62] = 1
    confidence, reach = line.copy(), line.copy()
    confidence[40], reach[20:60, 62:66] = 0, 1
    edit = line[..., None] * np.full(3, 30.0, np.float32)
    made = fill(proposal(edit=edit, reach=reach, confidence=confidence), GREY, 10)[..., 0]
    assert made[40, 60] > 4 and made[30, 63] > 4
    assert made[30, 56] < 0.6 * made[30, 63]


def test_other_brightness_is_not_filled() -> None:
    edit = half(30, 0)[..., None] * np.ones(3, np.float32)
    made = fill(proposal(edit=edit, reach=half(1, 0), confidence=half(1, 0)), shades(40, 220), 10)
    assert np.abs(made[40, 66]).max() < 1


def test_more_of_an_edited_colour_is_filled_however_far_if_it_hangs_together() -> None:
    edit = half(30, 0)[..., None] * np.ones(3, np.float32)
    belief = np.ones(SHAPE, np.float32)
    colour = np.full((*SHAPE, 3), 30.0, np.float32)
    colour[:, 85:105] = 0
    made = fill(proposal(edit=edit, reach=half(1, 0), confidence=half(1, 0), by_colour=colour, belief=belief), GREY, 5)
    assert made[40, 78, 0] > 25
    assert np.abs(made[40, 112]).max() == 0


def test_what_is_filled_far_away_is_filled_wholly_or_not_at_all() -> None:
    edit = half(30, 0)[..., None] * np.ones(3, np.float32)
    told = np.full((*SHAPE, 3), 30.0, np.float32)
    for belief, filled in ((0.6, 30), (0.3, 0)):
        made = fill(
            proposal(edit=edit, reach=half(1, 0), confidence=half(1, 0), by_colour=told, belief=half(0, belief)), GREY, 10
        )
        assert np.abs(made[20:60, 90:110] - filled).max() < 1


def test_far_away_a_colour_is_believed_as_far_as_the_keyframe_edited_it() -> None:
    """A white sky is not painted because a few white pixels of a highlight were."""
    planes = {
        "edit": half(30, 0)[..., None] * np.ones(3, np.float32),
        "reach": half(1, 0),
        "confidence": half(1, 0),
        "by_colour": np.full((*SHAPE, 3), 30.0, np.float32),
        "belief": half(0, 0.9),
    }
    white = shades(40, 250)
    for painted, filled in ((np.ones(SHAPE, np.bool_), 30), (half(0, 1) * np.eye(*SHAPE, 70) > 0, 0)):
        share = edited_share(white, painted, ~painted)
        made = fill(proposal(**planes), white, 10, share=share)
        assert np.abs(made[20:60, 90:110] - filled).max() < 1


def beside_the_edit(**between: float) -> Any:
    """How much is filled of a thing of an edited colour 12 px beside the edit; given planes of what lies `between`."""
    middle = np.s_[:, 60:72]
    edit = half(30, 0)[..., None] * np.ones(3, np.float32)
    given: dict[str, Any] = {
        "edit": edit,
        "reach": half(1, 0),
        "confidence": half(1, 0),
        "by_colour": half(0, 30)[..., None] * np.ones(3, np.float32),
        "belief": half(0, 1),
        "allowed": half(1, 1),
    }
    given["by_colour"][middle], given["belief"][middle] = 0, 0
    for name, value in between.items():
        given[name][middle] = value
    return fill(proposal(**given), GREY, 10)[20:60, 90:110, 0].mean()


def test_a_thing_hangs_together_with_the_edit_across_what_nobody_knows() -> None:
    assert beside_the_edit() > 25


def test_but_not_across_what_shows_to_be_none_of_it() -> None:
    """Another crate of the same wood: the wall between is followed, or has a colour of its own, or something passes before both."""
    assert beside_the_edit(confidence=1) == 0
    assert beside_the_edit(belief=1) == 0
    assert beside_the_edit(allowed=0) == 0


def test_a_speck_that_leads_to_the_edit_is_not_enough() -> None:
    def beside(size: int) -> Any:
        given = proposal(
            edit=half(30, 0)[..., None] * np.ones(3, np.float32),
            reach=half(1, 0),
            confidence=half(1, 0),
            by_colour=half(0, 30)[..., None] * np.ones(3, np.float32),
            belief=half(0, 1),
        )
        given.confidence[:, 60:72], given.belief[:, 60:72] = 1, 0
        given.reach[40 : 40 + size, 80 : 80 + size] = 1
        return fill(given, GREY, 10)[20:35, 90:110, 0].mean()

    assert beside(2) == 0 and beside(16) > 25


def test_a_colour_that_the_keyframe_hardly_shows_is_asked_about_together_with_those_around() -> None:
    planes = {
        "edit": half(30, 0)[..., None] * np.ones(3, np.float32),
        "reach": half(1, 0),
        "confidence": half(1, 0),
        "by_colour": half(0, 30)[..., None] * np.ones(3, np.float32),
        "belief": half(0, 1),
    }
    picture = shades(200, 200)
    picture[40:44, 98:102] = 100
    for known, filled in ((0.9, 30), (0.3, 0)):
        share = np.full((25, 25, 25), known, np.float32)
        share[(int(100 * 24 / 255 + 0.5),) * 3] = 0.3
        made = fill(proposal(**planes), picture, 10, share=share)
        assert abs(made[42, 100, 0] - filled) < 5


def test_without_a_limit_the_colour_table_reaches_everywhere() -> None:
    colour = np.full((*SHAPE, 3), 12.0, np.float32)
    made = fill(proposal(by_colour=colour, belief=half(1, 1)), GREY, np.inf)
    assert np.allclose(made, 12.0)


def test_nothing_tracked_means_nothing_filled() -> None:
    colour = np.full((*SHAPE, 3), 12.0, np.float32)
    assert not fill(proposal(by_colour=colour, belief=half(1, 1)), GREY, 24).any()


def test_evidence_lies_where_the_weight_is_at_its_brightness() -> None:
    volume = evidence(np.full((*SHAPE, 3), 7.0, np.float32), half(1, 0), LUMA)
    rows, columns, levels, planes = volume.shape
    assert planes == 4 and columns == 120 // 8 + 2 and rows == 80 // 8 + 2
    middle = volume[5, :, levels // 2]
    assert np.allclose(middle[3, 1:] / middle[3, 0], 7.0, atol=0.01) and middle[-1, 0] == 0
    assert volume[5, 3, 0, 0] == 0


def test_near_is_a_distance_in_pixels() -> None:
    area = np.zeros(SHAPE, np.bool_)
    assert not near(area, 5).any()
    area[40, 60] = True
    close = near(area, 5)
    assert close[40, 65] and not close[40, 66]


def test_what_moves_otherwise_is_not_filled() -> None:
    colour = np.full((*SHAPE, 3), 12.0, np.float32)
    assert not fill(proposal(by_colour=colour, belief=half(1, 1), allowed=half(0, 0)), GREY, np.inf).any()


def test_a_faint_fill_leaves_the_sources_bits() -> None:
    edit = half(30, 0)[..., None] * np.ones(3, np.float32)
    made = fill(proposal(edit=edit, reach=half(1, 0), confidence=half(1, 0)), GREY, 10)
    outside = made[:, 61:]
    assert ((np.abs(outside).max(axis=2) == 0) | (np.abs(outside).max(axis=2) >= 1.5)).all()


def test_what_looks_like_the_unedited_surroundings_is_not_filled() -> None:
    edit = half(30, 0)[..., None] * np.ones(3, np.float32)
    confidence = half(1, 1)
    confidence[:, 56:66] = 0
    merged = proposal(edit=edit, reach=half(1, 0), confidence=confidence)
    reddish, bluish = (140, 120, 120), (120, 120, 140)
    rgb = np.full((*SHAPE, 3), reddish, np.uint8)
    rgb[:, 60:] = bluish
    made = fill(merged, rgb, 24)
    assert made[40, 57, 0] > 15
    assert not made[:, 61:].any()


def test_a_track_that_leads_astray_is_told_by_the_colours_beside_the_edit() -> None:
    """The edit is dark, what lies beside it light; of that, a strip is tracked into the edit as well."""
    edit = half(30, 0)[..., None] * np.ones(3, np.float32)
    reach, strange = half(1, 0), half(0, 0)
    edit[:, 60:66], reach[:, 60:66], strange[:, 56:66] = 30, 1, 1
    planes = {"edit": edit, "reach": reach, "confidence": half(1, 1)}
    assert np.array_equal(fill(proposal(**planes), shades(40, 220), 24), edit)
    made = fill(proposal(**planes, strange=strange), shades(40, 220), 24)
    assert not made[:, 60:].any() and np.array_equal(made[:, :60], edit[:, :60])
