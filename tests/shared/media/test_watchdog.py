from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

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
