"""The process in which an untrusted file is opened and decoded: ``python -m keyfollow.media.sandbox_child name=fd…``.

It gets its files open, then gives up the right to open any other, and answers requests until its standard input ends:

    ========  =================================  ==========================================================
    request   arguments, payload                 answer
    ========  =================================  ==========================================================
    probe                                        the fields of `MediaInfo`; payload: int64 PTS
    frames    start, stop                        one per frame: n, shape, dtype; payload: pixels
    image     payload: an encoded still image    shape, dtype, depth, colour…; payload: pixels
    mux       whole, start, stop, muxer…         errno of writing; writes video and sound into the file `out` (`muxing`)
    sound     start, stop, loose, step           parts, then one of 0 samples; payload: float32 stereo at 48 kHz, or the peaks of
                                                 `step` samples each
    ========  =================================  ==========================================================

Any answer may be ``{"error": …}`` instead; ``{"busy": true}`` says that work moves on.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from importlib import import_module
from itertools import chain
from typing import Any

import numpy as np
from av import logging as av_logging
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard

from ..errors import MediaError
from ..frames import Pixels
from . import muxing, sound, stills
from .channel import ChannelError, Head, fill, receive, send
from .container import open_container
from .decoded import Decoder, form_of, tags
from .footage import Footage
from .limits import ADDRESS_SPACE, CPU_SECONDS, MAX_IMAGE_BYTES, MAX_PIXELS
from .problems import problem

_BUSY_S = 0.25
INDEXED = frozenset({"mov", "mp4", "matroska", "webm", "wav"})
"""Containers in which a time is found by an index or by arithmetic, not by a guess from the bit rate."""
PREROLL_S = 1
"""Decoding begins so much before what is wanted: the first samples after a seek lack what codecs mix in from before."""
_IMPORTED_LATE = (
    "av.audio.codeccontext",
    "av.audio.stream",
    "av.subtitles.codeccontext",
    "av.subtitles.stream",
    "av.video.codeccontext",
    "av.video.stream",
)
"""What FFmpeg's bindings import when a container is opened, which is when nothing can be opened any more."""


