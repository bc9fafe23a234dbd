"""The tree of commands as a whole."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from keyfollow.cli import main
from keyfollow.cli.app import app
from typer.main import get_command


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert set(commands) >= {"propagate", "frame", "jobs", "takes", "cache", "daemon", "demo", "engines"}
    for name in commands:
        assert main([name, "--help"]) == 0
        assert "Usage" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["propagate"], ["fly"], ["frame", "clip.mp4", "x", "-o", "y.png"], ["jobs", "cancel"]])
def test_wrong_words_are_usage_errors(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert "Traceback" not in said.err and said.err.startswith("Error (")
    assert main([*words, "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["event"] == "error" and told["message"] and told["remedy"]


def test_groups_alone_show_their_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs"]) == 2
    assert "Usage" in capsys.readouterr().out


@pytest.mark.parametrize("moment", ["keyfollow.cli.app", "keyfollow.cli.output"])
def test_control_c_while_it_is_still_starting_is_a_cancelled_command(moment: str) -> None:
    code = f"""
import sys
class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == {moment!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupts())
from keyfollow.cli import main
sys.exit(main(["engines"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "Cancelled.\n")
