from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from keyfollow.media.sandbox import MODULE, Sandbox, _environment

ENVIRONMENT = _environment()
PROBE = """
import os, resource, socket, sys
from keyfollow.media import sandbox_child
sandbox_child.confine(writes=False)
results = []
for attempt in (lambda: open("/etc/hostname"), lambda: socket.socket(), lambda: os.pipe(), lambda: bytearray(8 << 30),
                lambda: os.write(int(sys.argv[1]), b"x")):
    try:
        attempt()
        results.append("done")
    except (OSError, MemoryError) as e:
        results.append(type(e).__name__)
os.write(1, " ".join(results).encode())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="resource limits")
def test_a_confined_child_can_open_nothing_write_nothing_and_take_no_end_of_memory(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-c", PROBE, str(out.fileno())],
            env=ENVIRONMENT,
            pass_fds=[out.fileno()],
            stdout=subprocess.PIPE,
            timeout=20,
            check=True,
        )
    assert done.stdout.decode().split() == ["OSError", "OSError", "OSError", "MemoryError", "OSError"]
    assert (tmp_path / "out").stat().st_size == 0


def test_it_ends_when_its_parent_does() -> None:
    child = subprocess.Popen([sys.executable, "-m", MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT)
    assert child.stdin is not None and child.stdout is not None
    child.stdin.close()
    assert child.wait(10) == 0
    child.stdout.close()


def test_a_client_that_breaks_the_form_ends_it_quietly() -> None:
    done = subprocess.run(
        [sys.executable, "-m", MODULE], input=b"\xff" * 64, env=ENVIRONMENT, capture_output=True, timeout=20, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_it_starts_fast() -> None:
    best = 9.0
    for _ in range(3):
        start = time.monotonic()
        with Sandbox() as sandbox, pytest.raises(Exception, match="not a PNG"):
            sandbox.call("image", b"nothing")
        best = min(best, time.monotonic() - start)
    assert best < 2.5
