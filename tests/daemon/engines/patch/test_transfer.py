from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.patch.keymodel import key_model
from keyfollow_daemon.engines.patch.seen import Seen
from keyfollow_daemon.engines.patch.transfer import transfer


def sight(picture: Any) -> Seen:
    """The keyframe as seen in itself."""
    sure, still = np.ones(picture.shape[:2], np.float32), np.zeros((*picture.shape[:2], 2), np.float32)
    return Seen(still, sure, sure, 0 * sure, still.copy(), sure > 0, sure < 0)


def painted(picture: Any) -> Any:
    out = picture.copy()
    out[40:100, 60:130] = (out[40:100, 60:130] * (0.4, 0.9, 0.5) + (0, 20, 60)).astype(np.uint8)
    return out


def test_on_the_keyframe_itself_the_edit_is_the_edit(picture: Any) -> None:
    model = key_model(FrameBuffer(painted(picture)), FrameBuffer(picture), -1.0)
    made = transfer(model, sight(picture), picture.astype(np.float32))
    assert np.abs(picture + made.edit - painted(picture)).max() < 0.5
    assert not made.edit[made.reach == 0].any() and (made.reach == 0).mean() > 0.5


def test_it_moves_with_the_offsets_and_darkens_with_the_light(picture: Any) -> None:
    model = key_model(FrameBuffer(painted(picture)), FrameBuffer(picture), -1.0)
    frame = np.roll(picture, 10, axis=1).astype(np.float32) * np.float32(0.7)
    state = sight(picture)
    state.offset[..., 0] = -10
    truth = np.roll(painted(picture), 10, axis=1) * 0.7
    area = (slice(45, 95), slice(75, 135))
    made = frame + transfer(model, state, frame).edit
    assert np.abs(made[area] - truth[area]).mean() < 6
    assert np.abs(frame[area] - truth[area]).mean() > 25


def test_the_frames_own_detail_is_kept(picture: Any) -> None:
    model = key_model(FrameBuffer(painted(picture)), FrameBuffer(picture), -1.0)
    frame = picture.astype(np.float32)
    frame[70, 90] += 40
    made = frame + transfer(model, sight(picture), frame).edit
    assert (made[70, 90] - painted(picture)[70, 90]).mean() > 10


def test_a_recolouring_takes_part_in_a_highlight_as_its_surface_does(picture: Any) -> None:
    picture = picture.copy()
    recoloured = picture.copy()
    recoloured[:, :160] = (picture * (0.4, 0.9, 0.5) + (0, 20, 60)).astype(np.uint8)[:, :160]
    picture[:, 150:], recoloured[:, 150:] = 250, 250
    model = key_model(FrameBuffer(recoloured), FrameBuffer(picture), -1.0)
    frame = (picture * np.float32(0.5) + 110).astype(np.float32)
    made = frame + transfer(model, sight(picture), frame).edit
    truth = recoloured * 0.5 + 110
    inside = (slice(20, -20), slice(20, 130))
    assert np.abs(made - truth)[inside].mean() < 0.6 * np.abs(frame - truth)[inside].mean()


def test_of_what_lies_beyond_its_border_a_keyframe_tells_nothing(picture: Any) -> None:
    seen = sight(picture)
    offset = seen.offset.copy()
    offset[..., 0] -= 3.0
    model = key_model(FrameBuffer(255 - picture), FrameBuffer(picture), 0.0)
    made = transfer(model, replace(seen, offset=offset), picture.astype(np.float32))
    assert not made.confidence[:, :3].any() and made.confidence[:, 3:].all()


def test_what_is_faint_beside_the_edit_stays_as_it_is(picture: Any) -> None:
    edited = picture.copy()
    edited[40:60, 40:60] = 255 - edited[40:60, 40:60]
    model = key_model(FrameBuffer(edited), FrameBuffer(picture), 0.0)
    frame = np.clip(picture.astype(np.float32) * np.float32(0.98), 0, 255)
    made = np.abs(transfer(model, sight(picture), frame).edit).max(axis=2)
    rim = model.changed & ~model.core
    assert rim[38, 50] and not rim[40, 50] and made[42:58, 42:58].max() > 6.0
    assert not ((made > 0) & (made < 6.0))[rim].any()


def test_what_is_placed_behind_a_gap_takes_part_in_the_edit(large_picture: Any) -> None:
    after = painted(large_picture)
    after[:, 90:99] = large_picture[:, 90:99]
    model = key_model(FrameBuffer(after), FrameBuffer(large_picture), -1.0)
    state = sight(large_picture)
    assert not transfer(model, state, large_picture.astype(np.float32)).edit[60:80, 93:96].any()
    state.confidence[60:80, 90:99], state.placed[60:80, 90:99] = 0.1, True
    made = transfer(model, state, large_picture.astype(np.float32))
    assert np.abs((large_picture + made.edit)[60:80, 93:96] - painted(large_picture)[60:80, 93:96]).mean() < 12
    assert made.reach[60:80, 93:96].min() == 1 and made.confidence[60:80, 93:96].min() > 0.6


def test_what_light_cannot_explain_is_strange_where_the_keyframe_s_colours_tell(picture: Any) -> None:
    before, after = picture.copy(), picture.copy()
    before[40:100, 60:130] = (180, 60, 40)
    after[40:100, 60:130] = (40, 160, 60)
    model = key_model(FrameBuffer(after), FrameBuffer(before), -1.0)
    inside = (slice(50, 90), slice(70, 120))
    darker = before.astype(np.float32) * np.float32(0.6)
    assert not transfer(model, sight(before), darker).strange.any()
    other = before.astype(np.float32)
    other[40:100, 60:130] = (120, 90, 50)
    made = transfer(model, sight(before), other)
    assert made.strange[inside].min() == 1 and not made.strange[made.reach == 0].any()
    untold = replace(model, telling=np.zeros_like(model.telling))
    assert not transfer(untold, sight(before), other).strange.any()


def glimpse(picture: Any, share: float) -> Any:
    """What colours tell of the edit when all is lost but for `share` of it, which only looks right (confidence 0.2)."""
    model = key_model(FrameBuffer(painted(picture)), FrameBuffer(picture), -1.0)
    state = sight(picture)
    area = np.zeros(picture.shape[:2], np.bool_)
    area[30:110, 50:140] = True
    rest = area.copy()
    rest[40 : 40 + round(60 * share)] = False
    state.confidence[area] = 0.2
    state.offset[rest] = (-90, 0)
    state.confidence[rest] = 0.0
    return transfer(model, state, picture.astype(np.float32)).by_colour[45:95, 65:125]


def test_an_object_of_which_only_a_glimpse_is_likely_has_its_colours_still(picture: Any) -> None:
    assert np.abs(glimpse(picture, 0.05)).max(axis=2).mean() > 15
    assert not glimpse(picture, 0.0).any(), "of what is gone there is none"
