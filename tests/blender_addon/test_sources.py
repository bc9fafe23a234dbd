"""A strip made ready, now or later, or an error that says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest
from keyfollow_testkit import stage
from keyfollow_testkit.stage import module, movie, pump


def test_what_is_known_already_needs_no_asking(footage: Path) -> None:
    sources, strip = module("sources"), movie(str(footage / "patch-29.97.mkv"), start=7)
    answers: list[Any] = []
    sources.prepare(bpy.context.scene, strip, answers.append, answers.append)
    pump(lambda: answers)
    known = sources.known(bpy.context.scene, strip)
    assert known.info == answers[0].info and known.frame_at(9) == 2 and known.keyframe_suffix == ".png"


def test_nothing_is_known_of_what_was_never_asked_or_is_gone(footage: Path, tmp_path: Path) -> None:
    sources = module("sources")
    copy = tmp_path / "copy.mkv"
    copy.write_bytes((footage / "rgb.mkv").read_bytes())
    strip = movie(str(copy))
    assert sources.known(bpy.context.scene, strip) is None
    copy.unlink()
    assert sources.known(bpy.context.scene, strip) is None
    colour = stage.effect("colour", 5, 1, 4)
    assert sources.known(bpy.context.scene, colour) is None


def test_a_file_that_is_no_video_is_refused_with_a_remedy(tmp_path: Path, footage: Path) -> None:
    strip = movie(str(footage / "rgb.mkv"))
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"not a video" * 100)
    strip.filepath = str(bad)
    answers: list[Any] = []
    module("sources").prepare(bpy.context.scene, strip, answers.append, answers.append)
    pump(lambda: answers)
    assert answers[0].code.startswith("media_") and answers[0].remedy


def test_what_goes_away_while_the_daemon_is_asked_is_told(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources, copy = module("sources"), tmp_path / "copy.mkv"
    copy.write_bytes((footage / "rgb.mkv").read_bytes())
    strip = movie(str(copy))
    asked: list[Any] = []
    answers: list[Any] = []
    monkeypatch.setattr(module("app"), "clip_is", lambda clip, then, otherwise: asked.append(then))
    sources.prepare(bpy.context.scene, strip, answers.append, answers.append)
    copy.unlink()
    asked[0](None)
    stage.strips().remove(strip)
    asked[0](None)
    assert [a.code for a in answers] == ["cannot_read", "strip_gone"]
