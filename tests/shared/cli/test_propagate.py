"""The main command, end to end: real files in, real daemon, real files out."""

from __future__ import annotations

import json
import subprocess
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import ANY

import av
import numpy as np
import numpy.typing as npt
import pytest
from keyfollow.cli.propagate import until_done
from keyfollow.errors import DaemonError
from keyfollow.frames import FrameRange
from keyfollow.media.reader import MediaReader
from keyfollow_testkit import clips
from keyfollow_testkit.daemons import Home

Pixels = npt.NDArray[Any]


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def propagated(kf: Home, *words: object) -> dict[str, Any]:
    """Run `keyfollow propagate … --json`; its last event, which must be `done`."""
    done = kf.command("propagate", *map(str, words), "--json")
    assert done.returncode == 0, done.stderr
    last = events(done)[-1]
    assert last["event"] == "done"
    return last


def refused(kf: Home, *words: object) -> tuple[int, dict[str, Any]]:
    """Run a command that must fail: its exit status and its error event. Every error has a sentence and a remedy."""
    done = kf.here(*map(str, words), "--json")
    last = events(done)[-1]
    assert last["event"] == "error" and last["message"] and last["remedy"], done.stdout
    assert last["message"] in done.stderr
    return done.returncode, last


def pixels(path: Path) -> list[Pixels]:
    with MediaReader(path) as reader:
        return [f.pixels for f in reader.frames(FrameRange(0, reader.info.frames))]


def times(path: Path) -> list[Fraction]:
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        return [f.pts * f.time_base for f in file.decode(stream) if f.pts is not None and f.time_base is not None]


def samples(path: Path) -> Pixels:
    """Stereo sound as (2, n) in -1…1, whatever form it is stored in."""
    blocks = []
    with av.open(str(path)) as file:
        for frame in file.decode(file.streams.audio[0]):
            block = frame.to_ndarray()
            blocks.append(block if frame.format.is_planar else block.reshape(-1, 2).T)
    sound: Pixels = np.concatenate(blocks, axis=1)
    white = 1.0 if sound.dtype.kind == "f" else 2.0 ** (8 * sound.dtype.itemsize - 1)
    return sound.astype(np.float64) / white


def close(a: Pixels, b: Pixels, within: float) -> bool:
    return bool(np.abs(a.astype(float) - b.astype(float)).mean() < within)


def test_an_edit_reaches_every_frame_and_leaves_the_rest_alone(kf: Home, clip: Path, edited: Path, tmp_path: Path) -> None:
    last = propagated(kf, clip, "--keyframe", f"0={edited}", "--output", tmp_path / "out.mkv")
    source, result = pixels(clip), pixels(tmp_path / "out.mkv")
    assert len(result) == 12
    assert (result[0] == clips.read_png(edited)).all(), "the keyframe comes back untouched"
    for n in range(12):
        inside = clips.patch_mask(n)
        assert close(result[n][inside], source[n][inside][:, ::-1], 12), f"frame {n} has the edit"
        far = np.ones_like(inside)
        far[:, : int(10 + 1.5 * n + 40)] = False
        assert (result[n][far] == source[n][far]).all(), f"frame {n} is untouched elsewhere"
    report = last["report"]
    assert report["frames"] == 12 and set(report["confidence"]) == {str(n) for n in range(12)}
    assert report["automatic_mask"] and 0 < report["changed_share"] < 0.5
    assert {"reading", "preparing", "propagating", "total"} <= set(report["seconds"])


def test_sound_and_timing_are_the_sources_own(kf: Home, clip: Path, edited: Path, tmp_path: Path) -> None:
    propagated(kf, clip, "-k", f"0={edited}", "-o", tmp_path / "out.mp4")
    assert times(tmp_path / "out.mp4") == times(clip)
    assert (samples(tmp_path / "out.mp4") == samples(clip)).all()


