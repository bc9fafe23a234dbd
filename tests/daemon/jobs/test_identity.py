"""Clips are told apart without reading them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from keyfollow.edits import Blob, Clip, EditRequest, Keyframe
from keyfollow_daemon.engines import registry
from keyfollow_daemon.jobs.identity import prepared_from, source_identity


def identity(clip: Clip) -> str:
    return source_identity(EditRequest(clip))


def test_a_file_is_another_clip_when_it_was_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"one")
    before = identity(Clip(str(path)))
    assert identity(Clip(str(path))) == before
    os.utime(path, ns=(1, 1))
    touched = identity(Clip(str(path)))
    path.write_bytes(b"four")
    os.utime(path, ns=(1, 1))
    grown = identity(Clip(str(path)))
    (tmp_path / "b.mp4").write_bytes(b"four")
    os.utime(tmp_path / "b.mp4", ns=(1, 1))
    assert len({before, touched, grown, identity(Clip(str(tmp_path / "b.mp4")))}) == 4


def test_uploaded_frames_are_told_apart_by_content_and_order() -> None:
    one, two = Blob("aa" * 32, 1), Blob("bb" * 32, 1)
    assert identity(Clip(frames=(one, two))) == identity(Clip(frames=(Blob("aa" * 32, 1, name="other"), two)))
    assert len({identity(Clip(frames=f)) for f in ((one, two), (two, one), (one,), (one, one))}) == 4


def test_a_path_that_leads_nowhere_has_an_identity_too(tmp_path: Path) -> None:
    """It is asked for when a job starts: a clip that is gone, or was never possible, must fail its job and nothing else."""
    for path in (str(tmp_path / "none.mp4"), str(tmp_path / ("x" * 5000)), "/dev/null/none", "", "a\0b"):
        assert identity(Clip(path))


def test_what_is_prepared_goes_by_the_clip_and_by_what_the_source_alone_is_prepared_with() -> None:
    patch, pix2video = registry.engines()["patch"], registry.engines()["pix2video"]
    request = EditRequest(Clip("a.mp4"))
    final = prepared_from(request, patch)
    assert prepared_from(replace(request, keyframes=(Keyframe(3, Blob("aa" * 32, 1)),), seed=4), patch) == final
    others = [
        prepared_from(replace(request, quality="draft"), patch),
        prepared_from(replace(request, clip=Clip("b.mp4")), patch),
        prepared_from(request, replace(patch, version="0")),
        prepared_from(request, pix2video),
        prepared_from(replace(request, source_prompt="a cat"), pix2video),
    ]
    assert len({final, *others}) == 6
    assert prepared_from(replace(request, prompt="a dog"), pix2video) == others[3]
