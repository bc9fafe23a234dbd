"""The sound of a span of time, cut at sample accuracy from decoded frames. Runs in the sandbox child.

Positions are counted in samples from the first frame; time stamps only tell gaps, since many containers round them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .problems import problem

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

Samples = npt.NDArray[Any]
MAX_SILENCE_S = 6 * 3600
RATE, CHANNELS = 48_000, 2
"""What sound is converted to where several sources are heard as one."""
SAMPLE_TYPES = {"u8": "uint8", "s16": "int16", "s32": "int32", "flt": "float32", "dbl": "float64"}
"""FFmpeg's sample formats (without the p of planar ones) as numpy types."""
_PACKED = {numpy_type: name for name, numpy_type in SAMPLE_TYPES.items()}


def nearest_sample(seconds: Fraction, rate: int) -> int:
    return floor(seconds * rate + Fraction(1, 2))


def cut(frames: Iterable[AudioFrame], start: Fraction, stop: Fraction | None) -> Iterator[Samples]:
    """Samples ``(n, channels)`` of the span, in the frames' own sample type.

    The first sample given is the one nearest `start`; where the source has none (it begins later, or has a gap) there is silence.
    The last is the one before that nearest `stop`, or the source's last when `stop` is None or the source ends earlier.

    Raises:
        MediaError: ``media_size_changes`` when rate, channels or type change; ``media_truncated`` on absurd time stamps.
    """
    position: int | None = None
    cursor = first = 0
    last: int | None = None
    form: tuple[int, int, str] | None = None
    for frame in frames:
        samples = _interleaved(frame)
        if form is None:
            form = (frame.sample_rate, samples.shape[1], samples.dtype.name)
            cursor = first = nearest_sample(start, frame.sample_rate)
            last = None if stop is None else nearest_sample(stop, frame.sample_rate)
        elif form != (frame.sample_rate, samples.shape[1], samples.dtype.name):
            raise problem("media_size_changes", "its sound changes form")
        position = _position(frame, position)
        end = position + len(samples)
        begin = max(position, cursor)
        if begin > cursor and (last is None or cursor < last) and end > first:
            yield from _silence(min(begin, last or begin) - cursor, samples)
            cursor = min(begin, last or begin)
        stop_at = end if last is None else min(end, last)
        if stop_at > begin:
            yield samples[begin - position : stop_at - position]
            cursor = stop_at
        position = end
        if last is not None and end >= last:
            return


def peaks(parts: Iterable[Samples], step: int, together: int = 1000) -> Iterator[Samples]:
    """The greatest magnitude among the channels of every `step` samples ``(n, 1)``, `together` at a time; an incomplete step at the end is left out."""
    rest: list[Samples] = []
    held = 0
    for part in parts:
        rest.append(np.abs(part).max(axis=1))
        held += len(part)
        if held >= step * together:
            loud = np.concatenate(rest)
            whole = held // step * step
            yield loud[:whole].reshape(-1, step).max(axis=1)[:, None]
            rest, held = [loud[whole:]], held - whole
    if held >= step:
        loud = np.concatenate(rest)
        yield loud[: held // step * step].reshape(-1, step).max(axis=1)[:, None]


def _position(frame: AudioFrame, expected: int | None) -> int:
    """Where the frame's first sample lies; the count goes before a stamp that is only rounded."""
    if frame.pts is None or frame.time_base is None:
        return expected or 0
    stamped = nearest_sample(frame.pts * Fraction(frame.time_base), frame.sample_rate)
    tolerance = ceil(Fraction(frame.time_base) * frame.sample_rate) + 1
    return stamped if expected is None or abs(stamped - expected) > tolerance else expected


def _silence(count: int, like: Samples) -> Iterator[Samples]:
    if count > MAX_SILENCE_S * 192_000:
        raise problem("media_truncated", "the time stamps of its sound make no sense")
    zero = 128 if like.dtype == np.uint8 else 0
    while count > 0:
        part = min(count, 48_000)
        yield np.full((part, like.shape[1]), zero, like.dtype)
        count -= part


def _interleaved(frame: AudioFrame) -> Samples:
    values = frame.to_ndarray()
    return values.T if frame.format.is_planar else values.reshape(-1, len(frame.layout.channels))


def encoder(muxer: str, sample_type: str) -> tuple[str, str]:
    """(codec, sample type to feed it) that keeps samples of numpy type `sample_type` in container `muxer`.

    Exact, but for one case: .mp4 takes ALAC of at most 24 bits, so 32-bit and floating-point samples are rounded to 24 there.
    """
    if muxer == "mp4":
        return "alac", "int16" if sample_type in ("uint8", "int16") else "int32"
    if sample_type in ("uint8", "int16"):
        return ("flac" if muxer == "matroska" else "pcm_s16le"), "int16"
    return {"int32": "pcm_s32le", "float32": "pcm_f32le", "float64": "pcm_f64le"}[sample_type], sample_type


def named_layout(name: str, channels: int) -> str:
    """A layout that every encoder here knows; the channels and their order stay."""
    known = ("mono", "stereo", "3.0", "4.0", "5.0", "5.1", "6.1(back)", "7.1(wide)")
    return known[channels - 1] if name not in known and channels <= len(known) else name


def converted(samples: Samples, sample_type: str) -> Samples:
    """Samples as `encoder` wants them."""
    if samples.dtype.name == sample_type:
        return samples
    if samples.dtype == np.uint8:
        return (samples.astype(np.int16) - 128) << 8
    whole = np.rint(np.clip(samples.astype(np.float64), -1, 1) * 2**23)
    return (np.clip(whole, -(2**23), 2**23 - 1).astype(np.int32)) << 8


def audio_frame(samples: Samples, layout: str, rate: int, pts: int) -> AudioFrame:
    """An FFmpeg frame of interleaved samples ``(n, channels)`` that begins at sample `pts`."""
    from av.audio.frame import AudioFrame  # whoever only plays sound needs no FFmpeg in its own process

    flat = np.ascontiguousarray(samples).reshape(1, -1)
    frame = AudioFrame.from_ndarray(flat, format=_PACKED[samples.dtype.name], layout=layout)
    frame.sample_rate = rate
    frame.pts = pts
    frame.time_base = Fraction(1, rate)
    return frame
