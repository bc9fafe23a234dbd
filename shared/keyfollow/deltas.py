"""Edited frames as bytes: one form on disk, on the wire and in a blob.

    b"KFF1" | head length (u32 LE) | head (msgpack) | padding | pixels | SHA-256 of all before it

An edited frame holds only the 64 x 64 tiles that differ from its decoded source, so that a local edit costs disk and wire in
proportion to what changed; a frame that tiles would not make smaller, and a frame without a source, hold the whole picture.
The bytes carry their own checksum: a reader trusts no path and no sender.
"""

from __future__ import annotations

import hashlib
import math
import struct
from dataclasses import dataclass

import msgpack
import numpy as np

from .errors import StorageError
from .frames import DTYPES, MAX_SIDE, Colour, FrameBuffer, Pixels
from .plain import from_plain, to_plain

MAGIC = b"KFF1"
TILE = 64
ALIGN = 64
CHECKSUM = 32
MAX_HEAD = 1 << 20
MAX_CERTAINTY = 128
"""Most rows and columns of a certainty map."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the pixels. `tiles` holds int32 tile numbers, little-endian; `colour` is `Colour` in its own order;
    `certainty` uint8, as many rows and columns as `certainty_shape` says."""

    frame: int
    confidence: float
    shape: tuple[int, int, int]
    dtype: str
    depth: int
    colour: tuple[str, str, str, str]
    source: bytes
    tiles: bytes | None
    certainty: bytes | None = None
    certainty_shape: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class FrameDelta:
    """An edited frame: whole (`tiles` is None, `block` the picture) or as changed tiles over its source.

    `block` is ``(height, width, channels)`` for a whole frame, else ``(n, 64, 64, channels)``; `tiles` holds the n row-major tile
    numbers. `source` is the digest (`FrameBuffer.digest`) of the frame that the tiles lie on, empty for a whole frame.
    `certainty` tells where the engine was how sure: ``(rows, columns)`` uint8, 255 = sure, spread over the picture, at most 128 x 128;
    None where it did not say.
    """

    frame: int
    confidence: float
    shape: tuple[int, int, int]
    depth: int
    colour: Colour
    source: bytes
    tiles: Pixels | None
    block: Pixels
    certainty: Pixels | None = None

    def compose(self, source: FrameBuffer | None) -> FrameBuffer:
        """The edited picture. `source` is needed unless the frame is whole.

        Raises:
            StorageError: ``wrong_source`` when `source` is not the frame these tiles were made on.
        """
        if self.tiles is None:
            return FrameBuffer(self.block, self.depth, self.colour)
        fits = source is not None and source.pixels.shape == self.shape and source.pixels.dtype == self.block.dtype
        if source is None or not fits or source.digest() != self.source:
            raise StorageError(
                "wrong_source",
                f"The source of frame {self.frame} is not the one it was edited on.",
                "Point to the original media, or propagate again on this one.",
            )
        pixels = source.pixels.copy()
        _, width, _ = self.shape
        across = -(-width // TILE)
        for tile, block in zip(self.tiles.tolist(), self.block, strict=True):
            y, x = tile // across * TILE, tile % across * TILE
            part = pixels[y : y + TILE, x : x + TILE]
            part[:] = block[: part.shape[0], : part.shape[1]]
        return FrameBuffer(pixels, self.depth, self.colour)


def changed_tiles(edited: Pixels, source: Pixels) -> Pixels:
    """Row-major numbers (int32, ascending) of the tiles in which any bit of any pixel differs. Both ``(h, w, c)``, of one dtype."""
    # as whole numbers: -0.0 equals 0.0, and NaN nothing, but "the source, bit for bit" tells them apart
    bits = np.dtype(f"u{edited.itemsize}")
    height, width, _ = edited.shape
    differs = edited.view(bits) != source.view(bits)
    # rows first: the innermost axis is three long, which is slow to go along
    rows = np.logical_or.reduceat(differs, np.arange(0, height, TILE), axis=0)
    grid = np.logical_or.reduceat(rows.any(axis=2), np.arange(0, width, TILE), axis=1)
    return np.flatnonzero(grid).astype(np.int32)


def pack(
    frame: int,
    edited: FrameBuffer,
    source: FrameBuffer | None = None,
    confidence: float = 1.0,
    certainty: Pixels | None = None,
) -> bytes:
    """Pack an edited frame as its difference from `source`, or whole when that is no larger, or when there is none that fits.

    `confidence` and `certainty` (uint8) are kept as they are, see `FrameDelta`.
    """
    pixels, tiles = edited.pixels, None
    block = pixels
    height, width, channels = pixels.shape
    if source is not None and source.pixels.shape == pixels.shape and source.pixels.dtype == pixels.dtype:
        across = -(-width // TILE)
        tiles = changed_tiles(pixels, source.pixels)
        if len(tiles) * TILE * TILE >= height * width:
            tiles = None
        else:
            block = np.zeros((len(tiles), TILE, TILE, channels), pixels.dtype)
            for out, tile in zip(block, tiles.tolist(), strict=True):
                y, x = tile // across * TILE, tile % across * TILE
                part = pixels[y : y + TILE, x : x + TILE]
                out[: part.shape[0], : part.shape[1]] = part
    colour = edited.colour
    head = msgpack.packb(
        to_plain(
            Head(
                frame=frame,
                confidence=float(confidence),
                shape=(height, width, channels),
                dtype=pixels.dtype.name,
                depth=edited.depth,
                colour=(colour.matrix, colour.range, colour.primaries, colour.transfer),
                source=source.digest() if source is not None and tiles is not None else b"",
                tiles=None if tiles is None else tiles.tobytes(),
                certainty=None if certainty is None else certainty.tobytes(),
                certainty_shape=(0, 0) if certainty is None else (certainty.shape[0], certainty.shape[1]),
            )
        )
    )
    start = len(MAGIC) + 4 + len(head)
    front = MAGIC + struct.pack("<I", len(head)) + head + bytes(-start % ALIGN)
    checksum = hashlib.sha256(front)
    checksum.update(block.data)
    return b"".join((front, block.data, checksum.digest()))


def unpack(data: bytes | memoryview, *, verify: bool = True) -> FrameDelta:
    """The frame in `data`; its arrays are views on it. `verify` may be False only where the checksum was checked before.

    Raises:
        StorageError: ``corrupt_frame`` when the bytes are not whole, of one piece, and within limits.
    """
    view = memoryview(data).toreadonly()
    try:
        return _unpack(view, verify)
    except (ValueError, KeyError, TypeError, struct.error, msgpack.UnpackException) as e:
        raise StorageError(
            "corrupt_frame", f"A stored frame is damaged ({e}).", "Run the job again: damaged frames are made anew."
        ) from e


def _unpack(view: memoryview, verify: bool) -> FrameDelta:
    if len(view) < len(MAGIC) + 4 + CHECKSUM or view[:4] != MAGIC:
        raise ValueError("not a frame")
    if verify and hashlib.sha256(view[:-CHECKSUM]).digest() != view[-CHECKSUM:]:
        raise ValueError("checksum")
    (size,) = struct.unpack_from("<I", view, 4)
    if size > MAX_HEAD or size > len(view):
        raise ValueError("head size")
    head = from_plain(Head, msgpack.unpackb(view[8 : 8 + size], raw=False, strict_map_key=True))
    height, width, channels = head.shape
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE and channels in (3, 4)) or head.dtype not in DTYPES:
        raise ValueError("shape")
    tiles = None if head.tiles is None else np.frombuffer(head.tiles, np.int32)
    shape = head.shape if tiles is None else (len(tiles), TILE, TILE, channels)
    if tiles is not None and len(tiles):
        count = -(-width // TILE) * -(-height // TILE)
        if tiles[0] < 0 or tiles[-1] >= count or (np.diff(tiles) <= 0).any():
            raise ValueError("tile numbers")
    block = np.frombuffer(view[8 + size + (-(8 + size) % ALIGN) : -CHECKSUM], np.dtype(head.dtype))
    if block.size != math.prod(shape):
        raise ValueError("length")
    certainty = None
    if head.certainty is not None:
        if max(head.certainty_shape) > MAX_CERTAINTY or len(head.certainty) != math.prod(head.certainty_shape):
            raise ValueError("certainty")
        certainty = np.frombuffer(head.certainty, np.uint8).reshape(head.certainty_shape)
    return FrameDelta(
        frame=head.frame,
        confidence=head.confidence,
        shape=head.shape,
        depth=head.depth,
        colour=Colour(*head.colour),
        source=head.source,
        tiles=tiles,
        block=block.reshape(shape),
        certainty=certainty,
    )
