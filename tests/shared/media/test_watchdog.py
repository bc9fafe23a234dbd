from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from keyfollow.media.watchdog import TICK_S, Watchdog


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_silence_kills(sleeper: subprocess.Popen[bytes]) -> None:
    dog = Watchdog(sleeper, TICK_S)
    with dog:
        sleeper.wait(5)
    assert dog.fired
    dog.close()


def test_progress_and_nobody_waiting_keep_it_alive(sleeper: subprocess.Popen[bytes]) -> None:
    dog = Watchdog(sleeper, 2 * TICK_S)
    with dog:
        for _ in range(20):
            time.sleep(TICK_S / 4)
            dog.progress()
    time.sleep(4 * TICK_S)
    assert not dog.fired
    assert sleeper.poll() is None
    dog.close()


@pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="this system does not say how long a process waits for a core"
)
def test_a_child_that_gets_no_core_is_not_silent_and_one_that_spins_is() -> None:
    core = {min(os.sched_getaffinity(0))}
    spin = [sys.executable, "-S", "-c", "while True: pass"]
    children = [subprocess.Popen(spin, preexec_fn=lambda: os.sched_setaffinity(0, core)) for _ in range(6)]
    try:
        for child in children[1:]:
            os.setpriority(os.PRIO_PROCESS, child.pid, 0)
        os.setpriority(os.PRIO_PROCESS, children[0].pid, 19)
        starved, spinning = Watchdog(children[0], 4 * TICK_S), Watchdog(children[1], 4 * TICK_S)
        with starved, spinning:
            time.sleep(8 * TICK_S)
            assert not starved.fired
            for child in children[2:]:
                child.kill()
            children[1].wait(30)
            assert spinning.fired
        starved.close()
        spinning.close()
    finally:
        for child in children:
            child.kill()
            child.wait()
