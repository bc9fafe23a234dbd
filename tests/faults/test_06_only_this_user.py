"""Promise 6: only this user's clients."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path

import psutil
import pytest
from keyfollow import connection, wire
from keyfollow.errors import KeyfollowError
from keyfollow.paths import paths
from keyfollow.wire import CONTROL, DATA
from keyfollow_testkit.counts import count
from keyfollow_testkit.faults_wire import (
    Peer,
    Target,
    answers_to_strangers,
    plain_tcp,
    right_keys,
    said_until_dropped,
    target,
    wrong_locks,
)

pytestmark = pytest.mark.faults
NOBODY = 65534
as_root = pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("setpriv") is None, reason="only root can become another user, with setpriv"
)
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 21\r\nOrigin: https://evil.example\r\n\r\n\x81\xa4type\xa8Shutdown\xa2id\x01"
WEBSOCKET = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: ZWS2.0\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.fixture(scope="module")
def kf() -> Iterator[Target]:
    """A daemon whose home lies where another user can look: pytest's own folders are closed to them, whatever we do."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "readable").write_text("anyone may read this")
        (Path(folder) / "readable").chmod(0o644)
        with target(Path(folder) / "home") as made:
            yield made


def as_nobody(*command: str) -> subprocess.CompletedProcess[str]:
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"]
    return subprocess.run([*become, *command], capture_output=True, text=True, timeout=30, check=False)


# --- keys ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["wrong server key", "unknown client key", "no key", "NULL", "PLAIN"])
def test_without_the_right_keys_nothing_is_answered(kf: Target, how: str) -> None:
    locks = [wrong_locks(kf.connection)[how] for _ in range(count("key_faults"))]
    with Peer(kf.connection) as friend:
        friend.hello()
        before = friend.ask(wire.Status(), wire.DaemonStatus).sessions
        assert answers_to_strangers(kf.connection, locks) == 0
        assert friend.ask(wire.Status(), wire.DaemonStatus).sessions <= before, "no stranger has a session"


def test_the_right_keys_are_answered(kf: Target) -> None:
    """What the tests above wait for does come when the keys are right."""
    with Peer(kf.connection) as friend:
        assert friend.hello().pid == kf.daemon.pid


def test_keys_are_new_at_every_start(kf: Target, tmp_path: Path) -> None:
    with target(tmp_path / "home") as other:
        mine, theirs = kf.connection, other.connection
        assert {mine.server_public, mine.client_public, mine.client_secret}.isdisjoint(
            {theirs.server_public, theirs.client_public, theirs.client_secret}
        )
        assert answers_to_strangers(mine, [right_keys(theirs)]) == 0


# --- the connection file -----------------------------------------------------------------------------------------------------


def test_the_connection_file_is_private_in_a_private_folder(kf: Target) -> None:
    where = kf.home.paths
    for path, mode in ((where.connection, 0o600), (where.runtime, 0o700), (where.data, 0o700), (where.lock, 0o600)):
        found = path.lstat()
        assert stat.S_IMODE(found.st_mode) == mode and found.st_uid == os.getuid(), path


def test_nothing_that_the_daemon_made_is_open_to_others(kf: Target) -> None:
    for path in (kf.home.folder, *kf.home.folder.rglob("*")):
        if path != kf.home.folder:
            assert not stat.S_IMODE(path.lstat().st_mode) & 0o077, path


@as_root
def test_another_user_cannot_read_the_connection_file(kf: Target) -> None:
    assert as_nobody("cat", str(kf.home.folder.parent / "readable")).stdout == "anyone may read this"
    for path in (kf.home.paths.connection, kf.home.paths.lock, kf.home.paths.jobs):
        tried = as_nobody("cat", str(path))
        assert tried.returncode != 0 and tried.stdout == "" and "Permission denied" in tried.stderr


@as_root
def test_another_user_cannot_open_the_connection_file_even_when_the_folder_is_open(kf: Target) -> None:
    folder = kf.home.paths.runtime
    folder.chmod(0o755)
    try:
        assert as_nobody("cat", str(kf.home.paths.connection)).returncode != 0
    finally:
        folder.chmod(0o700)


@as_root
def test_another_user_who_knows_the_ports_gets_no_answer(kf: Target) -> None:
    """Raw TCP with this machine's own Python, as that user: the daemon says its greeting at most, and never a word of the protocol."""
    host, port = kf.connection.control.removeprefix("tcp://").split(":")
    program = (
        "import os, socket, sys\n"
        f"assert os.getuid() == {NOBODY}\n"
        f"s = socket.create_connection(({host!r}, {port}), 5)\n"
        "null = bytes([255, 0, 0, 0, 0, 0, 0, 0, 1, 127, 3, 0]) + b'NULL'.ljust(20, bytes(1)) + bytes(32)\n"
        "s.sendall(null + bytes([4, 25, 5]) + b'READY')\n"
        "s.settimeout(8)\n"
        "heard = b''\n"
        "try:\n"
        "    while piece := s.recv(4096):\n"
        "        heard += piece\n"
        "except OSError:\n"
        "    pass\n"
        "sys.stdout.write(heard.hex())\n"
    )
    python = next((p for p in ("/usr/bin/python3", sys.executable) if as_nobody(p, "-c", "").returncode == 0), None)
    if python is None:
        pytest.skip("there is no Python that another user can run")
    tried = as_nobody(python, "-c", program)
    assert tried.returncode == 0, tried.stderr
    assert len(bytes.fromhex(tried.stdout)) <= 64, "a ZMTP greeting is 64 bytes"


