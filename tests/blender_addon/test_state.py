"""What is kept with a strip survives save, load, copy and split."""

from __future__ import annotations

from pathlib import Path

import bpy
from keyfollow_testkit.stage import activate, by_name, module, movie, strips


def fill(footage: Path) -> None:
    strip = movie(str(footage / "rgb.mkv"))
    activate(strip)
    kept = strip.keyfollow
    kept.prompt, kept.seed, kept.range, kept.start = "a red car", 9, "TYPED", 4
    item = kept.keyframes.add()
    item.frame, item.path = 12, "//a.png"
    mask = kept.masks.add()
    mask.role, mask.path, mask.video = "front", "//m.mp4", True
    module("state").identify(strip)


def test_it_survives_a_save(footage: Path) -> None:
    fill(footage)
    uid = by_name("rgb").keyfollow.uid
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    kept = by_name("rgb").keyfollow
    assert (kept.uid, kept.prompt, kept.seed, kept.range, kept.start) == (uid, "a red car", 9, "TYPED", 4)
    assert (kept.keyframes[0].frame, kept.keyframes[0].path) == (12, "//a.png")
    assert (kept.masks[0].role, kept.masks[0].video) == ("front", True)


def test_both_halves_of_a_split_keep_it_and_become_two(footage: Path) -> None:
    fill(footage)
    state = module("state")
    uid = by_name("rgb").keyfollow.uid
    other = by_name("rgb").split(frame=10, split_method="SOFT")
    assert [k.frame for k in other.keyframes] == [12] if hasattr(other, "keyframes") else True
    assert [k.frame for k in other.keyfollow.keyframes] == [12] and other.keyfollow.prompt == "a red car"
    assert state.identify(other) != uid
    assert len({s.keyfollow.uid for s in strips()}) == 2


def test_strips_are_found_by_job_and_id(footage: Path) -> None:
    fill(footage)
    state, strip = module("state"), by_name("rgb")
    strip.keyfollow.job = "j" * 32
    assert state.with_job("j" * 32) == (bpy.context.scene, strip)
    assert state.with_uid(strip.keyfollow.uid)[1] == strip
    assert state.with_uid("") is None and state.with_job("none") is None and not list(state.results_of(""))
