"""Faults planted one by one: each is named, with the command that mends it. (Those of a whole run are in `test_doctor`.)"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest
from keyfollow import connection, launch
from keyfollow.cli import checkup, hardware
from keyfollow.cli.checkup import Finding
from keyfollow.cli.hardware import Gpu
from keyfollow.connection import Connection
from keyfollow.paths import Paths, paths
from keyfollow_testkit.faults import small_disk

FAKE = Connection("tcp://127.0.0.1:9", "tcp://127.0.0.1:9", "s" * 40, "c" * 40, "k" * 40, 0, (1, 0), "0.1.0")


@pytest.fixture
def where(tmp_path: Path) -> Paths:
    return paths(str(tmp_path / "home"))


def problem(found: Iterable[Finding]) -> Finding:
    (only,) = [f for f in found if f.state == "problem"]
    assert only.fix and only.message.endswith(".")
    return only


def test_a_full_disk(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    with small_disk(where.storage / "disk", 8 << 20) as small:
        found = problem(checkup.disk(replace(where, storage=small.folder / "storage")))
    assert found.code == "disk_full" and "8.0 MiB are free for takes" in found.message and str(small.folder) in found.message
    assert found.fix.startswith("export KEYFOLLOW_STORAGE=")


def test_a_stale_connection_file(where: Paths) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    connection.write(where.connection, replace(FAKE, pid=ended.pid))
    found = problem(checkup.daemon(where))
    assert found.code == "stale_connection" and str(ended.pid) in found.message and found.fix == "keyfollow daemon start"


def test_a_stale_connection_file_whose_number_is_a_strangers_by_now(where: Paths) -> None:
    connection.write(where.connection, replace(FAKE, pid=os.getpid()))
    os.utime(where.connection, (1e9, 1e9))
    assert problem(checkup.daemon(where)).code == "stale_connection"


def test_a_closed_port(where: Paths) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    connection.write(where.connection, replace(FAKE, pid=os.getpid(), control=f"tcp://127.0.0.1:{port}"))
    found = problem(checkup.daemon(where))
    assert found.code == "port_closed" and str(port) in found.message
    assert found.fix == f"kill -9 {os.getpid()} && keyfollow daemon start"


def test_a_connection_file_that_others_can_read_or_that_is_damaged(where: Paths) -> None:
    connection.write(where.connection, FAKE)
    where.connection.chmod(0o644)
    found = problem(checkup.daemon(where))
    assert found.code == "unsafe_connection_file" and found.fix == f"rm -f {where.connection}"
    where.connection.write_text("{")
    where.connection.chmod(0o600)
    assert problem(checkup.daemon(where)).code == "connection_damaged"


def test_what_the_last_start_said_is_told(where: Paths) -> None:
    where.logs.mkdir(parents=True)
    (where.logs / "daemon-start.log").write_text("noise\nkeyfollowd: the store is damaged\n")
    _, told = checkup.daemon(where)
    assert told.state == "note" and "the store is damaged" in told.message


def test_a_missing_codec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "ENCODERS", ("libx264", "libx999"))
    found = problem(checkup.codecs())
    assert found.code == "codec_missing" and "libx999 (writing)" in found.message and "libx264" not in found.message
    assert found.fix.startswith(f"{sys.executable} -m pip install") and "av>=15" in found.fix


def test_pyav_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    assert problem(checkup.codecs()).code == "av_missing"


def test_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = ["numpy>=1.26", "no-such-package>=2", 'torch>=2.4; extra == "diffusion"']
    monkeypatch.setattr(metadata, "requires", lambda name: needed)
    found = problem(checkup.versions())
    assert found.code == "package_missing" and "no-such-package" in found.message and "'no-such-package>=2'" in found.fix


def test_a_file_where_a_folder_should_be(where: Paths) -> None:
    where.runtime.parent.mkdir()
    where.runtime.symlink_to("/tmp")
    found = problem(checkup.folders(where))
    assert found.code == "unsafe_folder" and found.fix == f"rm {where.runtime}"


def test_a_quota_that_is_no_number(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYFOLLOW_CACHE_BYTES", "20G")
    assert problem(checkup.cache(where)).fix == "unset KEYFOLLOW_CACHE_BYTES"


@pytest.mark.parametrize(
    ("torch", "gpu", "code", "fix"),
    [
        ({"version": "2.13.0+cpu", "build": "cpu", "devices": [], "error": ""}, True, "torch_without_gpu", "keyfollow setup"),
        ({"version": "2.13.0+cpu", "build": "cpu", "devices": [], "error": ""}, False, "torch", ""),
        ({"version": "", "build": "cpu", "devices": [], "error": ""}, True, "no_torch", "keyfollow setup"),
        (
            {"version": "", "build": "cpu", "devices": [], "error": "OSError: libcudart"},
            True,
            "torch_broken",
            "keyfollow setup",
        ),
        ({"version": "2.13", "build": "cuda 12.8", "devices": [["NVIDIA H200", 1 << 37]], "error": ""}, True, "torch", ""),
    ],
)
def test_torch_and_the_gpu(monkeypatch: pytest.MonkeyPatch, torch: dict[str, object], gpu: bool, code: str, fix: str) -> None:
    monkeypatch.setattr(hardware, "gpus", lambda: [Gpu("cuda", "NVIDIA H200", driver="580.1")] if gpu else [])
    monkeypatch.setattr(checkup, "_ask", lambda *words: ([{"event": "torch", **torch}], ""))
    found = list(checkup.devices())[-1]
    assert (found.code, found.fix) == (code, fix)


def test_what_an_engine_lacks_is_a_note_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    lacks = {
        "event": "engine",
        "id": "pix2video",
        "version": "1",
        "missing": ["Get it with `keyfollow models pull sd15-depth`."],
    }
    monkeypatch.setattr(hardware, "gpus", list)
    monkeypatch.setattr(checkup, "_ask", lambda *words: ([lacks], ""))
    found = list(checkup.devices())[-1]
    assert (found.state, found.fix) == ("note", "keyfollow models pull sd15-depth")


def test_a_daemon_program_that_cannot_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "command", lambda: [sys.executable, "-c", "import sys; sys.exit('no such library')"])
    found = problem(checkup.models())
    assert "no such library" in found.message and found.fix == "keyfollow setup"


def test_a_check_that_breaks_is_a_finding(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(where: Paths) -> Iterable[Finding]:
        raise OSError("disk on fire")

    monkeypatch.setattr(checkup, "disk", broken)
    monkeypatch.setattr(checkup, "_ask", lambda *words: ([], ""))
    found = problem(checkup.examine(where))
    assert found.area == "disk" and "disk on fire" in found.message


def test_every_code_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs/troubleshooting.md").read_text()
    told = {
        area: set(re.findall(r"`(\w+)`", codes))
        for area, codes in re.findall(r"^\| (\w+) \| (`.*`[^|]*) \|$", page, re.MULTILINE)
    }
    written = re.findall(r'Finding\(\s*"(\w+)", "\w+", "(\w+)"', Path(checkup.__file__).read_text())
    for area in {area for area, _ in written}:
        assert told[area] == {code for a, code in written if a == area}, area
