from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from keyfollow import launch
from keyfollow.errors import KeyfollowError
from keyfollow_desktop.ui.model_store import Model, ModelStore
from pytestqt.qtbot import QtBot

PROGRAM = """
import json, sys, time
def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)
words = sys.argv[2:]
state = "installed" if FLAG.exists() else "available"
if words[0] == "list":
    say("model", id="tiny", title="Tiny", state=state, engines=["pix2video"], good_for="Trying.", licence="OpenRAIL",
        licence_url="https://example.org/licence", gated=False, size_bytes=2_000_000_000, revision=None, origin="")
elif words[0] == "pull":
    assert words[1:] == ["tiny", "--accept-licence"]
    say("licence", title="Tiny", licence="OpenRAIL", url="u", size_bytes=1)
    for n in range(3):
        say("progress", phase="Downloading", file="a", done=n * 1_000_000_000, total=3_000_000_000)
    if SLOW.exists():
        time.sleep(60)
    FLAG.touch()
    say("installed", model="tiny", size_bytes=3_000_000_000)
elif words[0] == "verify":
    say("verified", model="tiny", problems=["a.safetensors is damaged."])
    sys.exit(5)
elif words[0] == "remove":
    FLAG.unlink()
    say("removed", model="tiny", freed_bytes=3_000_000_000)
elif words[0] == "add":
    say("error", kind="UsageError", code="not_a_model", message="That is no model.", remedy="Choose another folder.")
    sys.exit(2)
else:
    sys.exit("nothing known of " + words[0])
"""
"""Answers as `keyfollowd models` does: PROGRAM models WORDS…"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in for keyfollowd; a file `slow` beside it makes its download hang."""
    where = tmp_path / "models.py"
    head = f"from pathlib import Path\nFLAG, SLOW = Path({str(tmp_path / 'here')!r}), Path({str(tmp_path / 'slow')!r})\n"
    where.write_text(head + PROGRAM)
    monkeypatch.setattr(launch, "command", lambda: [sys.executable, str(where)])
    return where


class Heard:
    def __init__(self, store: ModelStore) -> None:
        self.models: list[Model] = []
        self.progress: list[tuple[Any, ...]] = []
        self.said: list[dict[str, Any]] = []
        self.ended: list[tuple[tuple[str, ...], KeyfollowError | None]] = []
        store.listed.connect(self.models.extend)
        store.progress.connect(lambda *what: self.progress.append(what))
        store.said.connect(self.said.append)
        store.ended.connect(lambda *what: self.ended.append(what))


def test_events_arrive_as_signals(program: Path, qtbot: QtBot, wait: Callable[..., None]) -> None:
    store = ModelStore()
    heard = Heard(store)

    def run(*words: str) -> KeyfollowError | None:
        store.run(*words)
        wait(lambda: heard.ended and heard.ended[-1][0] == words)
        assert not store.busy
        return heard.ended[-1][1]

    assert run("list") is None
    assert heard.models[0] == Model(
        "tiny",
        "Tiny",
        "available",
        "Trying.",
        "OpenRAIL",
        "https://example.org/licence",
        2_000_000_000,
        engines=("pix2video",),
    )
    assert run("pull", "tiny", "--accept-licence") is None
    assert heard.progress[-1] == ("Downloading", 2_000_000_000, 3_000_000_000)
    assert [e["event"] for e in heard.said] == ["licence", "installed"]
    assert run("verify", "tiny") is None and heard.said[-1]["problems"]
    assert (error := run("add", "/x")) is not None and error.code == "not_a_model"
    assert (error := run("nonsense")) is not None and "nothing known of nonsense" in str(error)


def test_a_download_can_be_stopped_and_no_child_is_left(program: Path, qtbot: QtBot, wait: Callable[..., None]) -> None:
    (program.parent / "slow").touch()
    store = ModelStore()
    heard = Heard(store)
    store.run("pull", "tiny", "--accept-licence")
    wait(lambda: len(heard.progress) == 3)
    store.run("list")
    store.stop()
    wait(lambda: heard.ended)
    assert heard.ended == [(("pull", "tiny", "--accept-licence"), None)] and store.stopped
    store.run("pull", "tiny", "--accept-licence")
    wait(lambda: len(heard.progress) == 6)
    store.close()
    assert not store.busy and len(heard.ended) == 1


def test_a_program_that_is_not_there_is_said(qtbot: QtBot, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "command", lambda: ["/nowhere/keyfollowd"])
    store = ModelStore()
    heard = Heard(store)
    store.run("list")
    wait(lambda: heard.ended)
    assert heard.ended[0][1] is not None and heard.ended[0][1].code == "daemon_not_installed"
