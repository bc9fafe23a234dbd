"""Which requests are possible on a clip of ten frames of 64x48, and what is said of those that are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from keyfollow.checks import MASK_SIZE, check_request, check_size
from keyfollow.edits import Blob, Clip, EditRequest, Keyframe, Mask
from keyfollow.engine_info import EngineInfo, Setting
from keyfollow.errors import KeyfollowError, ModelMissing, UsageError
from keyfollow.frames import FrameRange
from keyfollow.media.info import MediaInfo

MEDIA = MediaInfo("video", 64, 48, 10, (24, 1), (1, 24), tuple(range(10)), "uint8", 3, 8)
ENGINE = EngineInfo("patch", "Patch", "1", "", (Setting("radius", "int", 3, "", 1, 9),))
PICTURE = Blob("ab" * 32, 10)
GOOD = EditRequest(Clip("/a.mp4"), keyframes=(Keyframe(3, PICTURE),))


def test_the_range_is_the_clip_or_what_was_asked_for() -> None:
    assert check_request(GOOD, MEDIA, ENGINE) == FrameRange(0, 10)
    assert check_request(replace(GOOD, range=FrameRange(4, 10)), MEDIA, ENGINE) == FrameRange(4, 10)


@pytest.mark.parametrize(
    "change",
    [
        {"keyframes": (Keyframe(0, PICTURE), Keyframe(9, PICTURE))},
        {"range": FrameRange(5, 6)},
        {"settings": {"radius": 9}},
        {
            "masks": (
                Mask("edit", frame=0, image=PICTURE),
                Mask("front", video="/m.mkv"),
                Mask("protect", frame=9, image=PICTURE),
            )
        },
    ],
)
def test_what_is_possible_passes(change: dict[str, Any]) -> None:
    check_request(replace(GOOD, **change), MEDIA, ENGINE)


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"range": FrameRange(5, 11)}, "frame_out_of_range", "5:11"),
        ({"keyframes": ()}, "no_keyframe", "keyframe"),
        ({"keyframes": (Keyframe(10, PICTURE),)}, "frame_out_of_range", "10 frames"),
        ({"keyframes": (Keyframe(-1, PICTURE),)}, "frame_out_of_range", "-1"),
        ({"keyframes": (Keyframe(3, PICTURE), Keyframe(3, PICTURE))}, "keyframe_twice", "3"),
        ({"masks": (Mask("edit"),)}, "bad_mask", "mask"),
        ({"masks": (Mask("edit", frame=1, image=PICTURE, video="/m.mkv"),)}, "bad_mask", "mask"),
        ({"masks": (Mask("edit", image=PICTURE),)}, "bad_mask", "mask"),
        ({"masks": (Mask("edit", frame=10, image=PICTURE),)}, "frame_out_of_range", "10"),
        ({"settings": {"radius": 10}}, "bad_setting", "radius"),
        ({"settings": {"raduis": 3}}, "unknown_setting", "raduis"),
    ],
)
def test_what_is_not_possible_is_said_with_the_values_that_made_it_so(change: dict[str, Any], code: str, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_request(replace(GOOD, **change), MEDIA, ENGINE)
    assert refused.value.code == code
    assert says in refused.value.message
    assert refused.value.remedy


def test_the_last_frame_is_named_to_those_who_count_from_one() -> None:
    with pytest.raises(UsageError, match="the last one is 9"):
        check_request(replace(GOOD, keyframes=(Keyframe(10, PICTURE),)), MEDIA, ENGINE)


def refusal(request: EditRequest, engine: EngineInfo) -> KeyfollowError:
    with pytest.raises(KeyfollowError) as refused:
        check_request(request, MEDIA, engine)
    return refused.value


def test_an_engine_says_what_it_lacks_before_anything_else() -> None:
    error = refusal(replace(GOOD, keyframes=()), replace(ENGINE, missing=("Fetch the weights.", "Get a GPU.")))
    assert isinstance(error, ModelMissing)
    assert error.remedy == "Fetch the weights. Get a GPU."


def test_an_engine_may_need_a_prompt_and_may_do_without_a_keyframe() -> None:
    talker = replace(ENGINE, needs_prompt=True, needs_keyframe=False)
    assert refusal(GOOD, talker).code == "prompt_missing"
    check_request(replace(GOOD, keyframes=(), prompt="a hat"), MEDIA, talker)


def test_a_picture_must_have_the_size_of_the_clip() -> None:
    check_size("Keyframe 3", (64, 48), MEDIA)
    for height, width in ((48, 63), (47, 64), (64, 48)):
        with pytest.raises(UsageError) as refused:
            check_size("Keyframe 3", (width, height), MEDIA)
        assert refused.value.code == "wrong_size"
        assert f"Keyframe 3 is {width}x{height}, but the clip is 64x48" in refused.value.message
        assert "keyfollow frame" in refused.value.remedy
    with pytest.raises(UsageError) as refused:
        check_size("The mask m.png", (1, 1), MEDIA, MASK_SIZE)
    assert "the mask" in refused.value.remedy
