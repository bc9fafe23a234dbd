"""One processor is left alone by the process, its threads, its children and theirs, and used again afterwards. In a process of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from keyfollow_daemon.processors import Processors

pytestmark = pytest.mark.skipif(sys.platform == "darwin" or (os.cpu_count() or 1) < 2, reason="there is one to spare nowhere")
CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"


@contextmanager
def at_work() -> Iterator[psutil.Process]:
    """This process, with a thread and a child that has a child."""
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None and child.stdin is not None
    try:
        assert child.stdout.readline() == b"1\n"
        yield psutil.Process()
    finally:
        child.communicate(b"\n", timeout=20)
        end.set()
        thread.join()


def used(process: psutil.Process) -> set[tuple[int, ...]]:
    """The processors of every process from this one down, and on Linux of every thread."""
    every = [process, *process.children(recursive=True)]
    if sys.platform == "linux":
        return {tuple(sorted(os.sched_getaffinity(t.id))) for p in every for t in p.threads()}
    return {tuple(sorted(p.cpu_affinity())) for p in every}


def report() -> None:
    """What a process of its own, started by a test below, does."""
    with at_work() as process:
        told = [used(process)]
        processors = Processors()
        for wanted in (True, True, False):
            processors.spare_one(wanted)
            told.append(used(process))
        alone = sorted(process.cpu_affinity())[:1]
        process.cpu_affinity(alone)
        Processors().spare_one(True)
        print(json.dumps([*(sorted(u) for u in told), sorted(process.cpu_affinity()) == alone]))


def test_all_that_runs_keeps_off_one_and_takes_it_back() -> None:
    own = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; import test_processors as t; t.report()"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert own.returncode == 0, own.stderr
    first, spared, again, back, lonely = json.loads(own.stdout)
    ((*all_of_them,),) = first
    assert len(all_of_them) > 1
    assert spared == again == [all_of_them[:-1]]
    assert back == [all_of_them]
    assert lonely, "the only processor is kept"