def test_a_range_inside_the_clip_keeps_its_stretch_of_sound(kf: Home, clip: Path, edited: Path, tmp_path: Path) -> None:
    last = propagated(kf, clip, "-k", f"0={edited}", "--range", "4:8", "-o", tmp_path / "out.mkv")
    assert last["report"]["frames"] == 4
    result, source = pixels(tmp_path / "out.mkv"), pixels(clip)
    assert len(result) == 4 and close(result[0][:, 60:], source[4][:, 60:], 0.01)
    heard, whole = samples(tmp_path / "out.mkv"), samples(clip)
    assert heard.shape == (2, 4 * 2000)
    assert np.abs(heard - whole[:, 4 * 2000 : 8 * 2000]).max() < 1e-4


def test_variable_rate_with_sound_keeps_every_time(kf: Home, tmp_path: Path) -> None:
    frames = clips.moving_patch(8)
    pts = [0, 1000, 2500, 3000, 5000, 5500, 7000, 8000]
    clip = clips.write_clip(tmp_path / "vfr.mp4", frames, pts=pts, time_base=Fraction(1, 24000), tone=True)
    key = clips.write_png(tmp_path / "key.png", clips.recoloured(pixels(clip)[3], clips.patch_mask(3)))
    propagated(kf, clip, "-k", f"3={key}", "-o", tmp_path / "out.mp4")
    assert times(tmp_path / "out.mp4") == times(clip) == [Fraction(p, 24000) for p in pts]
    assert (samples(tmp_path / "out.mp4") == samples(clip)).all()


def test_with_a_mask_nothing_outside_it_changes(kf: Home, clip: Path, edited: Path, tmp_path: Path) -> None:
    mask = np.zeros((64, 96), bool)
    mask[16:50, 4:40] = True
    clips.write_png(tmp_path / "mask.png", mask)
    last = propagated(kf, clip, "-k", f"0={edited}", "--mask", f"0={tmp_path / 'mask.png'}", "-o", f"{tmp_path / 'out'}/")
    assert last["report"]["changed_outside_mask"] == 0
    assert "0 px changed" in last["report"]["summary"]
    source = pixels(clip)
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == [f"{n:06d}.png" for n in range(12)]
    result = clips.read_png(tmp_path / "out" / "000000.png")
    assert (result[~mask] == source[0][~mask]).all()


def test_a_mask_video_rules_every_frame(kf: Home, clip: Path, edited: Path, tmp_path: Path) -> None:
    video = [np.repeat(clips.patch_mask(n)[..., None] * np.uint8(255), 3, axis=2) for n in range(12)]
    masks = clips.write_clip(tmp_path / "mask.mkv", video, codec="ffv1", pixel_format="bgr0")
    last = propagated(kf, clip, "-k", f"0={edited}", "--mask", masks, "-o", tmp_path / "out.mkv")
    assert last["report"]["changed_outside_mask"] == 0
    for n, (made, source) in enumerate(zip(pixels(tmp_path / "out.mkv"), pixels(clip), strict=True)):
        outside = ~clips.patch_mask(n)
        assert (made[outside] == source[outside]).all()
        assert (made != source).any()


def test_a_middle_keyframe_goes_both_ways_and_two_keyframes_share(kf: Home, clip: Path, tmp_path: Path) -> None:
    source = pixels(clip)
    keys = {n: clips.write_png(tmp_path / f"{n}.png", clips.recoloured(source[n], clips.patch_mask(n))) for n in (0, 6, 11)}
    propagated(kf, clip, "-k", f"6={keys[6]}", "-o", tmp_path / "middle.mkv")
    middle = pixels(tmp_path / "middle.mkv")
    for n in (0, 3, 9, 11):
        inside = clips.patch_mask(n)
        assert close(middle[n][inside], source[n][inside][:, ::-1], 12)
    propagated(kf, clip, "-k", f"0={keys[0]}", "-k", f"11={keys[11]}", "-o", tmp_path / "both.mkv")
    both = pixels(tmp_path / "both.mkv")
    assert (both[0] == clips.read_png(keys[0])).all() and (both[11] == clips.read_png(keys[11])).all()
    inside = clips.patch_mask(5)
    assert close(both[5][inside], source[5][inside][:, ::-1], 12)


