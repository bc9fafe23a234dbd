"""The tree of commands as a whole."""

from __future__ import annotations

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
    assert "Traceback" not in capsys.readouterr().err
