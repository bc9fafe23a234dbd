"""Work beside the loop."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time

import pytest
from keyfollow_daemon.transport.background import Background


def test_work_is_done_and_a_failure_harms_nobody() -> None:
    done: queue.SimpleQueue[int] = queue.SimpleQueue()
    background = Background(threads=1)
    background.submit(lambda: done.put(1))
    background.submit(lambda: done.put(1 // 0))
    background.submit(lambda: done.put(2))
    assert [done.get(timeout=30), done.get(timeout=30)] == [1, 2]
    background.close()


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux alone")
def test_it_gives_way_to_other_programs_and_the_loop_does_not() -> None:
    found: queue.SimpleQueue[int] = queue.SimpleQueue()
    before = os.getpriority(os.PRIO_PROCESS, 0)
    background = Background(threads=1)
    background.submit(lambda: found.put(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
    assert found.get(timeout=30) > before == os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    background.close()


def test_long_work_does_not_hold_up_the_end_of_the_process() -> None:
    code = """
import time
from keyfollow_daemon.transport.background import Background
background = Background()
background.submit(lambda: time.sleep(60))
time.sleep(0.2)
background.close()
"""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True, timeout=50)
    assert time.monotonic() - began < 30
