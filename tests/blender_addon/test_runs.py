"""Jobs followed from Blender against the real daemon: progress, cancel, pause, re-run, save and load, undo, strips that go away."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import bpy
from keyfollow_testkit import stage
from keyfollow_testkit.stage import by_name, edit_keyframe, module, movie, propagate, pump, result, strips, warm


def start(strip: Any, quality: str = "final") -> Any:
    stage.activate(strip)
    name = strip.name
    assert bpy.ops.keyfollow.propagate(quality=quality) == {"FINISHED"}
    return pump(lambda: module("runs").of_strip(by_name(name)))


def working(run: Any) -> bool:
    """Has the job made something, but not all?"""
    progress = run.shown.progress if run.shown else None
    return bool(progress and progress.phase == "Propagating" and 0 < progress.done < progress.total)


def daemon_pid() -> int:
    home = Path(os.environ["KEYFOLLOW_HOME"])
    return int(json.loads((home / "run" / "connection.json").read_text())["pid"])


def test_propagate_lays_the_result_exactly_over_the_range(clip: Any, tmp_path: Path) -> None:
    clip.blend_type = "REPLACE"
    source = stage.render(10, 33, str(tmp_path / "source"))
    made = propagate(clip)
    clip = by_name("rgb")
    assert (made.channel, made.frame_final_start, made.frame_final_end) == (3, 10, 34)
    assert clip.mute
    assert len(clip.keyfollow.takes) == 1 and not clip.keyfollow.job
    rendered = stage.render(10, 33, str(tmp_path / "result"))
    folder = Path(bpy.path.abspath(clip.keyfollow.takes[0].folder))
    assert folder.is_relative_to(tmp_path)
    for n, (pixels, before) in enumerate(zip(rendered, source, strict=True)):
        file = (stage.read(str(folder / f"{n:06d}.tif")) * 255).round().astype(int)
        assert (pixels == file[..., :3]).all()
        assert (pixels[:, 75:] == before[:, 75:]).all(), "outside the edit it is the source"
    assert abs(rendered[10] - source[10])[20:44, 12:36].max() > 20
    assert not list(folder.glob(".*")) and not list(folder.glob("*.part"))


def test_a_4_2_0_clip_is_the_source_outside_the_edit_when_only_the_edit_is_delivered(footage: Path, tmp_path: Path) -> None:
    strip = movie(str(footage / "clip.mp4"), start=1)
    source = stage.render(5, 12, str(tmp_path / "source"))
    edit_keyframe(by_name("clip"), 8, warm)
    by_name("clip").keyfollow.deliver = "edit"
    stage.only(by_name("clip"), 5, 13)
    made = propagate(by_name("clip"))
    strip = by_name("clip")
    assert made.blend_type == "ALPHA_OVER" and not strip.mute
    rendered = stage.render(5, 12, str(tmp_path / "result"))
    for pixels, before in zip(rendered, source, strict=True):
        assert (pixels[:, 75:] == before[:, 75:]).all()
    assert abs(rendered[3] - source[3])[20:44, 12:36].max() > 20


def test_progress_is_told_and_a_cancel_ends_the_job(slow: Any) -> None:
    stage.use_slow_engine(slow, 0.3)
    run = start(slow)
    seen: list[float] = []

    def far() -> bool:
        if working(run):
            seen.append(module("runs").share(run))
        return working(run) and run.shown.progress.done >= 3

    pump(far)
    assert seen == sorted(seen) and 0 < seen[0] < seen[-1] < 1
    stage.activate(by_name("rgb"))
    bpy.ops.keyfollow.job(action="cancel")
    pump(lambda: not by_name("rgb").keyfollow.job)
    kept = by_name("rgb").keyfollow
    assert not kept.error and not kept.takes and result(by_name("rgb")) is None
    assert not module("runs").runs


def test_pressed_again_before_the_source_is_known_it_runs_once_and_can_be_cancelled(slow: Any) -> None:
    app, runs = module("app"), module("runs")
    for pressed in ("propagate", "cancel"):
        app._clips.clear()  # the daemon has to be asked
        stage.activate(by_name("rgb"))
        bpy.ops.keyfollow.propagate(quality="final")
        assert not bpy.ops.keyfollow.propagate.poll() and not runs.runs
        if pressed == "propagate":
            pump(lambda: runs.runs)
            assert not bpy.ops.keyfollow.propagate.poll() and not runs.preparing
        bpy.ops.keyfollow.job(action="cancel")
        pump(lambda: not app.bridge.busy and not runs.runs)
        assert bpy.ops.keyfollow.propagate.poll() and result(by_name("rgb")) is None


def test_pause_holds_and_resume_goes_on(slow: Any) -> None:
    run = start(slow)
    pump(lambda: working(run))
    bpy.ops.keyfollow.job(action="pause")
    pump(lambda: run.shown.state == "paused")
    assert run.phase == "Paused"
    share = module("runs").share(run)
    bpy.ops.keyfollow.job(action="resume")
    pump(lambda: run.shown.state == "running" and working(run))
    assert module("runs").share(run) >= share, "what was made before the pause counts as done"
    pump(lambda: by_name("rgb").keyfollow.takes)
    assert result(by_name("rgb")) is not None


def cold(pixels: Any) -> Any:
    """The opposite of `warm`."""
    out = pixels.copy()
    out[20:44, 12:36, 0] *= 0.5
    return out


def test_two_keyframes_drive_one_run(clip: Any) -> None:
    edit_keyframe(clip, 26, cold)
    clip = by_name("rgb")
    stage.only(clip, 18, 28)
    pictures = {k.frame: stage.read(bpy.path.abspath(k.path)) for k in clip.keyfollow.keyframes}
    assert sorted(pictures) == [10, 16]
    assert propagate(clip) is not None
    folder = Path(bpy.path.abspath(by_name("rgb").keyfollow.takes[0].folder))
    for frame, picture in pictures.items():
        made = stage.read(str(folder / f"{frame:06d}.tif"))
        assert abs(made[20:44, 12:36, :3] - picture[20:44, 12:36, :3]).mean() < 0.01, "each is shown where it was made"


def test_a_second_run_prepares_nothing_anew_and_takes_the_firsts_place(quick: Any) -> None:
    first = propagate(quick)
    first.transform.offset_x = 7
    clip = by_name("rgb")
    job = clip.keyfollow.takes[0].take
    second = propagate(clip)
    clip = by_name("rgb")
    assert second.transform.offset_x == 7, "the strip stays, with what was done to it"
    assert [t.take == job for t in clip.keyfollow.takes] == [True, False]
    takes = Path(os.environ["KEYFOLLOW_HOME"]) / "takes"
    report = json.loads((takes / clip.keyfollow.takes[1].take / "report.json").read_text())
    report = report.get("content", report.get("data", report))
    assert report["cache_misses"] == 0 and report["cache_hits"] > 0
    clip.keyfollow.take_index = 0
    assert job in second.directory
    clip.keyfollow.take_index = 1
    assert job not in second.directory


def test_a_job_is_found_again_after_save_and_load(slow: Any, tmp_path: Path) -> None:
    run = start(slow)
    pump(lambda: working(run))
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    assert run.job not in module("runs").runs or module("runs").runs[run.job] is not run
    assert by_name("rgb").keyfollow.job == run.job
    pump(lambda: by_name("rgb").keyfollow.takes)
    assert result(by_name("rgb")) is not None
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    made = result(by_name("rgb"))
    assert made.directory.startswith("//") and len(made.elements) == 24
    assert len(by_name("rgb").keyfollow.keyframes) == 1


def test_another_blend_is_not_told_of_this_ones_job(slow: Any) -> None:
    run = start(slow)
    pump(lambda: working(run))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    stage.enable()
    stage.scene()
    assert not module("runs").runs
    for _ in range(20):
        module("app").tick()
    assert not list(strips())


def test_undo_takes_away_exactly_the_result(quick: Any) -> None:
    stage.effect("other", 5, 1, 20)
    bpy.ops.ed.undo_push(message="something of the person's own")
    propagate(by_name("rgb"))
    assert sorted(s.name for s in strips()) == ["other", "rgb", "rgb edited"]
    bpy.ops.ed.undo()
    assert sorted(s.name for s in strips()) == ["other", "rgb"]
    assert not by_name("rgb").mute and len(by_name("rgb").keyfollow.keyframes) == 1
    for _ in range(30):
        module("app").tick()
    assert sorted(s.name for s in strips()) == ["other", "rgb"], "it does not come back by itself"
    bpy.ops.ed.redo()
    assert sorted(s.name for s in strips()) == ["other", "rgb", "rgb edited"]


def test_an_undo_during_a_job_does_not_lose_it(slow: Any) -> None:
    bpy.ops.ed.undo_push(message="before")
    run = start(slow)
    pump(lambda: working(run))
    stage.effect("other", 5, 1, 20)
    bpy.ops.ed.undo_push(message="during")
    bpy.ops.ed.undo()
    bpy.ops.ed.undo()
    pump(lambda: by_name("rgb").keyfollow.takes)
    assert result(by_name("rgb")) is not None


def test_a_strip_removed_while_its_job_runs_harms_nothing(slow: Any) -> None:
    run = start(slow)
    pump(lambda: working(run))
    strips().remove(by_name("rgb"))
    pump(lambda: not module("runs").runs)
    assert not list(strips())


def test_a_scene_deleted_while_its_job_runs_harms_nothing(slow: Any) -> None:
    run = start(slow)
    pump(lambda: working(run))
    bpy.data.scenes.new("other")
    bpy.data.scenes.remove(bpy.context.scene)
    pump(lambda: not module("runs").runs)


def test_a_strip_that_was_moved_gets_its_result_where_it_is_now(slow: Any) -> None:
    run = start(slow)
    pump(lambda: working(run))
    by_name("rgb").frame_start += 100
    pump(lambda: by_name("rgb").keyfollow.takes)
    made = result(by_name("rgb"))
    assert (made.frame_final_start, made.frame_final_end) == (110, 134)


def test_a_file_renamed_before_the_run_is_told_with_a_remedy(footage: Path, tmp_path: Path) -> None:
    moved = tmp_path / "mine.mkv"
    moved.write_bytes((footage / "rgb.mkv").read_bytes())
    strip = movie(str(moved))
    edit_keyframe(strip, 5, warm)
    moved.rename(tmp_path / "other.mkv")
    stage.activate(by_name("mine"))
    bpy.ops.keyfollow.propagate(quality="final")
    pump(lambda: by_name("mine").keyfollow.error)
    assert "mine.mkv" in by_name("mine").keyfollow.error and by_name("mine").keyfollow.remedy


def test_a_file_renamed_while_its_job_runs_is_told_or_does_not_matter(footage: Path, tmp_path: Path) -> None:
    moved = tmp_path / "mine.mkv"
    moved.write_bytes((footage / "rgb.mkv").read_bytes())
    edit_keyframe(movie(str(moved)), 5, warm)
    stage.use_slow_engine(by_name("mine"), 0.06)
    run = start(by_name("mine"))
    pump(lambda: working(run))
    moved.rename(tmp_path / "other.mkv")
    pump(lambda: not module("runs").runs)
    kept = by_name("mine").keyfollow
    assert kept.takes or ("mine.mkv" in kept.error and kept.remedy)
    (tmp_path / "other.mkv").rename(moved)
    kept.error = ""
    stage.use_slow_engine(by_name("mine"), 0.0)
    assert propagate(by_name("mine")) is not None


def test_a_daemon_that_is_killed_is_started_again_and_the_job_goes_on(slow: Any) -> None:
    run = start(slow)
    pump(lambda: working(run))
    os.kill(daemon_pid(), signal.SIGKILL)
    pump(lambda: by_name("rgb").keyfollow.takes, 60)
    assert result(by_name("rgb")) is not None


def test_a_failed_job_tells_its_sentence_and_remedy(slow: Any, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text("raise")
    next(s for s in slow.keyfollow.settings if s.name == "trap").s = str(trap)
    start(slow)
    pump(lambda: by_name("rgb").keyfollow.error)
    kept = by_name("rgb").keyfollow
    assert kept.remedy and not kept.job and not module("runs").runs
    bpy.ops.keyfollow.dismiss()
    assert not kept.error


def test_a_draft_is_named_so(quick: Any) -> None:
    stage.activate(quick)
    bpy.ops.keyfollow.propagate(quality="draft")
    pump(lambda: by_name("rgb").keyfollow.takes)
    assert "draft" in by_name("rgb").keyfollow.takes[0].name


def test_the_range_is_the_strips_the_scenes_or_typed(quick: Any) -> None:
    stage.only(quick, 15, 22)
    quick.blend_type = "REPLACE"
    made = propagate(quick)
    assert (made.frame_final_start, made.frame_final_end) == (15, 22)
    assert not by_name("rgb").mute, "the rest of the source is still needed"
    clip = by_name("rgb")
    clip.keyfollow.range = "SCENE"
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 20, 29
    made = propagate(clip)
    assert (made.frame_final_start, made.frame_final_end) == (20, 30)
    assert len([s for s in strips() if s.keyfollow.of]) == 1
    by_name("rgb").keyfollow.range = "TYPED"
    by_name("rgb").keyfollow.start = by_name("rgb").keyfollow.stop = 500
    bpy.ops.keyfollow.propagate(quality="final")
    pump(lambda: by_name("rgb").keyfollow.error)
    assert "range" in by_name("rgb").keyfollow.error