@pytest.mark.parametrize("harm", ["readable", "writable", "link", "folder", "FIFO"])
def test_a_client_does_not_trust_a_connection_file_that_others_could_have_written(
    kf: Target, tmp_path: Path, harm: str
) -> None:
    copy = tmp_path / "connection.json"
    connection.write(copy, kf.connection)
    assert connection.read(copy) == kf.connection
    match harm:
        case "readable":
            copy.chmod(0o644)
        case "writable":
            copy.chmod(0o620)
        case "link":
            copy.rename(tmp_path / "real")
            copy.symlink_to(tmp_path / "real")
        case "folder":
            copy.unlink()
            copy.mkdir()
        case "FIFO":
            copy.unlink()
            os.mkfifo(copy, 0o600)
    with pytest.raises(KeyfollowError) as refused:
        connection.read(copy)
    assert refused.value.code == "unsafe_connection_file"


@as_root
def test_a_client_does_not_trust_another_users_connection_file(kf: Target, tmp_path: Path) -> None:
    copy = tmp_path / "connection.json"
    connection.write(copy, kf.connection)
    os.chown(copy, NOBODY, -1)
    with pytest.raises(KeyfollowError) as refused:
        connection.read(copy)
    assert refused.value.code == "unsafe_connection_file"


# --- guessable places --------------------------------------------------------------------------------------------------------


def refuses_to_start(home: Path) -> str:
    """What the daemon says when it refuses to run in `home`."""
    run = subprocess.run(
        [sys.executable, "-m", "keyfollow_daemon"],
        env={**os.environ, "KEYFOLLOW_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert run.returncode != 0 and "Traceback" not in run.stderr
    return run.stderr


@pytest.mark.parametrize("which", ["run", "data", "logs"])
def test_a_link_in_the_place_of_a_private_folder_is_refused(tmp_path: Path, which: str) -> None:
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "home" / which).symlink_to(tmp_path / "elsewhere")
    assert "not a folder of this user's own" in refuses_to_start(tmp_path / "home")
    assert not list((tmp_path / "elsewhere").iterdir())


@as_root
@pytest.mark.parametrize("which", ["run", "data"])
def test_a_folder_that_another_user_made_first_is_refused(tmp_path: Path, which: str) -> None:
    (tmp_path / "home" / which).mkdir(parents=True, mode=0o700)
    os.chown(tmp_path / "home" / which, NOBODY, -1)
    assert "not a folder of this user's own" in refuses_to_start(tmp_path / "home")


@pytest.mark.parametrize("named", [None, "", " ", "{tmp}/missing", "{tmp}/open", "{tmp}/link"])
def test_without_a_sound_runtime_folder_the_file_is_never_under_the_temp_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None
) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "own").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "own")
    monkeypatch.delenv("KEYFOLLOW_HOME")
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if named is None:
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    else:
        monkeypatch.setenv("XDG_RUNTIME_DIR", named.format(tmp=tmp_path))
    assert paths().connection.is_relative_to("/home/someone")


# --- the network -------------------------------------------------------------------------------------------------------------


def test_nothing_listens_beyond_loopback(kf: Target) -> None:
    process = psutil.Process(kf.daemon.pid)
    listening = [
        c.laddr
        for p in (process, *process.children(recursive=True))
        for c in p.net_connections("inet")
        if c.status == psutil.CONN_LISTEN
    ]
    assert len(listening) == 2, "control and data, and no more"
    assert all(ip_address(where.ip).is_loopback for where in listening)


@pytest.mark.parametrize("words", [POST, WEBSOCKET], ids=["HTTP POST", "WebSocket"])
def test_what_a_web_page_can_send_is_dropped(kf: Target, words: bytes) -> None:
    before = kf.daemon.descriptors
    for n in range(count("web_requests")):
        with plain_tcp(kf.connection.control if n % 2 else kf.connection.data) as browser:
            browser.sendall(words)
            assert b"HTTP" not in said_until_dropped(browser, within_s=10)
    assert_back_to(kf, before)


def test_connections_that_say_nothing_are_hung_up(kf: Target) -> None:
    before = kf.daemon.descriptors
    with ExitStack() as stack:
        silent = [
            stack.enter_context(plain_tcp(endpoint))
            for endpoint in (kf.connection.control, kf.connection.data)
            for _ in range(count("web_requests"))
        ]
        with Peer(kf.connection) as friend:
            friend.hello()
            assert friend.ping() < 1
        deadline = time.monotonic() + 30
        for one in silent:
            assert len(said_until_dropped(one, deadline - time.monotonic())) <= 64
    assert_back_to(kf, before)


def test_a_greeting_in_the_middle_of_which_nothing_more_comes_is_hung_up(kf: Target) -> None:
    with plain_tcp(kf.connection.control) as half:
        half.sendall(b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\x01CURVE")
        half.shutdown(socket.SHUT_WR)
        assert len(said_until_dropped(half, within_s=30)) <= 64


def assert_back_to(kf: Target, descriptors: int) -> None:
    deadline = time.monotonic() + 10
    while kf.daemon.descriptors > descriptors + 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert kf.daemon.descriptors <= descriptors + 4, "connections were closed"
    kf.assert_unharmed()


def test_the_two_channels_are_the_only_ways_in(kf: Target) -> None:
    """A message that belongs on one channel does nothing on the other."""
    with Peer(kf.connection) as peer:
        peer.hello()
        assert peer.refused(wire.Shutdown(), DATA) == "bad_message"
        assert peer.refused(wire.PutBlob("0" * 64, 10), CONTROL) == "bad_message"
