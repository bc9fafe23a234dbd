from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from keyfollow.errors import KeyfollowError, StorageError, UsageError
from keyfollow_desktop.model import project_file, timeline_edits
from keyfollow_desktop.model.state import Marker, Project

SAVING = """
import sys
from pathlib import Path
from keyfollow_desktop.model import project_file, timeline_edits
from keyfollow_desktop.model.state import Marker
folder = Path(sys.argv[1])
project = project_file.load(folder).project
n = 0
while True:
    n += 1
    project = timeline_edits.set_marker(project, Marker(n % 50, str(n)))
    project_file.save(folder, project)
    print(n, flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path, filled: Project) -> Path:
    made = tmp_path / "Film.kfproj"
    project_file.create(made, filled)
    return made


def refused(code: str, change: object, *args: object) -> KeyfollowError:
    with pytest.raises(KeyfollowError) as e:
        change(*args)  # type: ignore[operator]
    assert e.value.code == code and e.value.remedy
    return e.value


def test_a_project_comes_back_as_it_was_saved(folder: Path, filled: Project) -> None:
    opened = project_file.load(folder)
    assert opened.project == filled and not opened.newer
    changed = timeline_edits.split(filled, 50)
    project_file.save(folder, changed, opened.stamp)
    assert project_file.load(folder).project == changed
    assert sorted(p.name for p in folder.iterdir()) == ["project.json", "project.otio"]


def test_a_new_project_never_lands_on_another(folder: Path, filled: Project, tmp_path: Path) -> None:
    refused("project_there", project_file.create, folder, filled)
    refused("bad_name", project_file.create, tmp_path / "Film", filled)
    (tmp_path / "file").touch()
    refused("cannot_write", project_file.create, tmp_path / "file" / "Film.kfproj", filled)


def test_what_someone_else_saved_meanwhile_is_not_lost(folder: Path, filled: Project) -> None:
    mine, theirs = project_file.load(folder), project_file.load(folder)
    project_file.save(folder, timeline_edits.split(filled, 50), theirs.stamp)
    refused("project_changed", project_file.save, folder, filled, mine.stamp)
    assert len(project_file.load(folder).project.timeline.tracks[0].clips) == 4
    # a folder that was thrown away meanwhile is simply written again
    (folder / "project.otio").unlink()
    project_file.save(folder, filled, theirs.stamp)


def test_a_newer_project_may_be_looked_at(folder: Path, filled: Project) -> None:
    (folder / "project.json").write_text(json.dumps({"schema": 99, "keyfollow": "7.1"}))
    opened = project_file.load(folder)
    assert opened.project == filled and "7.1" in opened.newer


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("project.otio", ""),
        ("project.otio", "{"),
        ("project.otio", '{"OTIO_SCHEMA": "Clip.1"}'),
        ("project.otio", '{"OTIO_SCHEMA": "Timeline.1"}'),
        ("project.otio", "\x00\xff"),
        ("project.json", "[]"),
        ("project.json", "{"),
        ("project.json", '{"schema": "one"}'),
        ("project.json", '{"schema": 0}'),
    ],
)
def test_a_damaged_project_is_said_to_be_so(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    assert isinstance(refused("project_damaged", project_file.load, folder), StorageError)


def test_what_is_no_project(tmp_path: Path) -> None:
    assert isinstance(refused("no_such_project", project_file.load, tmp_path), UsageError)


def test_a_kill_in_the_middle_of_saving_leaves_a_whole_project(folder: Path) -> None:
    chance = random.Random(3)
    for _ in range(6):
        saving = subprocess.Popen([sys.executable, "-c", SAVING, str(folder)], stdout=subprocess.PIPE, text=True)
        assert saving.stdout is not None
        assert saving.stdout.readline() == "1\n"
        time.sleep(chance.random() * 0.1)
        saving.send_signal(signal.SIGKILL)
        acknowledged = ["1", *saving.communicate(timeout=60)[0].split()]
        markers = {m.text for m in project_file.load(folder).project.timeline.markers}
        assert acknowledged[-1] in markers or str(int(acknowledged[-1]) + 1) in markers


def test_markers_and_all_are_in_the_one_file(folder: Path, filled: Project) -> None:
    before = project_file.render(folder, filled)
    after = project_file.render(folder, timeline_edits.set_marker(filled, Marker(3, "x")))
    assert before != after and json.loads(after)["OTIO_SCHEMA"].startswith("Timeline")
