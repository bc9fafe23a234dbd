from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from keyfollow.errors import KeyfollowError
from keyfollow_desktop.model import archive, assets, project_file, relink, work_edits
from keyfollow_desktop.model.state import Keyframe, Project
from keyfollow_testkit import clips


@pytest.fixture
def packed(tmp_path: Path, filled: Project) -> tuple[Path, Project]:
    """A project folder with a picture, a take, a file and an image sequence as footage."""
    folder = tmp_path / "Film.kfproj"
    plates = tmp_path / "plates"
    plates.mkdir()
    for n in range(3):
        clips.write_png(plates / f"p_{n:04d}.png", np.full((48, 64, 3), n, np.uint8))
    (tmp_path / "pal.mp4").write_bytes(b"footage" * 1000)
    media = {
        "pal": replace(filled.media["pal"], path=str(tmp_path / "pal.mp4"), digest=relink.fingerprint(tmp_path / "pal.mp4")),
        "ntsc": replace(filled.media["ntsc"], path=str(plates / "p_%04d.png"), digest=relink.fingerprint(plates)),
    }
    project_file.create(folder, project := replace(filled, media=media))
    image = assets.adopt_bytes(folder, "keyframes", b"picture", ".png")
    assets.adopt_bytes(folder, "keyframes", b"of nobody", ".png")
    project = work_edits.set_keyframe(project, "pal", Keyframe(3, image))
    (folder / "takes" / "t1").mkdir(parents=True)
    (folder / "takes" / "t1" / "f0.kff").write_bytes(b"frame")
    project_file.save(folder, project)
    return folder, project


def test_with_footage_it_opens_where_nothing_else_is(packed: tuple[Path, Project], tmp_path: Path) -> None:
    folder, project = packed
    archive.pack(folder, project, tmp_path / "out.zip", footage=True)
    shutil.rmtree(folder)
    shutil.rmtree(tmp_path / "plates")
    (tmp_path / "pal.mp4").unlink()
    archive.unpack(tmp_path / "out.zip", new := tmp_path / "elsewhere" / "New.kfproj")
    opened = project_file.load(new).project
    assert relink.missing(opened) == [] and replace(opened, media=project.media) == project
    assert all(relink.fingerprint(m.path) == m.digest and Path(m.path).is_relative_to(new) for m in opened.media.values())
    assert (new / "takes" / "t1" / "f0.kff").read_bytes() == b"frame"
    assert [p.read_bytes() for p in (new / "keyframes").iterdir()] == [b"picture"]


def test_without_footage_it_says_where_it_was(packed: tuple[Path, Project], tmp_path: Path) -> None:
    folder, project = packed
    archive.pack(folder, project, tmp_path / "out.zip")
    archive.pack(folder, project, tmp_path / "again.zip")
    assert (tmp_path / "out.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()
    archive.unpack(tmp_path / "out.zip", tmp_path / "New.kfproj")
    assert project_file.load(tmp_path / "New.kfproj").project == project
    assert not any("media" in name for name in zipfile.ZipFile(tmp_path / "out.zip").namelist())


def test_footage_that_is_gone_stops_it_and_leaves_nothing(packed: tuple[Path, Project], tmp_path: Path) -> None:
    folder, project = packed
    (tmp_path / "pal.mp4").unlink()
    with pytest.raises(KeyfollowError) as e:
        archive.pack(folder, project, tmp_path / "out.zip", footage=True)
    assert e.value.code == "footage_gone" and not [p for p in tmp_path.iterdir() if "out.zip" in p.name]


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "keyframes/../../evil", "scripts/run.py", "media/a/b/c/d", "keyframes/.hidden"]
)
def test_no_member_gets_out_or_in_where_it_does_not_belong(packed: tuple[Path, Project], tmp_path: Path, name: str) -> None:
    folder, project = packed
    archive.pack(folder, project, tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip", "a") as zipped:
        zipped.writestr(name, b"evil")
    with pytest.raises(KeyfollowError):
        archive.unpack(tmp_path / "out.zip", tmp_path / "New.kfproj")
    assert not [p for p in tmp_path.rglob("*") if p.name in ("evil", "run.py", "New.kfproj") or p.name.endswith(".part")]


def test_what_is_no_archive_of_a_project(packed: tuple[Path, Project], tmp_path: Path) -> None:
    folder, project = packed
    archive.pack(folder, project, whole := tmp_path / "out.zip")
    (tmp_path / "torn.zip").write_bytes(whole.read_bytes()[:-200])
    (tmp_path / "text.zip").write_text("hello")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    codes = {}
    for name in ("torn.zip", "text.zip", "empty.zip", "nowhere.zip"):
        with pytest.raises(KeyfollowError) as e:
            archive.unpack(tmp_path / name, tmp_path / "New.kfproj")
        codes[name] = e.value.code
    with pytest.raises(KeyfollowError) as e:
        archive.unpack(whole, folder)
    assert codes == {
        "torn.zip": "bad_archive",
        "text.zip": "bad_archive",
        "empty.zip": "no_such_project",
        "nowhere.zip": "no_such_file",
    }
    assert e.value.code == "project_there" and not (tmp_path / "New.kfproj").exists()
