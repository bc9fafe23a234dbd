"""Where things lie, as the environment asks, and folders that are this user's alone."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from keyfollow.errors import StorageError
from keyfollow.paths import CHOICES, Choices, Paths, choices, keep_choices, paths, private_folder

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps per-user folders apart by its own access lists")


def every(where: Paths) -> list[Path]:
    own = [where.data, where.storage, where.logs, where.runtime, where.connection, where.lock, where.jobs]
    return [*own, where.inversions, where.takes, where.blobs, where.exports, where.models]


def test_home_moves_everything_and_looking_creates_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYFOLLOW_HOME", str(tmp_path / "home"))
    where = paths()
    assert all(p.is_relative_to(tmp_path / "home") for p in every(where))
    assert len(set(every(where))) == len(every(where))
    assert list(tmp_path.iterdir()) == []


def test_storage_moves_what_grows_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYFOLLOW_HOME", str(tmp_path / "home"))
    before = paths()
    monkeypatch.setenv("KEYFOLLOW_STORAGE", str(tmp_path / "disk"))
    after = paths()
    for grows in (after.storage, after.inversions, after.takes, after.blobs, after.exports, after.models):
        assert grows.is_relative_to(tmp_path / "disk")
    stays = ("data", "logs", "runtime", "connection", "lock", "jobs")
    assert [getattr(after, name) for name in stays] == [getattr(before, name) for name in stays]


def test_what_a_person_chose_counts_where_the_environment_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYFOLLOW_HOME", str(tmp_path / "home"))
    data = paths().data
    assert choices(data) == Choices()
    keep_choices(data, Choices(tmp_path / "large", 5 << 30))
    assert paths().storage == tmp_path / "large" and choices(data).cache_bytes == 5 << 30
    monkeypatch.setenv("KEYFOLLOW_STORAGE", str(tmp_path / "disk"))
    assert paths().storage == tmp_path / "disk"
    monkeypatch.delenv("KEYFOLLOW_STORAGE")
    for spoiled in ("{", "[]", '{"storage": "relative", "cache_bytes": true}', '{"storage": 7, "cache_bytes": -1}'):
        (data / CHOICES).write_text(spoiled)
        assert choices(data) == Choices() and paths().storage == tmp_path / "home"


def test_a_tilde_and_a_relative_folder_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("KEYFOLLOW_HOME", "~/kf")
    assert paths().runtime.is_relative_to(tmp_path / "kf")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEYFOLLOW_HOME", "here")
    assert paths().runtime.is_relative_to(tmp_path / "here")


@posix
def test_without_a_runtime_folder_the_connection_file_is_not_in_a_guessable_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEYFOLLOW_HOME")
    for name in ("XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    where = paths()
    assert where.runtime == where.data / "run"
    assert all(p.is_relative_to(tmp_path) for p in every(where))
    (tmp_path / "user").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "user"))
    assert paths().runtime == tmp_path / "user" / "keyfollow"


@posix
@pytest.mark.parametrize("named", ["", "  ", "relative", "/nowhere/at/all", "{tmp}/open", "{tmp}/link", "{tmp}/nul\udc80"])
def test_a_runtime_folder_that_others_could_reach_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.delenv("KEYFOLLOW_HOME")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    (tmp_path / "own").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "own")
    monkeypatch.setenv("XDG_RUNTIME_DIR", named.format(tmp=tmp_path))
    assert paths().runtime == paths().data / "run"


@posix
def test_a_private_folder_is_made_or_made_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = private_folder(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    assert stat.S_IMODE(private_folder(tmp_path / "open").stat().st_mode) == 0o700
    assert private_folder(made) == made


def unsafe(folder: Path) -> bool:
    with pytest.raises(StorageError) as error:
        private_folder(folder)
    return error.value.code == "unsafe_folder" and str(folder) in error.value.message


@posix
def test_a_link_or_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    assert unsafe(tmp_path / "link")
    assert unsafe(tmp_path / "dangling")
    assert unsafe(tmp_path / "file")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir(mode=0o700)
    os.chown(tmp_path / "theirs", 12345, -1)
    assert unsafe(tmp_path / "theirs")
