"""The bridge against the real daemon, pumped as Blender's timer does: answers, loss, restarts, other versions, no daemon at all."""

from __future__ import annotations

import os
import signal
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from keyfollow import connection, wire
from keyfollow.errors import KeyfollowError
from keyfollow_blender.bridge import Bridge
from keyfollow_testkit.daemons import Home, home


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with home(tmp_path / "home", monkeypatch) as made:
        yield made


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    made = Bridge()
    yield made
    made.close()


def pump(bridge: Bridge, until: Callable[[], Any], seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := until()):
        assert time.monotonic() < deadline, (bridge.state, bridge.error)
        bridge.tick()
        time.sleep(0.005)
    return found


def asked(bridge: Bridge, body: Any) -> list[Any]:
    answers: list[Any] = []
    bridge.ask(body, answers.append, answers.append)
    return answers


def test_closed_it_does_nothing_and_opens_when_asked(own: Home, bridge: Bridge) -> None:
    threads = threading.active_count()
    bridge.tick()
    state: str = bridge.state
    assert state == "closed" and own.running() is None
    answers = asked(bridge, wire.Status())
    pump(bridge, lambda: answers)
    assert isinstance(answers[0], wire.DaemonStatus)
    assert bridge.state == "open" and own.running() is not None
    assert threading.active_count() == threads


def test_a_daemon_that_runs_is_found(own: Home, bridge: Bridge) -> None:
    process = own.start()
    bridge.open()
    pump(bridge, lambda: bridge.state == "open")
    found = own.running()
    assert found is not None and found.pid == process.pid
    os.kill(process.pid, signal.SIGTERM)
    process.wait()


def test_a_refused_question_is_told_and_the_next_answered(own: Home, bridge: Bridge) -> None:
    answers = asked(bridge, wire.JobAction("a" * 32, "get"))
    pump(bridge, lambda: answers)
    assert isinstance(answers[0], KeyfollowError) and answers[0].code == "unknown_job"


def test_a_killed_daemon_is_started_again_and_the_question_answered(own: Home, bridge: Bridge) -> None:
    bridge.open()
    pump(bridge, lambda: bridge.state == "open")
    found = own.running()
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    answers = asked(bridge, wire.Status())
    pump(bridge, lambda: answers)
    assert answers[0].pid != found.pid


def test_a_frozen_daemon_is_told_of_and_no_tick_waits_for_it(own: Home, bridge: Bridge) -> None:
    bridge.open()
    pump(bridge, lambda: bridge.state == "open")
    found = own.running()
    assert found is not None
    os.kill(found.pid, signal.SIGSTOP)
    try:
        worst = 0.0

        def slow() -> bool:
            nonlocal worst
            began = time.monotonic()
            bridge.tick()
            worst = max(worst, time.monotonic() - began)
            return bridge.error is not None

        pump(bridge, slow)
        assert bridge.error is not None and bridge.error.code == "no_answer"
        assert worst < 0.2
    finally:
        os.kill(found.pid, signal.SIGCONT)
    pump(bridge, lambda: bridge.state == "open")
    assert bridge.error is None


def test_a_long_silence_of_ours_loses_nothing(own: Home, bridge: Bridge) -> None:
    bridge.open()
    pump(bridge, lambda: bridge.state == "open")
    time.sleep(3.6)  # a render
    answers = asked(bridge, wire.Jobs())
    pump(bridge, lambda: answers)
    assert answers == [wire.JobList(())] and bridge.error is None


def test_another_major_version_is_told_with_both_numbers(own: Home, bridge: Bridge) -> None:
    process = own.start()
    found = own.running()
    assert found is not None
    connection.write(own.paths.connection, replace(found, protocol=(wire.PROTOCOL[0] + 1, 0)))
    answers = asked(bridge, wire.Jobs())
    pump(bridge, lambda: bridge.state == "absent")
    assert bridge.error is not None and bridge.error.code == "wrong_protocol" and "2.0" in bridge.error.message
    assert answers == [bridge.error]
    os.kill(process.pid, signal.SIGTERM)
    process.wait()


def test_without_a_daemon_on_this_machine_it_says_how_to_get_one(own: Home, tmp_path: Path) -> None:
    bridge = Bridge(lambda: (str(tmp_path / "none"), ""))
    bridge.open()
    pump(bridge, lambda: bridge.state == "absent")
    assert bridge.error is not None and bridge.error.code == "daemon_not_installed" and "pip install" in bridge.error.remedy
    bridge.tick()
    assert bridge.state == "absent", "it does not try for ever"
    bridge.close()


def test_a_daemon_that_keeps_dying_is_given_up(own: Home, tmp_path: Path) -> None:
    program = tmp_path / "dies"
    program.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    bridge = Bridge(lambda: (str(program), ""))
    bridge.open()
    pump(bridge, lambda: bridge.state == "absent")
    assert bridge.error is not None and bridge.error.code == "daemon_failed"
    bridge.close()


def test_another_home_is_another_daemon(own: Home, tmp_path: Path) -> None:
    other = tmp_path / "other"
    bridge = Bridge(lambda: ("", str(other)))
    answers = asked(bridge, wire.Status())
    pump(bridge, lambda: answers)
    assert own.running() is None and (other / "run" / "connection.json").exists()
    os.kill(answers[0].pid, signal.SIGTERM)
    bridge.close()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="there is none to leave")
def test_a_processor_is_left_to_blender_while_it_is_connected_and_wants_it(own: Home) -> None:
    wanted, every = [True], len(os.sched_getaffinity(0))
    bridge = Bridge(spare=lambda: wanted[0])
    answers = asked(bridge, wire.Status())
    pump(bridge, lambda: answers)
    daemon = answers[0].pid
    pump(bridge, lambda: len(os.sched_getaffinity(daemon)) == every - 1)
    wanted[0] = False
    bridge.greet()
    pump(bridge, lambda: len(os.sched_getaffinity(daemon)) == every)
    assert bridge.state == "open"
    os.kill(daemon, signal.SIGTERM)
    bridge.close()


def test_an_upload_and_a_refusal_of_one(own: Home, bridge: Bridge) -> None:
    import hashlib

    data = os.urandom(3 << 20)
    sha256 = hashlib.sha256(data).hexdigest()
    done: list[Any] = []
    bridge.upload(sha256, len(data), lambda at, n: data[at : at + n], done.append, done.append)
    pump(bridge, lambda: done)
    assert done == [sha256]
    wrong = "ab" * 32
    bridge.upload(wrong, len(data), lambda at, n: data[at : at + n], done.append, done.append)
    pump(bridge, lambda: len(done) == 2)
    assert isinstance(done[1], KeyfollowError)
