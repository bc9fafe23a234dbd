"""`keyfollow models`: tables, questions and JSON over `keyfollowd models`, without a daemon and without torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from keyfollow_testkit import weights
from keyfollow_testkit.daemons import Home
from keyfollow_testkit.hub import Hub, serve


@pytest.fixture
def hub() -> Iterator[Hub]:
    pytest.importorskip("huggingface_hub")
    with serve(Hub()) as made:
        made.add("maker/tiny", weights.pipeline(), "openrail")
        yield made


def online(hub: Hub) -> dict[str, str]:
    return {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_models_whole_life(kf: Home, tmp_path: Path) -> None:
    folder = weights.lay_out(tmp_path / "mine", weights.pipeline())
    done = kf.command("models", "add", str(folder))
    assert done.returncode == 0 and "mine is installed" in done.stdout, done.stderr
    listed = kf.command("models", "list").stdout
    assert "sd15-depth" in listed and "CreativeML" in listed and "mine" in listed
    assert {e["id"]: e["state"] for e in events(kf.command("models", "list", "--json").stdout)}["mine"] == "installed"
    assert kf.command("models", "verify", "mine").stdout == "mine: sound\n"
    assert kf.command("models", "export", "mine", "-o", str(tmp_path / "m.zip")).returncode == 0
    assert "freed" in kf.command("models", "remove", "mine").stderr
    assert kf.command("models", "import", str(tmp_path / "m.zip")).returncode == 0
    assert kf.running() is None, "no daemon is needed"


def test_a_licence_must_be_accepted(kf: Home, hub: Hub) -> None:
    refused = kf.command("models", "pull", "maker/tiny", **online(hub))
    assert refused.returncode == 2 and "openrail" in refused.stderr and "--accept-licence" in refused.stderr
    asked = kf.command("models", "pull", "maker/tiny", "--json", **online(hub))
    assert asked.returncode == 2 and [e["event"] for e in events(asked.stdout)] == ["licence", "error"]
    done = kf.command("models", "pull", "maker/tiny", "--accept-licence", "--json", **online(hub))
    assert done.returncode == 0 and events(done.stdout)[-1]["event"] == "installed", done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 2)])
def test_on_a_terminal_it_asks(kf: Home, hub: Hub, answer: str, status: int) -> None:
    ours, theirs = os.openpty()
    os.write(ours, answer.encode())
    line = [sys.executable, "-m", "keyfollow.cli", "models", "pull", "maker/tiny", "--as", f"asked{status}"]
    done = subprocess.run(line, stdin=theirs, env={**kf.environment, **online(hub)}, capture_output=True, text=True, timeout=60)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == status, done.stderr
    assert "do you accept it?" in done.stderr and ("is installed" in done.stdout) == (status == 0)


def test_without_a_network_it_says_what_to_do(kf: Home) -> None:
    done = kf.command("models", "pull", "sd15", "--accept-licence", HF_ENDPOINT="http://127.0.0.1:9", HF_HUB_OFFLINE="")
    assert done.returncode == 5 and "hub_unreachable" in done.stderr and "models import" in done.stderr
    done = kf.command("models", "pull", "sd15", "--accept-licence", "--json", HF_HUB_OFFLINE="1")
    assert done.returncode == 5 and events(done.stdout)[-1]["code"] == "offline"


def test_damage_is_an_exit_status(kf: Home, tmp_path: Path) -> None:
    folder = weights.lay_out(tmp_path / "bent", weights.pipeline())
    kf.command("models", "add", str(folder))
    (folder / "unet/config.json").write_bytes(b'{"_class_name": "UNet2DConditionModeL"}')
    done = kf.command("models", "verify", "bent")
    assert done.returncode == 5 and "unet/config.json" in done.stdout
    assert kf.command("models", "remove", "none").returncode == 5


def test_a_pickle_is_refused_with_the_reason(kf: Home, tmp_path: Path) -> None:
    folder = weights.lay_out(tmp_path / "bad", {**weights.pipeline(), "unet/diffusion_pytorch_model.bin": b"\x80\x02."})
    done = kf.command("models", "add", str(folder))
    assert done.returncode == 2 and "could run code" in done.stderr and "safetensors" in done.stderr
