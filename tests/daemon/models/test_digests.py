"""Digests are remembered, and never for bytes that have changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from keyfollow_daemon.models import digests
from keyfollow_daemon.models.digests import Digests


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(digests, "SETTLED_NS", -1)
    made = tmp_path / "model"
    made.mkdir()
    (made / "a").write_bytes(b"one")
    return made


def counted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    read: list[Path] = []
    real = digests.sha256_of

    def noted(path: Path, told: Callable[[int], object]) -> str:
        read.append(path)
        return real(path, told)

    monkeypatch.setattr(digests, "sha256_of", noted)
    return read


def ask(tmp_path: Path, folder: Path) -> str:
    known = Digests(tmp_path / "memory", folder)
    digest = known.sha256(folder / "a")
    known.keep()
    return digest


def test_a_file_is_read_once(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = counted(monkeypatch)
    assert ask(tmp_path, folder) == ask(tmp_path, folder) == hashlib.sha256(b"one").hexdigest()
    assert len(read) == 1


def test_changed_bytes_are_read_again_also_with_the_old_time_stamp(tmp_path: Path, folder: Path) -> None:
    ask(tmp_path, folder)
    before = (folder / "a").stat()
    (folder / "a").write_bytes(b"two")
    os.utime(folder / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert ask(tmp_path, folder) == hashlib.sha256(b"two").hexdigest()


def test_a_file_that_was_just_written_is_not_trusted(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "SETTLED_NS", 10**12)
    read = counted(monkeypatch)
    ask(tmp_path, folder)
    ask(tmp_path, folder)
    assert len(read) == 2


def test_a_damaged_memory_costs_only_time(tmp_path: Path, folder: Path) -> None:
    ask(tmp_path, folder)
    (record,) = (tmp_path / "memory").iterdir()
    for junk in (b"", b"{}", record.read_bytes().replace(b"a", b"b", 1)):
        record.write_bytes(junk)
        assert ask(tmp_path, folder) == hashlib.sha256(b"one").hexdigest()


def test_what_is_forgotten_is_gone(tmp_path: Path, folder: Path) -> None:
    ask(tmp_path, folder)
    for _ in range(2):
        Digests(tmp_path / "memory", folder).forget()
    assert list((tmp_path / "memory").iterdir()) == []


def test_a_memory_that_cannot_be_written_is_no_error(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "memory").write_bytes(b"a file where a folder should be")
    assert ask(tmp_path, folder) == hashlib.sha256(b"one").hexdigest()
