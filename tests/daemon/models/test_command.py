"""`keyfollowd models …`: one JSON object a line, and an exit status that says how it went."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from keyfollow_daemon import cli
from keyfollow_daemon.models import catalogue, command
from keyfollow_daemon.models.catalogue import CATALOGUE
from keyfollow_testkit import weights
from keyfollow_testkit.faults import flip_bit
from keyfollow_testkit.hub import Hub


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYFOLLOW_HOME", str(tmp_path / "home"))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    status = cli.main(["models", *words])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def states(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    return {e["id"]: e["state"] for e in run(capsys, "list")[1]}


def test_a_models_whole_life(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert set(states(capsys).values()) == {"available"} and set(states(capsys)) == set(CATALOGUE)
    folder = weights.lay_out(tmp_path / "mine", weights.pipeline())
    status, events = run(capsys, "add", str(folder), "--as", "sd15", "--copy")
    assert status == 0 and events[-1]["event"] == "installed" and events[-1]["pipeline"] == "StableDiffusionPipeline"
    run(capsys, "add", str(folder))
    assert (states(capsys)["sd15"], states(capsys)["mine"]) == ("installed", "installed")
    status, events = run(capsys, "verify")
    assert status == 0 and [e["problems"] for e in events if e["event"] == "verified"] == [[], []]
    status, events = run(capsys, "export", "mine", str(tmp_path / "m.zip"))
    assert status == 0 and events[-1]["size_bytes"] == (tmp_path / "m.zip").stat().st_size
    status, events = run(capsys, "remove", "mine")
    assert status == 0 and events[-1]["freed_bytes"] > 0 and "mine" not in states(capsys)
    status, events = run(capsys, "import", str(tmp_path / "m.zip"))
    assert status == 0 and events[-1]["model"] == "mine"

    flip_bit(tmp_path / "home/models/sd15/vae/diffusion_pytorch_model.safetensors", 4000)
    status, events = run(capsys, "verify", "sd15")
    assert status == 5 and "diffusion_pytorch_model" in events[-1]["problems"][0]
    (tmp_path / "home/models/sd15/keyfollow.json").write_bytes(b"{}")
    assert states(capsys)["sd15"] == "damaged"


def test_a_pull_tells_of_licence_progress_and_end(capsys: pytest.CaptureFixture[str], hub: Hub) -> None:
    hub.add("a/tiny", weights.pipeline(), "openrail")
    status, events = run(capsys, "pull", "a/tiny")
    assert status == 2 and [e["event"] for e in events] == ["licence", "error"] and events[0]["licence"] == "openrail"
    status, events = run(capsys, "pull", "a/tiny", "--accept-licence", "--as", "mine")
    assert status == 0 and events[0]["event"] == "licence" and events[-1]["model"] == "mine"
    assert {e["event"] for e in events[1:-1]} == {"progress"}


def test_errors_are_events_with_their_exit_status(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [run(capsys, "pull", "nothing")[0], run(capsys, "verify", "nothing")[0]] == [2, 5]
    hub.drop_after["model.safetensors"] = [0] * 9
    monkeypatch.setattr("keyfollow_daemon.models.pull.PAUSES_S", (0.0, 0.0))
    hub.add("a/tiny", weights.single())
    status, events = run(capsys, "pull", "a/tiny", "--accept-licence")
    assert status == 5 and events[-1]["code"] == "hub_unreachable" and "models import" in events[-1]["remedy"]
    assert [e["event"] for e in events].count("retry") == 2
    monkeypatch.setitem(
        catalogue.CATALOGUE,
        "tiny",
        catalogue.Entry("tiny", "T", (), "", "", "", 1, (catalogue.Source("a/tiny", "0" * 40, ()),)),
    )
    assert states(capsys)["tiny"] == "partial"


def test_ctrl_c_is_told_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*words: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "pull", interrupted)
    status, events = run(capsys, "pull", "sd15")
    assert status == 130 and events[-1]["code"] == "cancelled"


def test_a_disk_that_fails_is_an_error_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*words: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("keyfollow_daemon.models.store.ModelStore.installed", broken)
    status, events = run(capsys, "list")
    assert status == 1 and events[-1]["code"] == "storage_failed"


def test_nobody_listening_is_no_traceback() -> None:
    line = [sys.executable, "-m", "keyfollow_daemon", "models", "list"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b"" and process.wait(30) == 1


def test_wrong_words_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["models", "fetch"])
    assert caught.value.code == 2


def test_downloads_that_the_catalogue_does_not_know_are_listed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name, asked in (("mine", "maker/own@0123abc"), ("lost", "../etc")):
        folder = tmp_path / "home/models/.pulling" / name
        folder.mkdir(parents=True)
        (folder / "asked").write_text(asked)
        (folder / f"{'0' * 64}.part").write_bytes(bytes(1000))
    found = {e["id"]: e for e in run(capsys, "list")[1]}
    assert found["mine"]["state"] == found["lost"]["state"] == "partial"
    assert found["mine"]["origin"] == "hub maker/own@0123abc" and found["lost"]["origin"] == ""
    assert found["mine"]["size_bytes"] == 1000 + len("maker/own@0123abc")
