"""The connection file is private or refused, whole or ignored, and taken away by its own daemon only."""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from keyfollow import connection
from keyfollow.connection import Connection
from keyfollow.errors import DaemonError, StorageError
from keyfollow.plain import to_plain

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps per-user folders apart by its own access lists")
HERE = Connection("tcp://127.0.0.1:1", "tcp://127.0.0.1:2", "s" * 40, "c" * 40, "x" * 40, os.getpid(), (1, 0), "0.1.0")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "connection.json"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refused(path: Path) -> bool:
    with pytest.raises(DaemonError) as error:
        connection.read(path)
    return error.value.code == "unsafe_connection_file" and str(path) in error.value.message


def test_what_is_written_can_be_read_and_only_by_this_user(path: Path) -> None:
    before = os.umask(0)
    try:
        connection.write(path, HERE)
    finally:
        os.umask(before)
    assert connection.read(path) == HERE
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_an_open_folder_is_closed_before_anything_is_written_in_it(path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o755)
    connection.write(path, HERE)
    assert mode(path.parent) == 0o700


def test_a_linked_folder_is_not_written_to(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    path.parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError) as error:
        connection.write(path, HERE)
    assert error.value.code == "unsafe_folder"
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_new_daemon_replaces_a_stale_file(path: Path) -> None:
    connection.write(path, HERE)
    there = replace(HERE, pid=7)
    connection.write(path, there)
    assert connection.read(path) == there


def test_no_file_is_no_daemon(path: Path) -> None:
    assert connection.read(path) is None


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", '"text"', "\x00", '{"pid": 5}', json.dumps({**to_plain(HERE), "pid": "5"}), "\udcff"],
)
def test_a_file_that_is_no_connection_is_no_daemon(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    path.chmod(0o600)
    assert connection.read(path) is None


def test_fields_of_a_newer_daemon_are_ignored(path: Path) -> None:
    connection.write(path, HERE)
    path.write_text(json.dumps({**to_plain(HERE), "mood": "fine"}))
    assert connection.read(path) == HERE


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666])
def test_a_file_that_others_can_touch_is_refused(path: Path, bits: int) -> None:
    connection.write(path, HERE)
    path.chmod(bits)
    assert refused(path)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(path: Path) -> None:
    connection.write(path, HERE)
    os.chown(path, 12345, -1)
    assert refused(path)


def test_a_link_is_refused_wherever_it_leads(path: Path, tmp_path: Path) -> None:
    connection.write(tmp_path / "own" / "connection.json", HERE)
    path.parent.mkdir(mode=0o700)
    for target in (tmp_path / "own" / "connection.json", tmp_path / "nowhere"):
        path.symlink_to(target)
        assert refused(path)
        path.unlink()


def test_a_folder_in_its_place_is_refused(path: Path) -> None:
    path.mkdir(parents=True, mode=0o700)
    assert refused(path)


def test_a_daemon_removes_its_own_file_only(path: Path) -> None:
    connection.write(path, HERE)
    connection.remove(path, os.getpid() + 1)
    assert connection.read(path) == HERE
    connection.remove(path, os.getpid())
    assert not path.exists()
    connection.remove(path, os.getpid())
