from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from keyfollow.errors import KeyfollowError, MediaError
from keyfollow.frames import FrameRange
from keyfollow.media.reader import MediaReader
from keyfollow.media.sandbox import Sandbox

MakeClip = Callable[..., Path]


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def outcome(path: Path) -> str:
    """``ok`` or the code of the typed error; anything else fails the test."""
    try:
        with MediaReader(path) as reader:
            count = sum(1 for _ in reader.frames(FrameRange(0, reader.info.frames)))
            assert count == reader.info.frames
            return "ok"
    except KeyfollowError as e:
        return e.code


def test_the_parent_needs_no_decoder() -> None:
    code = "import keyfollow.media.probe, keyfollow.media.reader, sys; sys.exit('av' in sys.modules or 'cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=20, check=False).returncode == 0


def test_a_silent_child_is_a_timeout(make_clip: MakeClip) -> None:
    with make_clip().open("rb") as file, Sandbox({"source": file.fileno()}, deadline_s=0.5) as sandbox:
        os.kill(sandbox._process.pid, signal.SIGSTOP)
        start = time.monotonic()
        with pytest.raises(MediaError) as error:
            sandbox.call("probe")
        assert error.value.code == "media_timeout"
        assert time.monotonic() - start < 5


def test_a_child_that_stops_taking_bytes_is_a_timeout() -> None:
    with Sandbox(deadline_s=0.5) as sandbox:
        os.kill(sandbox._process.pid, signal.SIGSTOP)
        with pytest.raises(MediaError) as error:
            sandbox.post("image", bytes(8 << 20))
        assert error.value.code == "media_timeout"


def test_a_dead_child_is_an_error_that_says_how_it_died() -> None:
    with Sandbox(name="a.mp4") as sandbox:
        sandbox._process.kill()
        with pytest.raises(MediaError, match="signal 9") as error:
            sandbox.call("probe")
        assert error.value.code == "media_reader_died"


def test_a_reader_goes_on_after_its_child_was_killed(make_clip: MakeClip) -> None:
    with MediaReader(make_clip()) as reader:
        before = reader.read(3).digest()
        reader._track._sandbox._process.kill()  # type: ignore[union-attr]
        with pytest.raises(MediaError):
            reader.read(5)
        assert reader.read(3).digest() == before


def test_closing_leaves_no_process_descriptor_or_thread(make_clip: MakeClip) -> None:
    path = make_clip()
    outcome(path)
    fds, threads = open_files(), threading.active_count()
    with MediaReader(path) as reader:
        process = reader._track._sandbox._process  # type: ignore[union-attr]
        next(reader.frames(FrameRange(0, 20)))
    assert process.returncode is not None
    assert (open_files(), threading.active_count()) == (fds, threads)


def test_hostile_files_end_in_typed_errors_within_seconds(make_clip: MakeClip, tmp_path: Path) -> None:
    data = make_clip("a.mp4", sound="aac").read_bytes()
    entry = data.index(b"avc1", data.index(b"stsd"))
    huge = data[: entry + 28] + b"\xff\xff\xff\xff" + data[entry + 32 :]
    (tmp_path / "secret.mp4").write_bytes(data)
    files = {
        "zeros.mp4": (bytes(1 << 16), {"media_unreadable"}),
        "huge.mp4": (huge, {"ok", "media_too_large", "media_unreadable", "media_truncated", "media_no_video"}),
        "list.mp4": (b"#EXTM3U\n#EXTINF:1,\nsecret.mp4\n", {"media_unreadable"}),
        "concat.mp4": (b"ffconcat version 1.0\nfile secret.mp4\n", {"media_unreadable"}),
        "empty.mp4": (b"", {"media_empty"}),
        "pickle.mp4": (b"cos\nsystem\n(S'true'\ntR.", {"media_unreadable"}),
    }
    for name, (content, expected) in files.items():
        (tmp_path / name).write_bytes(content)
        start = time.monotonic()
        assert outcome(tmp_path / name) in expected, name
        assert time.monotonic() - start < 10


def test_an_endless_file_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "endless.ts"
    with path.open("wb") as file:
        file.write((b"G\x1f\xff\x10" + bytes(184)) * 50)
        file.truncate(1 << 40)
    start = time.monotonic()
    assert outcome(path) in ("media_timeout", "media_unreadable", "media_no_video")
    assert time.monotonic() - start < 15


@pytest.mark.faults
def test_truncated_and_flipped_files_harm_nothing(make_clip: MakeClip, tmp_path: Path) -> None:
    rng = random.Random(7)
    originals = [
        make_clip("a.mp4", sound="aac").read_bytes(),
        make_clip("b.mkv").read_bytes(),
        make_clip("c.avi", codec="mpeg4").read_bytes(),
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for n in range(12):
        data = bytearray(rng.choice(originals))
        if n % 2:
            del data[rng.randrange(1, len(data)) :]
        else:
            for _ in range(rng.randrange(1, 30)):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        (tmp_path / "x.mp4").write_bytes(data)
        outcome(tmp_path / "x.mp4")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 << 10
