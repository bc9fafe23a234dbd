from __future__ import annotations

import errno
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from keyfollow.media.muxing import Form, OutputFile, Span, mux

MakeClip = Callable[..., Path]
Sound = Callable[[Path], tuple[npt.NDArray[Any], Fraction]]


def muxed(video: Path, source: Path, out: Path, muxer: str, span: Span) -> None:
    files = {
        "video": os.open(video, os.O_RDONLY),
        "source": os.open(source, os.O_RDONLY),
        "out": os.open(out, os.O_RDWR | os.O_CREAT),
    }
    mux(files, span, Form(muxer, {}, {}, (24, 1)), lambda: None)
    for fd in files.values():
        os.close(fd)


WHOLE = Span(True, (0, 1), (1, 1))


def test_a_whole_clips_sound_is_copied_packet_by_packet(make_clip: MakeClip, tmp_path: Path) -> None:
    source, out = make_clip("a.mp4", sound="aac"), tmp_path / "out.mp4"
    muxed(make_clip("v.mp4"), source, out, "mp4", WHOLE)
    packets = []
    for path in (source, out):
        with av.open(str(path)) as container:
            packets.append([(p.pts, bytes(p)) for p in container.demux(audio=0) if p.size])
    assert packets[0] == packets[1]


def test_a_span_is_cut_and_a_codec_that_does_not_fit_is_replaced(
    make_clip: MakeClip, decoded_sound: Sound, tmp_path: Path
) -> None:
    source = make_clip("a.mov", sound="pcm_s16le")
    whole, _ = decoded_sound(source)
    for name, muxer, codec in (("o.mp4", "mp4", "alac"), ("o.mov", "mov", "pcm_s16le"), ("o.mkv", "matroska", "flac")):
        muxed(make_clip("v.mp4"), source, tmp_path / name, muxer, Span(False, (1, 3), (2, 3)))
        got, start = decoded_sound(tmp_path / name)
        assert np.array_equal(got, whole[16_000:32_000])
        assert start == 0
        with av.open(str(tmp_path / name)) as container:
            assert container.streams.audio[0].codec_context.name == codec


def test_every_sound_stream_comes_along(make_clip: MakeClip, tmp_path: Path) -> None:
    one, two, out = make_clip("a.mp4", sound="aac"), tmp_path / "two.mov", tmp_path / "out.mov"
    with av.open(str(one)) as a, av.open(str(two), "w") as b:
        targets = [
            b.add_stream_from_template(a.streams.video[0]),
            *(b.add_stream_from_template(a.streams.audio[0]) for _ in range(2)),
        ]
        for packet in a.demux():
            if packet.dts is not None:
                copies = targets[:1] if packet.stream.type == "video" else targets[1:]
                for target in copies:
                    packet.stream = target
                    b.mux(packet)
    muxed(one, two, out, "mov", WHOLE)
    with av.open(str(out)) as container:
        assert len(container.streams.audio) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_told_as_the_system_said_it(make_clip: MakeClip) -> None:
    fds = {"video": os.open(make_clip("v.mp4"), os.O_RDONLY), "source": os.open(make_clip("a.mp4", sound="aac"), os.O_RDONLY)}
    with pytest.raises(OSError) as error:
        mux({**fds, "out": os.open("/dev/full", os.O_RDWR)}, WHOLE, Form("mp4", {}, {}, (24, 1)), lambda: None)
    assert error.value.errno == errno.ENOSPC


def test_an_output_file_writes_everything_and_remembers_refusal(tmp_path: Path) -> None:
    with OutputFile(tmp_path / "a", "wb") as file:
        assert file.write(b"abc" * 1000) == 3000
    if Path("/dev/full").exists():
        full = OutputFile("/dev/full", "wb")
        with pytest.raises(OSError):
            full.write(b"x")
        assert full.failure is not None and full.failure.errno == errno.ENOSPC