class Child:
    """Serves requests on `stdin` and `stdout`, unbuffered; `files` are the descriptors it was given."""

    def __init__(self, stdin: Any, stdout: Any, files: dict[str, int]) -> None:
        self._stdin, self._stdout, self._files = stdin, stdout, files
        self._decoder = Decoder()
        self._footage: Footage | None = None
        self._spoke = time.monotonic()
        self._operations: dict[str, Callable[[Head, bytes], None]] = {
            "probe": self._probe,
            "frames": self._frames,
            "image": self._image,
            "mux": self._mux,
            "sound": self._sound,
        }

    def serve(self) -> None:
        """Answer until the other side is gone."""
        while True:
            try:
                head = receive(self._stdin)
                if head["bytes"] > MAX_IMAGE_BYTES:
                    return
                payload = bytearray(head["bytes"])
                fill(self._stdin, memoryview(payload))
                limit_cpu()
                try:
                    self._operations[head["op"]](head, bytes(payload))
                except (MediaError, FFmpegError, MemoryError, ValueError) as e:
                    self._send({"error": _media_error(e).to_plain()})
            except ChannelError:
                return

    def _send(self, head: Head, payload: bytes | memoryview = b"") -> None:
        self._spoke = time.monotonic()
        send(self._stdout, head, payload)

    def _alive(self) -> None:
        if time.monotonic() - self._spoke > _BUSY_S:
            self._send({"busy": True})

    @property
    def _video(self) -> Footage:
        if self._footage is None:
            self._footage = Footage(self._files["source"], self._alive)
        return self._footage

    def _probe(self, head: Head, payload: bytes) -> None:
        info, pts = self._video.probe()
        self._send({"info": info}, pts.data)

    def _frames(self, head: Head, payload: bytes) -> None:
        for n in range(head["start"], head["stop"]):
            pixels = self._decoder(self._video.frame(n))
            limit_cpu()
            self._send({"n": n, **_shape(pixels)}, pixels.data)

    def _image(self, head: Head, payload: bytes) -> None:
        codec, frame = stills.decode(payload)
        if frame.width * frame.height > MAX_PIXELS:
            raise problem("media_too_large", f"{frame.width} x {frame.height}")
        pixels = self._decoder(frame)
        if frame.format.name == "pal8" and pixels[..., 3].min() == 255:
            pixels = pixels[..., :3].copy()
        colour = tags(frame)
        told = {
            "codec": codec,
            "pixel_format": frame.format.name,
            "depth": form_of(frame.format).depth,
            "colour": [colour.matrix, colour.range, colour.primaries, colour.transfer],
        }
        self._send({**told, **_shape(pixels)}, pixels.data)

    def _mux(self, head: Head, payload: bytes) -> None:
        form = muxing.Form(head["muxer"], head["options"], head["metadata"], tuple(head["rate"]))
        span = muxing.Span(head["whole"], tuple(head["start"]), tuple(head["stop"]))
        try:
            muxing.mux(self._files, span, form, self._alive)
        except FFmpegError:
            raise
        except OSError as e:
            self._send({"errno": e.errno})
        else:
            self._send({"errno": 0})

    def _sound(self, head: Head, payload: bytes) -> None:
        start, stop = Fraction(*head["start"]), Fraction(*head["stop"])
        with self._heard(start, head["loose"]) as frames:
            samples = sound.cut(frames, start, stop)
            for part in sound.peaks(samples, head["step"]) if head["step"] else samples:
                limit_cpu()
                self._send({"samples": len(part)}, np.ascontiguousarray(part).data.cast("B"))
        self._send({"samples": 0})

    @contextmanager
    def _heard(self, start: Fraction, loose: bool) -> Iterator[Iterator[AudioFrame]]:
        """The first sound stream from `start` or earlier: from near it where the container can seek there, else from its beginning.

        After a seek a sample's place is what the time stamps say; many containers round them. So it must be `loose`, or they be exact.
        """
        for seek in (True, False):
            with open_container(self._files["source"]) as source:
                stream = next((s for s in source.streams.audio if s.codec_context is not None), None)
                if stream is None:
                    raise problem("media_no_sound", "no sound stream")
                for other in source.streams:
                    if other is not stream:
                        other.discard = Discard.all
                frames = self._resampled(source, stream)
                if seek:
                    if not _seeks(source, stream, loose) or start < PREROLL_S:
                        continue
                    assert stream.time_base is not None
                    source.seek(int((start - PREROLL_S) / stream.time_base), stream=stream)
                    first = next(frames, None)
                    if first is None or first.pts is None or first.pts * Fraction(first.time_base or 0) > start:
                        continue
                    frames = chain([first], frames)
                yield frames
                return

    def _resampled(self, source: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
        resampler = AudioResampler("flt", "stereo", sound.RATE)
        for frame in source.decode(stream):
            self._alive()
            yield from resampler.resample(frame)
        yield from resampler.resample(None)


def _seeks(source: InputContainer, stream: AudioStream, loose: bool) -> bool:
    """Whether a seek leads to a place that can be told, and exactly unless `loose`."""
    if stream.time_base is None or not set(source.format.name.split(",")) & INDEXED:
        return False
    return loose or (stream.codec_context.sample_rate == sound.RATE and (1 / stream.time_base) % sound.RATE == 0)


def _shape(pixels: Pixels) -> Head:
    return {"shape": list(pixels.shape), "dtype": pixels.dtype.name}


def _media_error(error: Exception) -> MediaError:
    if isinstance(error, MediaError):
        return error
    if isinstance(error, MemoryError):
        return problem("media_too_large", "it needs more memory than a reader may take")
    return problem("media_unreadable", str(error))


def confine(writes: bool) -> None:
    """Give up what decoding needs no more: opening anything, growing without bound, leaving a core file, writing files."""
    if sys.platform == "win32":
        return
    import resource

    limits = {resource.RLIMIT_NOFILE: 0, resource.RLIMIT_CORE: 0, resource.RLIMIT_AS: ADDRESS_SPACE}
    if not writes:
        limits[resource.RLIMIT_FSIZE] = 0
    for limit, value in limits.items():
        _, hard = resource.getrlimit(limit)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))


def limit_cpu() -> None:
    """Allow `CPU_SECONDS` from now: a request that computes forever ends even when nobody watches."""
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(time.process_time()) + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _descriptor(handle: int) -> int:
    if sys.platform == "win32":
        import msvcrt

        return msvcrt.open_osfhandle(handle, os.O_RDWR | os.O_BINARY)
    return handle


def main() -> None:
    writes = "--writes" in sys.argv
    files = {name: _descriptor(int(handle)) for name, _, handle in (a.partition("=") for a in sys.argv[1:] if "=" in a)}
    # whatever a library prints goes nowhere: standard output is the channel
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    av_logging.set_level(None)
    for name in _IMPORTED_LATE:
        import_module(name)
    child = Child(os.fdopen(0, "rb", buffering=0, closefd=False), out, files)
    confine(writes)
    child.serve()


if __name__ == "__main__":
    main()
