"""`keyfollow doctor`, the whole of it: a healthy machine, and faults that only a whole run shows."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from keyfollow import connection
from keyfollow.cli.checkup import Finding
from keyfollow.connection import Connection
from keyfollow.plain import from_plain, to_plain
from keyfollow_testkit.daemons import Home, home
from keyfollow_testkit.faults import asleep, small_disk

FAKE = Connection("tcp://127.0.0.1:9", "tcp://127.0.0.1:9", "s" * 40, "c" * 40, "k" * 40, 0, (1, 0), "0.1.0")


@pytest.fixture(autouse=True)
def _no_torch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing it takes most of a checkup's time; `tests/daemon/test_doctor.py` asks the real one."""
    folder = tmp_path_factory.mktemp("no_torch")
    (folder / "torch.py").write_text("raise ModuleNotFoundError('torch')")
    monkeypatch.setenv("PYTHONPATH", str(folder))


def examined(kf: Home, *before: str, **more: str) -> tuple[int, list[dict[str, Any]]]:
    """Its exit status and what it found, as programs read it."""
    line = [*before, sys.executable, "-m", "keyfollow.cli", "doctor", "--json"]
    done = subprocess.run(
        line,
        env={**kf.environment, "PYTHONPATH": os.environ["PYTHONPATH"], **more},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    events = [json.loads(row) for row in done.stdout.splitlines()]
    assert {frozenset(e) for e in events[:-1]} == {frozenset(("event", "finding"))}, "docs/troubleshooting.md says so"
    findings = [e["finding"] for e in events if e["event"] == "finding"]
    for finding in findings:
        # every field there, none beside, each of its type and one of its words
        assert to_plain(from_plain(Finding, finding)) == finding and bool(finding["fix"]) == (finding["state"] != "ok"), finding
    problems = [f for f in findings if f["state"] == "problem"]
    assert events[-1] == {"event": "examined", "problems": len(problems)}, done.stderr
    assert done.returncode == (1 if problems else 0)
    return done.returncode, findings


def test_a_healthy_machine_with_a_daemon(kf: Home) -> None:
    kf.start()
    status, found = examined(kf)
    assert status == 0, found
    assert {f["area"] for f in found} == {
        "versions", "disk", "folders", "network", "daemon", "codecs", "cache", "models", "devices", "engines",
    }  # fmt: skip
    assert any("The daemon runs" in f["message"] for f in found)
    kf.stop()


CODEC_MISSING = """
import av.codec.codec as found
real = found.Codec
def codec(name, mode):
    if name == "libx265":
        raise found.UnknownCodecError(name)
    return real(name, mode)
found.Codec = codec
"""
"""A build of PyAV without H.265, for every Python below: `sitecustomize`."""


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The problems that one run finds on a machine with four faults at once."""
    folder = tmp_path_factory.mktemp("planted")
    (folder / "sitecustomize.py").write_text(CODEC_MISSING)
    (folder / "torch.py").write_text("raise ModuleNotFoundError('torch')")
    ended = subprocess.Popen(["true"])
    ended.wait()
    with (
        pytest.MonkeyPatch.context() as patch,
        small_disk(folder / "disk", 8 << 20) as small,
        home(folder / "home", patch, KEYFOLLOW_STORAGE=str(small.folder)) as kf,
    ):
        patch.setenv("PYTHONPATH", str(folder))
        connection.write(kf.paths.connection, replace(FAKE, pid=ended.pid))
        for name in ("sd15", "mine"):
            (kf.paths.models / ".pulling" / name).mkdir(parents=True)
        (kf.paths.models / ".pulling/mine/asked").write_text("maker/own@0123abc")
        _, found = examined(kf)
    return [f for f in found if f["state"] == "problem"]


@pytest.mark.parametrize(
    ("code", "words", "fix"),
    [
        ("disk_full", "8.0 MiB are free for takes", "export KEYFOLLOW_STORAGE=/folder/on/a/larger/disk"),
        ("stale_connection", "is gone without a word", "keyfollow daemon start"),
        ("codec_missing", "lacks codecs: libx265 (writing)", f"{sys.executable} -m pip install --only-binary :all: 'av>=15'"),
        ("model_partial", "the model sd15 is not finished", "keyfollow models pull sd15"),
        ("model_partial", "the model mine is not finished", "keyfollow models pull mine"),
    ],
)
def test_faults_planted_together_are_each_named_with_their_fix(
    planted: list[dict[str, Any]], code: str, words: str, fix: str
) -> None:
    assert len(planted) == 5, planted
    (found,) = [f for f in planted if f["code"] == code and words in f["message"]]
    assert found["fix"].startswith(fix)


def test_a_daemon_whose_port_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with home(tmp_path / "home", monkeypatch) as kf:
        daemon = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        connection.write(kf.paths.connection, replace(FAKE, pid=daemon.pid, control=f"tcp://127.0.0.1:{port}"))
        _, found = examined(kf)
        kf.paths.connection.unlink()
        daemon.communicate()
    (problem,) = [f for f in found if f["state"] == "problem"]
    assert problem["code"] == "port_closed" and f"control port tcp://127.0.0.1:{port}" in problem["message"]
    assert problem["fix"] == f"kill -9 {daemon.pid} && keyfollow daemon start"


def test_for_people_each_problem_stands_above_its_command(kf: Home) -> None:
    pulling = kf.paths.models / ".pulling" / "sd15"
    pulling.mkdir(parents=True)
    told = kf.command("doctor", KEYFOLLOW_CACHE_BYTES="much", PYTHONPATH=os.environ["PYTHONPATH"])
    shutil.rmtree(pulling)
    assert told.returncode == 1 and "2 problems" in told.stdout
    lines = [line.strip() for line in told.stderr.splitlines()]
    (half,) = [n for n, line in enumerate(lines) if "download of the model sd15 is not finished" in line]
    assert lines[half].startswith("PROBLEM") and lines[half + 1] == "keyfollow models pull sd15"
    assert "unset KEYFOLLOW_CACHE_BYTES" in lines


@pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("setpriv") is None, reason="only root can give up its powers, with setpriv"
)
def test_folders_that_an_ordinary_user_cannot_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with home(tmp_path / "home", monkeypatch) as kf:
        kf.paths.runtime.mkdir(parents=True)
        kf.paths.runtime.chmod(0o500)
        _, found = examined(kf, "setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")
    (problem,) = [f for f in found if f["state"] == "problem"]
    assert problem["code"] == "cannot_write" and problem["fix"] == f"chmod u+rwx {kf.paths.runtime}"
    assert "runtime folder" in problem["message"]


def test_a_daemon_that_does_not_answer(kf: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyfollow.cli import checkup

    process = kf.start()
    monkeypatch.setattr(checkup, "ANSWER_S", 1.0)
    with asleep(process.pid):
        (found,) = checkup.daemon(kf.paths)
    assert found.code == "daemon_silent" and f"kill -9 {process.pid}" in found.fix
    kf.stop()


def test_it_runs_where_nothing_else_can(kf: Home, tmp_path: Path) -> None:
    """Without zmq the client cannot even be imported."""
    (tmp_path / "zmq.py").write_text("raise ImportError('libzmq.so.5: cannot open shared object file')")
    broken = {"PYTHONPATH": str(tmp_path)}
    assert kf.command("daemon", "status", **broken).returncode == 1
    _, found = examined(kf, **broken)
    assert found[0]["area"] == "versions"
