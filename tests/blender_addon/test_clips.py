"""Which source frame a strip shows, compared with what this Blender renders; what is a clip, and what must be rendered first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest
from keyfollow_testkit import stage
from keyfollow_testkit.stage import module, movie, pump, strips


def shown(strip: Any, folder: Path) -> list[int]:
    """The numbers of the frames that the renderer shows over the strip, with nothing cached before."""
    strip.invalidate_cache("RAW")
    left, right = module("compat").edges(strip)
    return [round((int(p[32, 48, 0]) - 8) / 4) for p in stage.render(left, right - 1, str(folder))]


def worked_out(strip: Any) -> list[int]:
    answers: list[Any] = []
    module("sources").prepare(bpy.context.scene, strip, answers.append, answers.append)
    pump(lambda: answers)
    assert not isinstance(answers[0], Exception), answers
    left, right = module("compat").edges(strip)
    return list(answers[0].frames(left, right))


@pytest.mark.parametrize("fps", [24, 30])
@pytest.mark.parametrize("rate", ["23.976", "25", "29.97"])
def test_every_rate_in_every_scene(footage: Path, tmp_path: Path, rate: str, fps: int) -> None:
    stage.scene(fps=fps)
    plain = movie(str(footage / f"numbers-{rate}.mp4"), start=10)
    assert worked_out(plain) == shown(plain, tmp_path / "plain") == list(range(50))
    adapted = stage.opened(footage / f"numbers-{rate}-{fps}.blend")
    expected = shown(adapted, tmp_path / "adapted")
    # 5.0 shows frame 0 for two scene frames at 29.97 in 30, where a short strip looks the same adapted or not
    unsure = 2 if (rate, fps) in (("29.97", 30), ("23.976", 24)) else 0
    assert worked_out(adapted)[unsure:] == expected[unsure:]
    adapted.use_reverse_frames = True
    assert worked_out(adapted)[:-2] == shown(adapted, tmp_path / "reversed")[:-2]
    adapted.use_reverse_frames = False
    adapted.frame_offset_start, adapted.frame_offset_end = 7, 5
    assert worked_out(adapted)[unsure:] == shown(adapted, tmp_path / "trimmed")[unsure:]


@pytest.mark.parametrize("name", ["varies.mp4", "varies.mkv"])
@pytest.mark.parametrize("fps", [24, 30])
def test_a_rate_that_varies(footage: Path, tmp_path: Path, name: str, fps: int) -> None:
    stage.scene(fps=fps)
    strip = movie(str(footage / name), start=3)
    got = worked_out(strip)
    assert got == shown(strip, tmp_path / "plain")
    assert not bpy.data.movieclips
    assert len(set(got)) > 20 and got != sorted(set(got)), "pictures that last stay for several scene frames"
    strip.frame_offset_start, strip.frame_offset_end = 5, 4
    assert worked_out(strip) == shown(strip, tmp_path / "trimmed") == got[5:-4]
    strip.use_reverse_frames = True
    # backward through an MP4, Blender's reader sometimes shows the picture after a long one while the long one is due
    pairs = zip(worked_out(strip)[:-2], shown(strip, tmp_path / "reversed")[:-2], strict=True)
    assert max(b - a for a, b in pairs) <= 1


def test_speed_strobe_and_cut_off_ends(footage: Path, tmp_path: Path) -> None:
    strip = movie(str(footage / "numbers-25.mp4"), start=1)
    strip.animation_offset_start, strip.animation_offset_end = 4, 6
    assert worked_out(strip) == shown(strip, tmp_path / "cut") == list(range(4, 44))
    strip.strobe = 3
    assert worked_out(strip) == shown(strip, tmp_path / "strobe")
    fast = stage.opened(footage / "numbers-25-fast.blend")
    assert fast.frame_final_duration < 30
    assert worked_out(fast) == shown(fast, tmp_path / "fast")
    fast.use_reverse_frames = True
    assert worked_out(fast) == shown(fast, tmp_path / "fast reversed")


def test_a_base_of_1001(footage: Path, tmp_path: Path) -> None:
    strip = stage.opened(footage / "numbers-25-30-base.blend")
    assert worked_out(strip) == shown(strip, tmp_path)


def images(folder: Path, names: list[str]) -> Any:
    strip = strips().new_image("images", str(folder / names[0]), 1, 1)
    for name in names[1:]:
        strip.elements.append(name)
    return strip


def test_numbered_images_are_a_clip_in_any_order(footage: Path) -> None:
    folder = footage / "images"
    names = [f"shot_{n:04d}.png" for n in (105, 103, 103, 112)]
    source = module("clips").describe(bpy.context.scene, images(folder, names))
    assert source.clip.path == str(folder / "shot_%04d.png")
    assert source.numbers == (4, 2, 2, 11)
    assert source.clip.rate == (24, 1) or source.clip.rate == (24000, 1000)


def test_one_image_is_a_clip_of_one_frame(footage: Path) -> None:
    strip = images(footage / "images", ["shot_0105.png"])
    assert set(worked_out(strip)) == {0}


def test_what_has_no_file_must_be_rendered_and_says_why(footage: Path, tmp_path: Path) -> None:
    scene, describe = bpy.context.scene, module("clips").describe
    colour = stage.effect("colour", 1, 1, 5)
    assert "color" in describe(scene, colour).bake
    for name in ("a_1.png", "a_3.png"):
        (tmp_path / name).write_bytes((footage / "images" / "shot_0105.png").read_bytes())
    assert "gap" in describe(scene, images(tmp_path, ["a_1.png", "a_3.png"])).bake
    (tmp_path / "b_2.png").write_bytes(b"x")
    assert "series" in describe(scene, images(tmp_path, ["a_1.png", "b_2.png"])).bake


def test_a_missing_file_is_named(footage: Path, tmp_path: Path) -> None:
    strip = movie(str(footage / "rgb.mkv"))
    strip.filepath = str(tmp_path / "gone.mkv")
    answers: list[Any] = []
    module("sources").prepare(bpy.context.scene, strip, answers.append, answers.append)
    assert answers[0].code == "media_not_found" and "gone.mkv" in str(answers[0])
