"""A take is filled frame by frame and goes on after a kill with exactly what is whole."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from keyfollow import deltas
from keyfollow.atomic import remove_leftovers
from keyfollow.engine_info import Report
from keyfollow.errors import StorageError, UsageError
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.takes.report import FrameMeasure
from keyfollow_daemon.takes.store import TakeStore
from keyfollow_daemon.takes.writer import TakeWriter

ID = "20261120-181500-1a2b3c4d"
RECIPE = {"engine": "patch", "seed": 1}
META = {"job": "j", "source": "/a.mp4", "engine": "patch", "quality": "final", "created": 5.0, "start": 10, "stop": 16}

LOOP = """
import sys
from pathlib import Path
import numpy as np
from keyfollow import deltas
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.takes.report import FrameMeasure
from keyfollow_daemon.takes.store import TakeStore
meta = dict(job="j", source="s", engine="e", quality="final", created=1.0, start=0, stop=100000)
take = TakeStore(Path(sys.argv[1])).create("take", {"a": 1}, meta)
done = take.finished()
print(len(done), flush=True)
for n in range(100000):
    if n not in done:
        take.write(n, deltas.pack(n, FrameBuffer(np.full((64, 64, 3), n % 256, np.uint8))), FrameMeasure(n / 1e6, None, n, 1.0))
"""


def frame(n: int) -> bytes:
    return deltas.pack(n, FrameBuffer(np.full((70, 80, 3), n, np.uint8)))


def measured(n: int) -> FrameMeasure:
    return FrameMeasure(n / 1000, 0, n, 0.9)


def open_take(root: Path) -> TakeWriter:
    return TakeStore(root).create(ID, RECIPE, META)


def test_frames_are_durable_and_found_again(tmp_path: Path) -> None:
    take = open_take(tmp_path)
    assert take.finished() == set()
    path = take.write(12, frame(12), measured(12))
    assert path == tmp_path / ID / "frames" / "000012.kff"
    assert path.read_bytes() == frame(12)
    take.write(10, frame(10), measured(10))
    again = open_take(tmp_path)
    assert again.finished() == {10, 12} == take.finished()
    assert again.measures == {10: measured(10), 12: measured(12)}


def test_writing_again_replaces(tmp_path: Path) -> None:
    take = open_take(tmp_path)
    take.write(12, frame(99), measured(1))
    take.write(12, frame(12), measured(2))
    assert take.finished() == {12}
    assert take.measures == {12: measured(2)}


def test_damaged_misnamed_and_unmeasured_frames_are_made_again(tmp_path: Path) -> None:
    take = open_take(tmp_path)
    for n in range(10, 15):
        take.write(n, frame(n), measured(n))
    frames = tmp_path / ID / "frames"
    (frames / "000010.kff").write_bytes(frame(10)[:-1])
    (frames / "000011.kff").write_bytes(frame(12))
    (frames / "000012.kff").write_bytes(b"")
    (frames / "000015.kff").write_bytes(frame(15))
    (frames / "000099.kff").write_bytes(frame(99))
    (frames / "note.txt").write_bytes(b"a stranger's")
    assert open_take(tmp_path).finished() == {13, 14}
    assert sorted(path.name for path in frames.iterdir()) == ["000013.kff", "000014.kff", "note.txt"]


def test_every_flipped_bit_in_a_frame_is_detected(tmp_path: Path) -> None:
    take = open_take(tmp_path)
    path = take.write(10, frame(10), measured(10))
    sound = path.read_bytes()
    for place in random.Random(5).sample(range(len(sound) * 8), 200):
        raw = bytearray(sound)
        raw[place // 8] ^= 1 << place % 8
        path.write_bytes(raw)
        assert take.finished() == set()
        assert not path.exists()
    path.write_bytes(sound)
    assert take.finished() == {10}


def test_frames_outside_the_range_are_refused(tmp_path: Path) -> None:
    take = open_take(tmp_path)
    for n in (9, 16, -1):
        with pytest.raises(UsageError) as caught:
            take.write(n, b"x", measured(0))
        assert caught.value.code == "frame_out_of_range"


def test_a_take_completes_once_and_only_whole(tmp_path: Path) -> None:
    take = open_take(tmp_path)
    for n in range(10, 15):
        take.write(n, frame(n), measured(n))
    with pytest.raises(StorageError) as caught:
        take.complete(Report(frames=6))
    assert caught.value.code == "take_incomplete" and "15" in caught.value.message
    assert not (tmp_path / ID / "manifest.json").exists()
    resumed = open_take(tmp_path)
    assert resumed.finished() == set(range(10, 15))
    resumed.write(15, frame(15), measured(15))
    resumed.complete(Report(frames=6, summary="Protected: 0 px changed."))
    assert sorted(path.name for path in (tmp_path / ID).iterdir()) == [
        "frames",
        "manifest.json",
        "recipe.json",
        "report.json",
        "take.json",
    ]
    for again in (lambda: resumed.complete(Report(frames=6)), lambda: resumed.write(12, frame(12), measured(12))):
        with pytest.raises(StorageError) as caught:
            again()
        assert caught.value.code == "take_exists"


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_keeps_what_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    take = open_take(tmp_path)
    take.write(10, frame(10), measured(10))
    real = getattr(os, call)
    for allowed in range(2):
        calls = iter(range(100))

        def full(*args: object, calls: object = calls, allowed: int = allowed) -> object:
            if next(calls) >= allowed:  # type: ignore[call-overload]
                raise OSError(errno.ENOSPC, "full")
            return real(*args)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, full)
            with pytest.raises(StorageError) as caught:
                take.write(11, frame(11), measured(11))
        assert caught.value.code == "disk_full"
    assert remove_leftovers(tmp_path) == 0
    assert open_take(tmp_path).finished() == {10}
    take.write(11, frame(11), measured(11))
    assert open_take(tmp_path).finished() == {10, 11}


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_kill_9_loses_no_finished_frame_and_keeps_no_half_one(tmp_path: Path) -> None:
    before = 0
    store = TakeStore(tmp_path)
    for attempt in range(5):
        with subprocess.Popen([sys.executable, "-c", LOOP, str(tmp_path)], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            found = int(child.stdout.readline())
            time.sleep(0.03 + attempt * 0.011)
            child.kill()
        assert found == before
        assert remove_leftovers(tmp_path) <= 1
        on_disk = store.frames("take")
        take = store.create("take", {"a": 1}, {**META, "start": 0, "stop": 100000})
        done = take.finished()
        assert sorted(done) == on_disk == list(range(len(done)))
        assert all(record == FrameMeasure(n / 1e6, None, n, 1.0) for n, record in take.measures.items())
        before = len(done)
    assert before > 5
