from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from keyfollow.errors import MediaError, UsageError
from keyfollow_desktop.model import relink
from keyfollow_desktop.model.state import Media, Project
from keyfollow_testkit import clips

BIG = 5 << 20


def of(path: Path, name: str = "m") -> Media:
    return Media(name, path.name, str(path), relink.fingerprint(path), 64, 48, 4, (24, 1))


def holding(*media: Media) -> Project:
    return Project(media={m.id: m for m in media})


@pytest.fixture
def series(tmp_path: Path) -> Path:
    folder = tmp_path / "shot"
    folder.mkdir()
    for n in range(3):
        clips.write_png(folder / f"shot_{n:04d}.png", np.full((48, 64, 3), n, np.uint8))
    return folder


def test_a_fingerprint_is_of_the_content_not_of_the_name(tmp_path: Path) -> None:
    first, second = tmp_path / "a.mp4", tmp_path / "b.mp4"
    data = bytearray(os.urandom(BIG))
    first.write_bytes(data)
    second.write_bytes(data)
    assert relink.fingerprint(first) == relink.fingerprint(second)
    for place in (10, BIG // 2, BIG - 10):
        changed = bytearray(data)
        changed[place] ^= 1
        second.write_bytes(changed)
        assert relink.fingerprint(first) != relink.fingerprint(second)
    second.write_bytes(data + b"x")
    assert relink.fingerprint(first) != relink.fingerprint(second)


def test_a_sequence_has_one_too(series: Path) -> None:
    before = relink.fingerprint(series)
    assert relink.fingerprint(series / "shot_%04d.png") == before
    (series / "shot_0002.png").unlink()
    assert relink.fingerprint(series) != before


def test_what_is_not_there_has_none(tmp_path: Path) -> None:
    with pytest.raises(MediaError):
        relink.fingerprint(tmp_path / "nowhere.mp4")


def test_moved_and_renamed_footage_is_found_by_what_it_holds(tmp_path: Path, series: Path) -> None:
    for name, data in (("a.mp4", b"a" * 99), ("b.mp4", b"b" * 99), ("c.mp4", b"c" * 99)):
        (tmp_path / name).write_bytes(data)
    media = [of(tmp_path / "a.mp4", "a"), of(tmp_path / "b.mp4", "b"), of(tmp_path / "c.mp4", "c"), of(series, "s")]
    pattern = of(series / "shot_%04d.png", "p")
    new = tmp_path / "archive" / "2026"
    new.mkdir(parents=True)
    shutil.move(tmp_path / "a.mp4", new / "a.mp4")
    shutil.move(tmp_path / "b.mp4", new / "renamed.mp4")
    (tmp_path / "c.mp4").unlink()
    (new / "c.mp4").write_bytes(b"another film of that name")
    shutil.move(series, new / "plates")
    project = holding(*media, pattern)
    assert {m.id for m in relink.missing(project)} == {"a", "b", "c", "s", "p"}
    found = relink.search(relink.missing(project), tmp_path / "archive")
    assert found == {
        "a": str(new / "a.mp4"),
        "b": str(new / "renamed.mp4"),
        "s": str(new / "plates"),
        "p": str(new / "plates" / "shot_%04d.png"),
    }
    linked = relink.relink(project, found)
    assert [m.id for m in relink.missing(linked)] == ["c"]
    with pytest.raises(UsageError):
        relink.relink(project, {"nobody": "/x"})


def test_a_project_that_moves_with_its_footage_finds_it(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "film.kfproj").mkdir(parents=True)
    (old / "clip.mp4").write_bytes(b"x")
    media = of(old / "clip.mp4")
    relative = relink.relative_to(media, old / "film.kfproj")
    assert relative == "../clip.mp4" and relink.found_beside(media, relative, old / "film.kfproj") is media
    shutil.move(old, new)
    assert relink.found_beside(media, relative, new / "film.kfproj") == replace(media, path=str(new / "clip.mp4"))
    assert relink.found_beside(media, "", new / "film.kfproj") is media
