from __future__ import annotations

import dataclasses

import pytest
from keyfollow.edits import Blob, Clip, EditRequest, Keyframe, Mask
from keyfollow.frames import FrameRange
from keyfollow.plain import PlainError, from_plain, to_plain

REQUEST = EditRequest(
    clip=Clip(path="/clips/walk.mp4"),
    keyframes=(Keyframe(3, Blob("aa", 10, name="walk_000003.png")), Keyframe(40, Blob("bb", 11, "frame"))),
    masks=(Mask("protect", 3, Blob("cc", 12)), Mask(video="/clips/matte.mov")),
    range=FrameRange(0, 30),
    settings={"strength": 0.5, "radius": 3, "grain": True, "preset": "Local change"},
    prompt="a red coat",
    seed=7,
    quality="draft",
)


def test_a_request_survives_the_wire_and_the_job_store() -> None:
    assert from_plain(EditRequest, to_plain(REQUEST)) == REQUEST


def test_a_minimal_request_is_a_final_by_the_default_engine_over_the_whole_clip() -> None:
    request = from_plain(EditRequest, {"clip": {"path": "a.mp4"}})
    assert (request.engine, request.quality, request.range, request.seed) == ("patch", "final", None, 0)


def test_settings_keep_their_types() -> None:
    settings = from_plain(EditRequest, to_plain(REQUEST)).settings
    assert {name: type(value) for name, value in settings.items()} == {
        "strength": float,
        "radius": int,
        "grain": bool,
        "preset": str,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"quality": "best"},
        {"seed": "7"},
        {"seed": True},
        {"settings": {"strength": [1]}},
        {"settings": {1: 2}},
        {"keyframes": [{"frame": 1}]},
        {"masks": [{"role": "behind"}]},
        {"clip": {"path": "a.mp4", "rate": [24]}},
        {"clip": None},
    ],
    ids=repr,
)
def test_what_does_not_fit_is_refused_by_the_name_of_its_field(wrong: dict[str, object]) -> None:
    with pytest.raises(PlainError, match=next(iter(wrong))):
        from_plain(EditRequest, to_plain(REQUEST) | wrong)


def test_a_request_cannot_be_changed_after_it_was_checked() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        REQUEST.seed = 8  # type: ignore[misc]
