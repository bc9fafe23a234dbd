"""Media that the tests make for themselves: small clips with known pixels, time stamps and sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

Array = npt.NDArray[Any]
RATE = 48_000
EVEN = tuple(range(0, 24_000, 1000))
UNEVEN = (0, 1000, 2500, 3000, 5000, 6000, 7000, 9500, 10_000, 11_000, 12_345, 13_000, *range(14_000, 24_000, 1000))


@dataclass(frozen=True)
class Wanted:
    """A clip to be made; `pts` in 1/24000 s, `tags` as FFmpeg's numbers of matrix, range, primaries, transfer."""

    pts: Sequence[int] = EVEN
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    size: tuple[int, int] = (64, 48)
    options: dict[str, str] = field(default_factory=dict)
    muxer_options: dict[str, str] = field(default_factory=dict)
    tags: tuple[int, int, int, int] | None = None
    rotation: int = 0
    flip: bool = False
    sound: str = ""
    sample_format: str | None = None
    sound_from: int = 0
    sound_s: float = 1.0
    layout: str = "stereo"
    timecode: str = ""
    reel: str = ""


MakeClip = Callable[..., Path]


def tone(seconds: float) -> Array:
    """``(n, 2)`` float32: no two moments alike."""
    t = np.arange(int(seconds * RATE)) / RATE
    return np.stack([np.sin(t * t * 3000), np.sin(2 * np.pi * 660 * t)], 1).astype(np.float32) * np.float32(0.5)


def picture(n: int, size: tuple[int, int]) -> Array:
    """``(h, w, 3)`` uint8: a gradient that moves, different for every n."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    return np.stack([(x * 2 + n * 9) % 200 + 20, (y * 3 + n * 5) % 200 + 20, np.full_like(x, (n * 7) % 256)], -1).astype(
        np.uint8
    )


def _write(path: Path, want: Wanted) -> None:
    base = Fraction(1, 24_000)
    with av.open(str(path), "w", options=want.muxer_options) as out:
        if want.timecode:
            out.metadata["timecode"] = want.timecode
        video: Any = out.add_stream(want.codec, rate=24, options=want.options)
        if want.reel:
            video.metadata.update({"timecode": want.timecode, "reel_name": want.reel})
        video.width, video.height = want.size
        video.pix_fmt = want.pixel_format
        video.time_base = video.codec_context.time_base = base
        if want.tags:
            context = video.codec_context
            context.colorspace, context.color_range, context.color_primaries, context.color_trc = want.tags
        if want.rotation or want.flip:
            video.set_display_rotation(want.rotation, want.flip)
        audio: Any = None
        if want.sound:
            audio = out.add_stream(want.sound, rate=RATE, layout=want.layout)
            if want.sample_format:
                audio.codec_context.format = want.sample_format
            samples = tone(want.sound_s)
            for start in range(0, len(samples), 1024):
                block = np.ascontiguousarray(samples[start : start + 1024]).reshape(1, -1)
                sound = av.AudioFrame.from_ndarray(block, format="flt", layout=want.layout)
                sound.sample_rate, sound.pts, sound.time_base = RATE, start + want.sound_from, Fraction(1, RATE)
                out.mux(audio.encode(sound))
        for n, pts in enumerate(want.pts):
            frame = av.VideoFrame.from_ndarray(picture(n, want.size), format="rgb24").reformat(format=want.pixel_format)
            frame.pts, frame.time_base = pts, base
            if want.tags:
                frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc = want.tags
            out.mux(video.encode(frame))
        for stream in filter(None, (video, audio)):
            out.mux(stream.encode(None))


@pytest.fixture
def make_clip(tmp_path: Path) -> MakeClip:
    """``make_clip(name, **fields of Wanted)`` gives the path of a new clip."""

    def make(name: str = "clip.mp4", **fields: Any) -> Path:
        path = tmp_path / name
        _write(path, Wanted(**fields))
        return path

    return make


@pytest.fixture
def decoded_sound() -> Callable[[Path], tuple[Array, Fraction]]:
    """Samples ``(n, channels)`` of a file's first sound stream as float64 in -1…1, and when they begin (seconds)."""

    def decode(path: Path) -> tuple[Array, Fraction]:
        parts: list[Array] = []
        start = Fraction(0)
        with av.open(str(path)) as container:
            for frame in container.decode(audio=0):
                values: Any = frame.to_ndarray()
                shaped = values.T if frame.format.is_planar else values.reshape(-1, len(frame.layout.channels))
                if not parts:
                    start = (frame.pts or 0) * Fraction(frame.time_base or 0)
                parts.append(shaped.astype(np.float64) / {"int16": 2**15, "int32": 2**31}.get(values.dtype.name, 1))
        return np.concatenate(parts), start

    return decode
