"""`keyfollow setup`, the command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from keyfollow import environment
from keyfollow.cli import main
from keyfollow.cli.output import use_json
from keyfollow_testkit import faults, wheels
from keyfollow_testkit.daemons import Home, home


@pytest.fixture
def kf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with home(tmp_path / "home", monkeypatch) as made:
        yield made
    use_json(False)


def test_from_wheels_without_a_network(kf: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["setup", "--device", "cpu", "--wheelhouse", str(wheels.wheelhouse(tmp_path / "house"))]
    line = faults.without_network([sys.executable, "-m", "keyfollow.cli", *words, "--json"])
    done = subprocess.run(line, env=kf.environment, capture_output=True, text=True, timeout=200, check=False)
    events = [json.loads(row) for row in done.stdout.splitlines()]
    assert done.returncode == 0, done.stdout + done.stderr
    assert events[0]["event"] == "plan" and events[0]["torch"] == "cpu" and events[-1] == {"event": "set_up"}
    current = environment.current(kf.paths)
    assert current is not None and current.torch == "cpu"
    assert main(words) == 0 and "set up already" in capsys.readouterr().out


def test_a_dry_run_says_what_it_would_do(kf: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["setup", "--dry-run", "--device", "cuda", "--json"]) == 0
    plan, end = (json.loads(row) for row in capsys.readouterr().out.splitlines())
    assert plan["device"] == "cuda" and plan["torch"].startswith("cu1") and plan["needs_bytes"] > 8 << 30
    assert end == {"event": "dry_run"} and not environment.root(kf.paths).exists()


def test_uninstall_waits_for_the_daemons_end(kf: Home, capsys: pytest.CaptureFixture[str]) -> None:
    process = kf.start()
    assert main(["setup", "--uninstall"]) == 2
    kf.stop()
    process.wait(10)
    assert main(["setup", "--uninstall"]) == 0
    assert "Models are kept" in capsys.readouterr().out and kf.paths.jobs.exists()


@pytest.mark.parametrize("words", [["--device", "tpu"], ["--models"], ["--wheelhouse", "/nowhere"]])
def test_mistakes(kf: Home, words: list[str]) -> None:
    assert main(["setup", *words]) == 2
