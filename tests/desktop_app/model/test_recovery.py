from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from keyfollow.errors import StorageError, UsageError
from keyfollow_desktop.model import project_file, recovery, timeline_edits
from keyfollow_desktop.model.state import Marker, Project

WORKING = """
import sys, time
from pathlib import Path
from keyfollow_desktop.model import project_file, recovery, timeline_edits
from keyfollow_desktop.model.state import Marker
folder = Path(sys.argv[1])
project = project_file.load(folder).project
recovery.enter(folder)
recovery.autosave(folder, timeline_edits.set_marker(project, Marker(7, "unsaved")))
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path, filled: Project) -> Path:
    made = tmp_path / "Film.kfproj"
    project_file.create(made, filled)
    return made


def worker(folder: Path) -> subprocess.Popen[str]:
    """Another program that has the project open and unsaved changes in it."""
    other = subprocess.Popen([sys.executable, "-c", WORKING, str(folder)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None and other.stdout.readline() == "ready\n"
    return other


def test_what_a_killed_program_had_not_saved_is_offered_and_comes_back(folder: Path, filled: Project) -> None:
    other = worker(folder)
    other.kill()
    other.communicate()
    assert recovery.offered(folder) is not None
    recovery.enter(folder)
    back = recovery.recover(folder)
    assert back == timeline_edits.set_marker(filled, Marker(7, "unsaved")) and project_file.load(folder).project == filled
    project_file.save(folder, back)
    recovery.saved(folder)
    recovery.leave(folder)
    assert recovery.offered(folder) is None and list((folder / "recovery").iterdir()) == []


def test_a_recovery_that_ends_the_program_is_not_offered_again(folder: Path) -> None:
    recovery.enter(folder)
    (folder / "recovery" / "autosave.otio").write_text("what no reader survives")
    with pytest.raises(StorageError) as e:
        recovery.recover(folder)
    assert e.value.code == "project_damaged"
    assert recovery.offered(folder) is None and (folder / "recovery" / "autosave.tried.otio").exists()


def test_it_can_be_skipped_and_stays_for_who_wants_it(folder: Path, filled: Project) -> None:
    recovery.enter(folder)
    recovery.autosave(folder, filled)
    recovery.skip(folder)
    assert recovery.offered(folder) is None
    assert project_file.parse(folder, folder / "recovery" / "autosave.tried.otio") == filled
    recovery.skip(folder)


def test_a_project_is_open_in_one_program_at_a_time(folder: Path) -> None:
    other = worker(folder)
    try:
        with pytest.raises(UsageError) as e:
            recovery.enter(folder)
        assert e.value.code == "project_open" and str(other.pid) in e.value.message
    finally:
        other.kill()
        other.communicate()
    recovery.enter(folder)
    recovery.enter(folder)


def test_a_mark_that_means_nothing_locks_nobody_out(folder: Path) -> None:
    recovery.enter(folder)
    for text in ("", "{}", '{"pid": "x"}', '{"pid": 1, "started": 5.0}', '{"pid": -1, "started": 5.0}', "[1]"):
        (folder / "recovery" / "open.json").write_text(text)
        recovery.enter(folder)
