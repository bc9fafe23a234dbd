"""Frame ranges and frame pixels: what every part of Keyfollow passes to the next.

Pixels are always RGB or RGBA, full range, interleaved, at the source's own depth:

    =========  ==========================================  ======================================
    dtype      values                                      from
    =========  ==========================================  ======================================
    uint8      0…255                                       8-bit sources
    uint16     0…65535, whatever the source's depth        9- to 16-bit sources
    float16    scene values; above 1 and below 0 allowed   half-float and float image sequences
    =========  ==========================================  ======================================
"""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, SupportsIndex

import numpy.typing as npt

from .errors import UsageError

Pixels = npt.NDArray[Any]
MAX_SIDE = 16384
MAX_FRAMES = 1 << 31
DTYPES = ("uint8", "uint16", "float16")


@dataclass(frozen=True, slots=True)
class FrameRange:
    """Half-open range of source frames, ``start <= n < stop``; never empty.

    Raises:
        UsageError: ``empty_range`` when it holds no frame or starts below 0, ``frame_out_of_range`` beyond `MAX_FRAMES`.
    """

    start: int
    stop: int

    def __post_init__(self) -> None:
        if self.start < 0 or self.stop <= self.start:
            raise UsageError(
                "empty_range",
                f"The range {self.start}:{self.stop} holds no frame.",
                "Give START:STOP with 0 <= START < STOP; STOP itself is not included.",
            )
        if self.stop > MAX_FRAMES:
            raise UsageError(
                "frame_out_of_range",
                f"The range {self.start}:{self.stop} goes beyond frame {MAX_FRAMES}.",
                "Give a range inside the clip.",
            )

    def __len__(self) -> int:
        return self.stop - self.start

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, self.stop))

    def __contains__(self, frame: object) -> bool:
        return isinstance(frame, SupportsIndex) and self.start <= operator.index(frame) < self.stop


@dataclass(frozen=True, slots=True)
class Colour:
    """Colour tags as FFmpeg spells them (``bt709``, ``tv``/``pc``, ``smpte2084``…); empty where the file has none."""

    matrix: str = ""
    range: str = ""
    primaries: str = ""
    transfer: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class FrameBuffer:
    """One picture: a checked view on pixels, never a copy.

    Args:
        pixels: ``(height, width, 3 or 4)``, C-contiguous, one of the dtypes of the module's table.
        depth: significant bits per channel in the source (8, 10, 12, 16).
        colour: the source's tags; they describe the primaries and transfer of `pixels` (the matrix was undone).

    Raises:
        UsageError: ``bad_frame`` when shape, dtype or layout do not fit.
    """

    pixels: Pixels
    depth: int = 8
    colour: Colour = field(default_factory=Colour)

    def __post_init__(self) -> None:
        p = self.pixels
        shape_ok = p.ndim == 3 and p.shape[2] in (3, 4) and 1 <= p.shape[0] <= MAX_SIDE and 1 <= p.shape[1] <= MAX_SIDE
        # the name of a byte-swapped dtype is the same
        dtype_ok = p.dtype.name in DTYPES and p.dtype.isnative
        if not (shape_ok and dtype_ok and p.flags.c_contiguous):
            raise UsageError(
                "bad_frame",
                f"A frame must be height x width x 3 or 4 of {', '.join(DTYPES)} in C order; got {p.shape} {p.dtype.str}.",
                f"Convert it: RGB order, one of these types (0…255, 0…65535, or half float), sides of 1 to {MAX_SIDE} pixels.",
            )

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def channels(self) -> int:
        return int(self.pixels.shape[2])

    @property
    def has_alpha(self) -> bool:
        return self.channels == 4

    @property
    def white(self) -> float:
        """The value of full white: 255, 65535 or 1.0."""
        return {"uint8": 255.0, "uint16": 65535.0, "float16": 1.0}[self.pixels.dtype.name]

    def digest(self) -> bytes:
        """SHA-256 over shape, dtype and pixels: the identity of decoded content (32 bytes)."""
        h = hashlib.sha256(f"{self.pixels.shape}{self.pixels.dtype.name}".encode())
        h.update(self.pixels.data)
        return h.digest()
