"""Several sources' sound laid over one another along a time line, as one file. The sources are decoded in the sandbox.

What comes out is floating point at 48 kHz in stereo: a sum that goes beyond full scale is not cut off here.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .info import AudioInfo
from .outputs import writing
from .sandbox import Sandbox
from .sound import CHANNELS, RATE, nearest_sample
from .source import open_regular

MIXED = AudioInfo("pcm_f32le", RATE, "stereo")
FRAME = 4 * CHANNELS
_MOST = 0xFFFFFFFF
"""A WAV that is longer says this, and readers go to its end."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Sound of `source` from `source_start` on, put at `start`, for `length`; all in seconds, exactly."""

    source: str
    source_start: Fraction
    start: Fraction
    length: Fraction


def read_sound(
    source: str | os.PathLike[str], start: Fraction, stop: Fraction, *, loose: bool = False
) -> Iterator[npt.NDArray[np.float32]]:
    """The first sound stream of a file as ``(n, 2)`` at 48 kHz, -1…1, from the sample nearest `start`; what is missing is silent or ends early.

    Args:
        loose: a place far into the file is sought by time stamps that may be rounded, to a millisecond as a rule; for listening.

    Raises:
        MediaError: as `reader.MediaReader`; ``media_no_sound`` without a sound stream.
    """
    return _read(source, start, stop, loose, 0)


def read_peaks(source: str | os.PathLike[str], stop: Fraction, step: int) -> Iterator[npt.NDArray[np.float32]]:
    """How loud `read_sound` is from the beginning to `stop`: the greatest magnitude of every `step` samples ``(n, 1)``. Raises as that."""
    return _read(source, Fraction(0), stop, True, step)


def _read(
    source: str | os.PathLike[str], start: Fraction, stop: Fraction, loose: bool, step: int
) -> Iterator[npt.NDArray[np.float32]]:
    fd = open_regular(source)
    try:
        with Sandbox({"source": fd}, name=os.fspath(source)) as sandbox:
            sandbox.post("sound", start=_plain(start), stop=_plain(stop), loose=loose, step=step)
            while count := sandbox.reply()["samples"]:
                part = np.empty((count, 1 if step else CHANNELS), np.float32)
                sandbox.payload(part.data.cast("B"))
                yield part
    finally:
        os.close(fd)


def mix(pieces: Iterable[Piece], length: Fraction, out: Path, go_on: Callable[[], object] = lambda: None) -> None:
    """Write `pieces` as a WAV of `length` seconds to `out`, which must not exist. It is never in memory as a whole.

    Args:
        go_on: called between parts; what it raises ends the work.

    Raises:
        MediaError: as `read_sound`.
        StorageError: ``disk_full``, ``cannot_write``.
    """
    count = nearest_sample(length, RATE)
    with writing(out):
        with out.open("xb") as file:
            file.write(_header(count * FRAME))
            file.truncate(file.tell() + count * FRAME)
        if not count:
            return
        sound = np.memmap(out, np.float32, "r+", len(_header(0)), (count, CHANNELS))
    for piece in pieces:
        at = nearest_sample(piece.start, RATE)
        for part in read_sound(piece.source, piece.source_start, piece.source_start + piece.length):
            go_on()
            fits = part[: max(0, count - at)]
            sound[at : at + len(fits)] += fits
            at += len(part)
    sound.flush()


def _header(size: int) -> bytes:
    form = struct.pack("<HHIIHH", 3, CHANNELS, RATE, RATE * FRAME, FRAME, 32)
    return b"".join(
        (
            *(b"RIFF", struct.pack("<I", min(_MOST, size + 36)), b"WAVE"),
            *(b"fmt ", struct.pack("<I", len(form)), form),
            *(b"data", struct.pack("<I", min(_MOST, size))),
        )
    )


def _plain(time: Fraction) -> list[int]:
    return [time.numerator, time.denominator]
