"""Atomic files survive kills and full disks; no untrusted name leaves its folder."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyfollow.atomic import LEFTOVER, confined, new_file, remove_leftovers, replacing, temporary, write_atomic
from keyfollow.errors import StorageError, UsageError

LOOP = """
import sys, hashlib, itertools
from pathlib import Path
from keyfollow.atomic import write_atomic
folder = Path(sys.argv[1])
for i in itertools.count():
    body = bytes([i % 256]) * 300_000
    write_atomic(folder / f"{i % 3}.bin", body, hashlib.sha256(body).digest())
    if i == 0:
        print("started", flush=True)
"""

HOSTILE = [
    *(
        "",
        ".",
        "..",
        "...",
        "../x",
        "x/..",
        "..\\x",
        "a/b",
        "a\\b",
        "/",
        "/etc/passwd",
        "\\",
        "\\\\server\\share",
        "//server/share",
    ),
    *(
        "C:",
        "C:\\x",
        "c:x",
        "x:stream",
        "\\\\?\\C:\\x",
        "\\\\.\\pipe\\x",
        "~/x:",
        ".hidden",
        ".x.part",
        "x.",
        "x ",
        " .",
        "x\0",
        "\0",
    ),
    *("x\0/../y", "x\n", "\r", "\t", "\x1b[2J", "x\x7f", "\u202egnp.exe", "\u2028", "\ud800", "a" * 129, "\U0001f3ac" * 100),
    *("CON", "con", "PRN", "aux", "NUL", "nul.txt", "COM1", "com9.kff", "LPT1", "lpt9 ", "COM¹", "CONIN$", "conout$", "clock$"),
    *(
        "a*",
        "a?",
        'a"',
        "<a",
        "a>",
        "a|b",
        "/proc/self",
        "../../proc/self/environ",
        "%2e%2e/",
        "..%2f/",
        "....//",
        "a/./b",
        "./a",
    ),
    *("file:///etc/passwd", "x/", "/x", "..;/", "nul .txt", "aux.", "\u200b", "\ufeff"),
]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_parts_are_written_in_order_privately_and_replace_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_atomic(path, b"old")
    write_atomic(path, b"ab", memoryview(b"cd"), b"")
    assert path.read_bytes() == b"abcd"
    assert names(tmp_path) == ["a.bin"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_items_of_any_width_are_written_as_bytes(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", memoryview(b"12345678").cast("I"))
    assert (tmp_path / "a").read_bytes() == b"12345678"


def test_a_failing_block_leaves_the_old_file_and_no_temporary(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomic(path, b"old")
    with pytest.raises(RuntimeError), replacing(path) as write:
        write(b"new")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_is_said_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    path = tmp_path / "a"
    write_atomic(path, b"old")

    def fail(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(StorageError) as caught:
            write_atomic(path, b"new")
    assert caught.value.code == "disk_full"
    assert str(tmp_path) in caught.value.message
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, data[:7]))
    write_atomic(tmp_path / "a", bytes(range(256)))
    assert (tmp_path / "a").read_bytes() == bytes(range(256))


def test_what_cannot_be_written_is_a_typed_error(tmp_path: Path) -> None:
    for path in (tmp_path / "missing" / "a", tmp_path / ("x" * 300)):
        with pytest.raises(StorageError) as caught:
            write_atomic(path, b"x")
        assert caught.value.code == "cannot_write"


def test_a_new_file_never_replaces_or_follows(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("there", "link"):
        with pytest.raises(StorageError), new_file(tmp_path / name) as write:
            write(b"x")
    assert (tmp_path / "there").read_bytes() == b"mine"
    assert not (tmp_path / "elsewhere").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MiB, where this user may mount one."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("this container may not mount")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    write_atomic(small_disk / "kept", b"k" * 1000)
    with pytest.raises(StorageError) as caught:
        write_atomic(small_disk / "kept", bytes(2 << 20))
    assert caught.value.code == "disk_full"
    assert names(small_disk) == ["kept"]
    assert (small_disk / "kept").read_bytes() == b"k" * 1000
    write_atomic(small_disk / "next", bytes(1000))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_kill_9_leaves_whole_files_only(tmp_path: Path) -> None:
    import hashlib

    leftovers = 0
    for attempt in range(6):
        with subprocess.Popen([sys.executable, "-c", LOOP, str(tmp_path)], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(0.01 + attempt * 0.013)
            child.kill()
        leftovers += sum(bool(LEFTOVER.fullmatch(name)) for name in names(tmp_path))
        removed = remove_leftovers(tmp_path)
        assert removed <= 1
        assert set(names(tmp_path)) <= {"0.bin", "1.bin", "2.bin"}
        for path in tmp_path.iterdir():
            data = path.read_bytes()
            assert hashlib.sha256(data[:-32]).digest() == data[-32:]


def test_leftovers_are_removed_everywhere_and_nothing_else(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    root = tmp_path / "root"
    (root / "deep" / "er").mkdir(parents=True)
    outside.mkdir()
    (outside / "precious").write_bytes(b"p")
    keep = [root / "a.part", root / ".hidden", root / ".a.part", root / "deep" / ".x.0123.part", root / "deep" / "er" / "b"]
    for path in keep:
        path.write_bytes(b"k")
    temporary(root / "deep" / "er" / "x.json").write_bytes(b"t")
    temporary(root / "y").write_bytes(b"t")
    folder = temporary(root / "take")
    (folder / "frames").mkdir(parents=True)
    (folder / "frames" / "1").write_bytes(b"t")
    temporary(root / "z").symlink_to(outside)
    (root / "link").symlink_to(outside)
    temporary(outside / "w").write_bytes(b"not below root")
    assert remove_leftovers(root) == 4
    assert all(path.exists() for path in keep)
    assert len(names(outside)) == 2
    assert remove_leftovers(tmp_path / "nowhere") == 0


def test_there_are_enough_hostile_names() -> None:
    assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names_are_refused_wherever_they_stand(tmp_path: Path, name: str) -> None:
    for parts in ((name,), ("good", name), (name, "good")):
        with pytest.raises(UsageError) as caught:
            confined(tmp_path, *parts)
        assert caught.value.code == "bad_name"
        caught.value.message.encode()


@pytest.mark.parametrize("name", [None, 3, b"x", ["x"]])
def test_what_is_no_text_is_no_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        confined(tmp_path, name)


@pytest.mark.parametrize("name", ["a", "20261120-181500-1a2b3c4d", "Übung 7", "a..b", "x.kff", "console", "com10", "-", "~"])
def test_ordinary_names_pass(tmp_path: Path, name: str) -> None:
    assert confined(tmp_path, name, "x") == tmp_path / name / "x"


def test_links_below_the_root_are_refused_and_the_root_may_be_one(tmp_path: Path) -> None:
    real = tmp_path / "real"
    (real / "inside").mkdir(parents=True)
    (real / "out").symlink_to(tmp_path)
    (real / "round").symlink_to(real / "inside")
    (real / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "root").symlink_to(real)
    for parts in (("out",), ("out", "real"), ("round",), ("round", "x"), ("dangling",)):
        with pytest.raises(UsageError) as caught:
            confined(real, *parts)
        assert caught.value.code == "path_escape"
    assert confined(tmp_path / "root", "inside") == tmp_path / "root" / "inside"


@given(st.lists(st.text(max_size=140), max_size=3))
def test_whatever_passes_stays_inside(parts: list[str]) -> None:
    root = Path(tempfile.gettempdir()).resolve() / "keyfollow-root"
    try:
        path = confined(root, *parts)
    except UsageError:
        return
    assert path.resolve().is_relative_to(root)
    assert path.relative_to(root).parts == tuple(parts)
