"""`keyfollow diagnostics`: secrets are planted wherever Keyfollow keeps anything, and looked for in the zip."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from keyfollow import take_folder
from keyfollow.cli import checkup, diagnostics, main
from keyfollow.cli.checkup import Finding
from keyfollow.paths import Paths, paths

SECRETS = ("Zelda", "Zorro", "casino heist", "hunter2hunter2", "x" * 37 + "Q7!", "acme-studios")


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """An installation in which everything that a person gave says a secret."""
    home = tmp_path / "home Zelda" / "Zorro"
    monkeypatch.setenv("KEYFOLLOW_HOME", str(home))
    monkeypatch.setenv("USER", "Zelda")
    monkeypatch.setenv("HOSTNAME", "acme-studios")
    monkeypatch.setenv("HF_TOKEN", "hunter2hunter2")
    monkeypatch.setenv("KEYFOLLOW_CACHE_BYTES", "Zorro")
    where = paths()
    take = where.takes / "20261121-000000-abcd"
    take.mkdir(parents=True)
    clip = "/media/Zelda/casino heist/Zorro final.mov"
    request = {
        "clip": {"path": clip, "frames": [], "rate": None},
        "keyframes": [{"frame": 36, "image": {"form": "file", "name": "Zorro.png", "sha256": "ab" * 32, "size": 5}}],
        "prompt": "a casino heist in red",
        "source_prompt": "casino heist",
        "model": "acme-studios/Zorro",
        "seed": 11,
    }
    (take / take_folder.RECIPE).write_text(json.dumps({"engine": {"id": "patch", "version": "4"}, "request": request}))
    (take / take_folder.TAKE).write_text(json.dumps({"source": clip, "engine": "patch", "label": "Zorro", "start": 0}))
    where.logs.mkdir(parents=True)
    (where.logs / "daemon.log").write_text(
        f"2026-11-21 16:11:41,267 INFO keyfollow_daemon.cli: ready after 0.05 s, storage {where.storage}\n"
        f"2026-11-21 16:11:42,001 ERROR keyfollow_daemon.jobs.runner: job 7 waits: {clip} is gone\n"
        "2026-11-21 16:11:42,002 ERROR x: a casino heist in red; Zorro; hunter2hunter2; acme-studios\n"
        "Traceback (most recent call last):\n"
        f'  File "{where.data}/Zorro.py", line 3, in Zorro\n'
        f"ValueError: Zorro {'x' * 37}Q7! in the casino heist\n"
    )
    (where.logs / "worker.log").write_bytes(b"Zorro \xff\xfe Zelda\n")
    where.runtime.mkdir(parents=True)
    where.connection.write_text(json.dumps({"client_secret": "x" * 37 + "Q7!"}))
    return where


def bundle(where: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(checkup, "_ask", lambda *words: ([], f"{where.data} is Zelda's"))
    place = tmp_path / "d.zip"
    assert main(["diagnostics", "--output", str(place)]) == 0
    with zipfile.ZipFile(place) as made:
        return {name: made.read(name).decode() for name in made.namelist()}


def test_no_secret_is_in_the_bundle(where: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = bundle(where, tmp_path, monkeypatch)
    assert set(files) == {"README.txt", "versions.json", "doctor.json", "recipes.json", "logs/daemon.log", "logs/worker.log"}
    for name, text in files.items():
        assert not [secret for secret in (*SECRETS, str(tmp_path)) if secret.lower() in text.lower()], name
        assert "abababab" not in text, name


def test_what_helps_is_in_it(where: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = bundle(where, tmp_path, monkeypatch)
    (take,) = json.loads(files["recipes.json"])
    assert take["recipe"]["engine"] == {"id": "patch", "version": "4"} and take["recipe"]["request"]["seed"] == 11
    assert take["recipe"]["request"]["keyframes"][0]["frame"] == 36
    assert "INFO keyfollow_daemon.cli: ready after 0.05 s" in files["logs/daemon.log"]
    assert "ValueError" in files["logs/daemon.log"] and "job 7 waits" in files["logs/daemon.log"]
    codes = {finding["code"] for finding in json.loads(files["doctor.json"])}
    assert {"versions", "unsafe_connection_file", "bad_option", "daemon_program"} <= codes
    assert json.loads(files["versions.json"])["packages"]["numpy"]


def test_before_anything_was_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(where: Paths) -> list[Finding]:
        return []

    monkeypatch.setattr(diagnostics, "examine", nothing)
    files: dict[str, Any] = dict(diagnostics.contents(paths(str(tmp_path))))
    assert json.loads(files["recipes.json"]) == [] and not [name for name in files if name.startswith("logs/")]