def test_the_second_run_does_no_flow_work(kf: Home, tmp_path: Path) -> None:
    clip = clips.write_clip(tmp_path / "own.mp4", clips.moving_patch(seed=7))
    source = pixels(clip)
    one = clips.write_png(tmp_path / "one.png", clips.recoloured(source[0], clips.patch_mask(0)))
    other = clips.write_png(tmp_path / "other.png", np.where(clips.patch_mask(0)[..., None], 255 - source[0], source[0]))
    first = propagated(kf, clip, "-k", f"0={one}", "-o", tmp_path / "a.mkv")["report"]
    second = propagated(kf, clip, "-k", f"0={other}", "-o", tmp_path / "b.mkv")["report"]
    part = propagated(kf, clip, "-k", f"0={other}", "--range", "2:9", "-o", tmp_path / "c.mkv")["report"]
    assert (first["cache_hits"], first["cache_misses"]) == (0, 11)
    assert (second["cache_hits"], second["cache_misses"]) == (11, 0)
    assert part["cache_misses"] == 0, "an overlapping range shares the work"
    assert second["cache"] == first["cache"]


def test_the_same_request_gives_the_same_frames(kf: Home, clip: Path, edited: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        propagated(kf, clip, "-k", f"0={edited}", "-o", tmp_path / f"{name}.mkv")
    a, b = pixels(tmp_path / "a.mkv"), pixels(tmp_path / "b.mkv")
    assert all((x == y).all() for x, y in zip(a, b, strict=True))


def test_image_sequences_keep_their_pixels(kf: Home, tmp_path: Path) -> None:
    folder = tmp_path / "shot"
    folder.mkdir()
    frames = clips.moving_patch(4)
    for n, frame in enumerate(frames, 1001):
        clips.write_png(folder / f"shot_{n}.png", frame)
    key = clips.write_png(tmp_path / "key.png", clips.recoloured(frames[0], clips.patch_mask(0)))
    for out, source in ((tmp_path / "out1", folder), (tmp_path / "out2", folder / "shot_%04d.png")):
        propagated(kf, source, "-k", f"0={key}", "-o", f"{out}/")
        result = clips.read_png(out / "000003.png")
        assert (result[:, 70:] == frames[3][:, 70:]).all()
        assert (clips.read_png(out / "000000.png") == clips.read_png(key)).all()


def test_delivery_of_the_edit_alone_and_of_the_matte(kf: Home, clip: Path, edited: Path, tmp_path: Path) -> None:
    for what in ("edit", "matte"):
        propagated(kf, clip, "-k", f"0={edited}", "--deliver", what, "--range", "0:3", "-o", f"{tmp_path / what}/")
    changed = (clips.read_png(edited) != pixels(clip)[0]).any(axis=2)
    edit, matte = clips.read_png(tmp_path / "edit" / "000000.png"), clips.read_png(tmp_path / "matte" / "000000.png")
    assert edit.shape[2] == 4 and ((edit[..., 3] == 255) == changed).all()
    assert ((matte[..., 0] == 255) == changed).all()
    assert (edit[changed][:, :3] == clips.read_png(edited)[changed]).all()


def test_a_draft_is_a_whole_result(kf: Home, clip: Path, edited: Path, tmp_path: Path) -> None:
    last = propagated(kf, clip, "-k", f"0={edited}", "--draft", "-o", tmp_path / "out.mkv")
    assert last["report"]["frames"] == 12 and len(pixels(tmp_path / "out.mkv")) == 12


@pytest.mark.parametrize("size", [(718, 718), (35, 21), (2, 2), (1, 1)])
def test_odd_sizes(kf: Home, tmp_path: Path, size: tuple[int, int]) -> None:
    width, height = size
    frames = (
        clips.moving_patch(3, width, height)
        if min(size) > 8
        else [np.full((height, width, 3), 40 + n, np.uint8) for n in range(3)]
    )
    clip = clips.write_clip(tmp_path / "odd.mkv", frames, codec="ffv1", pixel_format="bgr0")
    edited = frames[0].copy()
    edited[: height // 2 + 1, : width // 2 + 1] = (250, 20, 20)
    key = clips.write_png(tmp_path / "key.png", edited)
    take = propagated(kf, clip, "-k", f"0={key}", "-o", tmp_path / "out.mp4")["take"]
    assert kf.command("takes", "export", take, "--output", str(tmp_path / "out.mkv")).returncode == 0
    assert pixels(tmp_path / "out.mkv")[0].shape == (height, width, 3) == pixels(tmp_path / "out.mp4")[2].shape


def test_a_dry_run_says_what_it_costs_and_does_nothing(kf: Home, clip: Path, edited: Path) -> None:
    done = kf.command("propagate", str(clip), "-k", f"0={edited}", "--dry-run", "--json")
    last = events(done)[-1]
    assert done.returncode == 0 and last["event"] == "estimate"
    assert last["estimate"]["frames"] == 12 and last["estimate"]["ram_bytes"] > 0


def test_events_tell_the_course_of_the_run(kf: Home, clip: Path, edited: Path, tmp_path: Path) -> None:
    done = kf.command("propagate", str(clip), "-k", f"0={edited}", "-o", str(tmp_path / "o.mkv"), "--json")
    names = [e["event"] for e in events(done)]
    assert names[0] == "submitted" and names[-2:] == ["cache", "done"]
    assert [e["frame"] for e in events(done) if e["event"] == "frame"] == list(range(12))
    assert done.stdout.count("\n") == len(names)


def test_a_daemon_that_is_stopped_leaves_word_how_to_get_the_output() -> None:
    run: Any = SimpleNamespace(id="0123456789abcdef", job=SimpleNamespace(state="running"), cancel=lambda: None)
    with pytest.raises(DaemonError) as stopped, until_done(run, "out.mp4"):
        raise DaemonError("daemon_stopped", "The daemon was stopped.", "Start it again.")
    assert "keyfollow jobs attach 0123456789ab -o out.mp4" in stopped.value.remedy


class TestMistakes:
    """Each gives its code and exit status, and leaves nothing behind."""

    @pytest.fixture
    def out(self, tmp_path: Path) -> Path:
        return tmp_path / "results" / "out.mp4"

    @pytest.mark.parametrize(
        ("words", "status", "code"),
        [
            (("missing.mp4", "-k", "0={edited}"), 6, "media_not_found"),
            (("{edited}x", "-k", "0={edited}"), 6, "media_not_found"),
            (("{text}", "-k", "0={edited}"), 6, "media_unreadable"),
            (("{clip}",), 2, "no_keyframe"),
            (("{clip}", "-k", "12={edited}"), 2, "frame_out_of_range"),
            (("{clip}", "-k", "0={small}"), 2, "wrong_size"),
            (("{clip}", "-k", "0={edited}", "-k", "0={edited}"), 2, "keyframe_twice"),
            (("{clip}", "-k", "0={text}"), 6, "media_unreadable"),
            (("{clip}", "-k", "0=nothing.png"), 6, "media_not_found"),
            (("{clip}", "-k", "zero"), 2, "bad_option"),
            (("{clip}", "-k", "0={edited}", "--range", "5:5"), 2, "empty_range"),
            (("{clip}", "-k", "0={edited}", "--range", "5:99"), 2, "frame_out_of_range"),
            (("{clip}", "-k", "0={edited}", "--range", "five"), 2, "bad_option"),
            (("{clip}", "-k", "0={edited}", "--engine", "magic"), 2, "unknown_engine"),
            (("{clip}", "-k", "0={edited}", "--set", "magic=1"), 2, "unknown_setting"),
            (("{clip}", "-k", "0={edited}", "--set", "strength=7"), 2, "bad_setting"),
            (("{clip}", "-k", "0={edited}", "--mask", "0={small}"), 2, "wrong_size"),
            (("{clip}", "-k", "0={edited}", "--mask", "99={edited}"), 2, "frame_out_of_range"),
            (("{clip}", "-k", "0={edited}", "--cache", "0123456789abcdef"), 2, "unknown_cache"),
            (("{clip}", "-k", "0={edited}", "--deliver", "half"), 2, "bad_option"),
            (("{clip}", "-k", "0={edited}", "--prompt", "a red patch"), 2, "bad_option"),
            (("{clip}", "-k", "0={edited}", "--model", "some/model"), 2, "bad_option"),
            (("{clip}", "-k", "0={edited}", "--colour", "red"), 2, "bad_usage"),
            (("", "-k", "0={edited}"), 2, "bad_option"),
        ],
    )
    def test_wrong_requests(
        self, kf: Home, clip: Path, edited: Path, out: Path, tmp_path: Path, words: tuple[str, ...], status: int, code: str
    ) -> None:
        out.parent.mkdir()
        text = tmp_path / "text.mp4"
        text.write_text("this is not a video, whatever its name says\n" * 50)
        small = clips.write_png(tmp_path / "small.png", np.zeros((10, 10, 3), np.uint8))
        filled = [w.format(clip=clip, edited=edited, text=text, small=small) for w in words]
        got, error = refused(kf, "propagate", *filled, "--output", out)
        assert (got, error["code"]) == (status, code)
        assert not list(out.parent.iterdir())

    def test_nothing_is_replaced_unasked(self, kf: Home, clip: Path, edited: Path, tmp_path: Path) -> None:
        """Before anything is computed."""
        (there := tmp_path / "there.mp4").write_bytes(b"mine")
        for words in (("propagate", clip, "-k", f"0={edited}"), ("frame", clip, "0")):
            assert refused(kf, *words, "--output", there) == (2, ANY)
            assert refused(kf, *words, "--output", there)[1]["code"] == "output_exists"
            assert refused(kf, *words, "--output", "")[1]["code"] == "bad_option"
        assert there.read_bytes() == b"mine"
        assert kf.here("frame", str(clip), "0", "--output", str(tmp_path / "a.png")).returncode == 0
        assert kf.here("frame", str(clip), "1", "--output", str(tmp_path / "a.png"), "--overwrite").returncode == 0

    def test_no_output(self, kf: Home, clip: Path, edited: Path) -> None:
        assert refused(kf, "propagate", clip, "-k", f"0={edited}")[0] == 2

    @pytest.mark.parametrize("name", ["nowhere/out.mp4", "out.xyz", "file.txt/out.mp4"])
    def test_an_output_that_cannot_be(self, kf: Home, clip: Path, edited: Path, tmp_path: Path, name: str) -> None:
        (tmp_path / "file.txt").write_text("in the way")
        before = sorted(tmp_path.rglob("*"))
        status, _ = refused(kf, "propagate", clip, "-k", f"0={edited}", "-o", tmp_path / name)
        assert status == 2 and sorted(tmp_path.rglob("*")) == before

    def test_the_source_is_never_overwritten(self, kf: Home, clip: Path, edited: Path) -> None:
        before = clip.read_bytes()
        status, error = refused(kf, "propagate", clip, "-k", f"0={edited}", "-o", clip)
        assert (status, error["code"]) == (2, "output_is_source")
        assert clip.read_bytes() == before

    def test_people_get_a_sentence(self, kf: Home) -> None:
        done = kf.command("propagate", "missing.mp4", "-k", "0=x.png", "-o", "out.mp4")
        assert done.returncode == 6 and done.stdout == ""
        assert "missing.mp4" in done.stderr and "Traceback" not in done.stderr
