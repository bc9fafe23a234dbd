"""What people type."""

from __future__ import annotations

from pathlib import Path

import pytest
from keyfollow.cli import options
from keyfollow.errors import UsageError
from keyfollow.frames import FrameRange


def test_frame_images() -> None:
    assert options.frame_images("-k", ["0=a.png", "12=dir/b=c.png"]) == {0: "a.png", 12: "dir/b=c.png"}


def test_a_frame_is_a_whole_number_from_0() -> None:
    assert options.frame_number(" 12 ") == 12
    for text in ("abc", "-1", "1.5", "²", ""):
        with pytest.raises(UsageError, match="is not the number of a frame") as error:
            options.frame_number(text)
        assert "whole numbers" in error.value.remedy


@pytest.mark.parametrize(
    ("text", "says"),
    [
        *((text, "is not FRAME=IMAGE") for text in ("a.png", "=a.png", "3=")),
        *((text, "is not the number of a frame") for text in ("x=a.png", "-1=a.png", "1.5=a.png")),
    ],
)
def test_wrong_frame_images(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        options.frame_images("-k", [text])


def test_masks_are_stills_or_one_video(tmp_path: Path) -> None:
    assert options.masks([]) is None
    assert options.masks(["0=a.png", "5=b.png"]) == {0: "a.png", 5: "b.png"}
    assert options.masks(["matte.mov"]) == "matte.mov"
    with pytest.raises(UsageError, match="is a still"):
        options.masks(["mask.png"])
    with pytest.raises(UsageError, match=r"24\.5 is not the number of a frame"):
        options.masks(["24.5=mask.png"])
    strange = tmp_path / "0=odd.mov"
    strange.touch()
    assert options.masks([str(strange)]) == str(strange)
    with pytest.raises(UsageError):
        options.masks(["0=a.png", "matte.mov"])


def test_ranges() -> None:
    assert options.frame_range(None, 20) == FrameRange(0, 20)
    assert options.frame_range("3:9", 20) == FrameRange(3, 9)
    assert options.frame_range(":9", 20) == FrameRange(0, 9)
    assert options.frame_range("3:", 20) == FrameRange(3, 20)
    for text in ("3", "3-9", "a:b", "9:3", "4:4", "-1:4", "20:"):
        with pytest.raises(UsageError):
            options.frame_range(text, 20)
    with pytest.raises(UsageError, match="-5 is not the number of a frame"):
        options.frame_range("-5:10", 20)
    for text in ("0:21", "20:", "30:40", "30:"):
        with pytest.raises(UsageError, match=f"{text} is not in the clip, which has 20 frames") as error:
            options.frame_range(text, 20)
        assert error.value.code == "frame_out_of_range" and "19" in error.value.remedy
    with pytest.raises(UsageError, match=r"which has 1 frame\."):
        options.frame_range("0:20", 1)


def test_settings() -> None:
    assert options.settings(["a=1", "b = x=y"]) == {"a": "1", "b": " x=y"}
    for text in ("a", "=1"):
        with pytest.raises(UsageError):
            options.settings([text])


def test_rates_are_exact() -> None:
    assert options.rate(None) is None
    assert options.rate("24000/1001") == (24000, 1001)
    assert options.rate("23.976") == (2997, 125)
    for text in ("0", "fast", "1/0", "-24", "99999"):
        with pytest.raises(UsageError):
            options.rate(text)
