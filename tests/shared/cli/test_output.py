"""Words for people, lines for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from keyfollow.cli import output
from keyfollow.engine_info import Job, Progress
from keyfollow.errors import MediaError


@pytest.fixture(autouse=True)
def _people_mode() -> Iterator[None]:
    yield
    output.use_json(False)


def job(done: int, state: str = "running") -> Job:
    progress = Progress("Propagating", done, 10, 1.5)
    return Job("id", state, "patch", "c.mp4", "final", "take", 0.0, 1.0, progress=progress)  # type: ignore[arg-type]


def test_events_are_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    output.event("progress", value=job(3), text="zwei\nZeilen")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["value"]["progress"]["done"] == 3


def test_errors_are_sentences_on_stderr_and_events_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    error = MediaError("media_unreadable", "clip [1].mp4 cannot be read.", "Export it again.")
    output.say_error(error)
    said = capsys.readouterr()
    assert said.out == "" and "clip [1].mp4 cannot be read." in said.err and "Export it again." in said.err
    output.use_json(True)
    output.say_error(error)
    said = capsys.readouterr()
    assert json.loads(said.out) == {"event": "error", **error.to_plain()} and error.message in said.err


def test_tables_show_what_is_in_square_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    output.show(["x"], ("clip",), [("shot [1].mp4",)], False, "none")
    assert "shot [1].mp4" in capsys.readouterr().out


def test_without_a_terminal_each_phase_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    with output.follower(as_json=False) as follow:
        for n in (1, 2, 3):
            follow.job(job(n))
        follow.job(job(10, "done"))
    assert capsys.readouterr().err.split() == ["Propagating", "Done"]


def test_progress_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    with output.follower(as_json=True) as follow:
        for n in (1, 1, 2):
            follow.job(job(n))
        follow.frame(4, 0.5)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [e.get("done") for e in events] == [1, 2, None] and events[-1] == {"event": "frame", "frame": 4, "confidence": 0.5}


def test_a_preview_is_a_file_and_in_json_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "now.jpg"
    for as_json in (True, False):
        with output.follower(as_json, str(file)) as follow:
            for n, picture in enumerate((None, b"one", b"one", b"two", None)):
                follow.job(replace(job(n), progress=Progress("Training", n, 10, preview=picture)))
                if n == 2:
                    assert file.read_bytes() == b"one"
            follow.frame(4, 0.5)
        assert file.read_bytes() == b"two" and list(tmp_path.iterdir()) == [file]
    said = [json.loads(line).get("preview") for line in capsys.readouterr().out.splitlines()]
    assert said == [None, "b25l", None, "dHdv", None, None], "base64"
    with output.follower(False, str(tmp_path / "nowhere" / "now.jpg")) as follow:
        for picture in (b"one", b"two"):
            follow.job(replace(job(1), progress=Progress("Training", 1, 10, preview=picture)))
    assert capsys.readouterr().err.count("There is no preview") == 1


def test_a_note_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (True, False):
        with output.follower(as_json) as follow:
            for n in (1, 2):
                follow.job(replace(job(n), notes=("Memory [is] short.",)))
    said = capsys.readouterr()
    assert [json.loads(line).get("text") for line in said.out.splitlines()] == ["Memory [is] short.", None, None]
    assert said.err == "Memory [is] short.\nPropagating\n"


def test_without_a_terminal_there_is_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with output.follower(as_json=False) as follow:
        follow.job(job(5))
        follow.job(job(5, "paused"))
        follow.frame(1, 1.0)
    assert capsys.readouterr().out == ""


def test_lists_as_table_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    output.show([job(1)], ("job", "state"), [("id", "running")], False, "none")
    assert "running" in capsys.readouterr().out
    output.show([job(1)], ("job", "state"), [("id", "running")], True, "none")
    assert json.loads(capsys.readouterr().out)["state"] == "running"
    output.show([], ("job",), [], False, "There are none.")
    assert "There are none." in capsys.readouterr().err


def test_sizes() -> None:
    assert [output.size(n) for n in (0, 1023, 2048, 5 << 20, 3 << 40)] == ["0 B", "1023 B", "2.0 KiB", "5.0 MiB", "3072.0 GiB"]
