"""The result strip looks like its source: same transform, grade, blend and animation, compared by rendering both."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from keyfollow_testkit import stage
from keyfollow_testkit.stage import by_name, edit_keyframe, module, movie, propagate, strips


def twin(strip: Any) -> Any:
    """An image strip of the same pictures, with the look copied; the source is muted."""
    folder = Path(bpy.path.abspath(strip.filepath)).parent / "images"
    made = strips().new_image("twin", str(folder / "shot_0101.png"), 5, 1)
    for n in range(102, 113):
        made.elements.append(f"shot_{n:04d}.png")
    module("compat").set_length(made, 12)
    assert module("looks").copy(bpy.context.scene, strip, made) == []
    return made


def moved(strip: Any) -> None:
    strip.transform.offset_x, strip.transform.offset_y = 9, -5
    strip.transform.scale_x, strip.transform.rotation = 0.7, 0.3
    strip.transform.origin = (0.2, 0.7)
    strip.crop.min_x, strip.crop.max_y = 8, 6


def graded(strip: Any) -> None:
    with module("compat").shown(bpy.context.scene):
        _grade(strip)


def _grade(strip: Any) -> None:
    bright = strip.modifiers.new("bright", "BRIGHT_CONTRAST")
    bright.bright, bright.contrast = 7, 22
    curves = strip.modifiers.new("curves", "CURVES")
    curves.curve_mapping.curves[3].points.new(0.4, 0.6)
    curves.curve_mapping.update()
    balance = strip.modifiers.new("balance", "COLOR_BALANCE")
    balance.color_balance.gain = (1.2, 0.9, 0.8)
    strip.color_saturation, strip.color_multiply = 1.4, 0.9


def faded(strip: Any) -> None:
    strip.blend_type, strip.blend_alpha = "ALPHA_OVER", 0.6
    strip.use_flip_x = strip.use_flip_y = True


def animated(strip: Any) -> None:
    strip.blend_type = "ALPHA_OVER"
    for frame, value in ((1, 1.0), (12, 0.2)):
        strip.blend_alpha = value
        strip.keyframe_insert("blend_alpha", frame=frame)


@pytest.mark.parametrize(
    ("look", "transform"), [(moved, "AgX"), (graded, "Standard"), (faded, "Standard"), (animated, "Standard")]
)
def test_a_copied_look_renders_the_same(footage: Path, tmp_path: Path, look: Callable[[Any], None], transform: str) -> None:
    stage.scene(transform=transform)
    source = movie(str(footage / "rgb.mkv"))
    look(source)
    expected = stage.render(1, 12, str(tmp_path / "source"))
    made = twin(source)
    source.mute = True
    got = stage.render(1, 12, str(tmp_path / "twin"))
    for a, b in zip(expected, got, strict=True):
        assert abs(a - b).max() <= 1
    assert not made.mute


@pytest.mark.parametrize("transform", ["AgX"])
def test_a_graded_strips_result_equals_it_outside_the_edit(clip: Any, tmp_path: Path, transform: str) -> None:
    bpy.context.scene.view_settings.view_transform = transform
    graded(clip)
    source = stage.render(16, 23, str(tmp_path / "source"))
    stage.only(clip, 16, 24)
    propagate(by_name("rgb"))
    by_name("rgb").mute = True
    result = stage.render(16, 23, str(tmp_path / "result"))
    for a, b in zip(source, result, strict=True):
        assert (a[:, 75:] == b[:, 75:]).all()
    assert abs(source[7] - result[7])[20:44, 12:36].max() > 20


SPEEDS: list[Any] = [
    ("patch-29.97-24", False),
    ("rgb-fast", False),
    ("patch-25-24", True),
    ("patch-23.976-30", False),
]
if os.environ.get("KEYFOLLOW_COUNTS") == "long":
    SPEEDS = [(f"patch-{rate}-{fps}", r) for rate in ("23.976", "25", "29.97") for fps in (24, 30) for r in (False, True)]
    SPEEDS += [("rgb-fast", False), ("rgb-fast", True)]


@pytest.mark.parametrize(("name", "reverse"), SPEEDS)
def test_every_speed_equals_the_source_outside_the_edit(footage: Path, tmp_path: Path, name: str, reverse: bool) -> None:
    strip = stage.opened(footage / f"{name}.blend")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "mine.blend"))
    strip = strips()[0]
    strip.use_reverse_frames = reverse
    left, right = module("compat").edges(strip)
    source = stage.render(left, right - 1, str(tmp_path / "source"))
    key = edit_keyframe(strip, left + 5, stage.warm)
    strip = strips()[0]
    made = propagate(strip)
    assert module("compat").edges(made) == (left, right)
    strips()[strip.name].mute = True
    result = stage.render(left, right - 1, str(tmp_path / "result"))
    wrong = [n for n, (a, b) in enumerate(zip(source, result, strict=True)) if (a[:, 82:] != b[:, 82:]).any()]
    assert len(wrong) <= stage.unsure(name), wrong
    assert abs(source[5] - result[5])[20:44, 12:36].max() > 20
    assert key.frame >= 0
