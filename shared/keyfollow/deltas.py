"""Edited frames as bytes: one form on disk, on the wire and in a blob.

    b"KFF1" | head length (u32 LE) | head (msgpack) | padding | pixels | SHA-256 of all before it

An edited frame holds only the 64 x 64 tiles that differ from its decoded source, so that a local edit costs disk and wire in
proportion to what changed; a frame whose every tile changed, and a frame without a source, hold the whole picture.
The bytes carry their own checksum: a reader trusts no path and no sender.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np

from .errors import StorageError
from .frames import DTYPES, MAX_SIDE, Colour, FrameBuffer, Pixels

MAGIC = b"KFF1"
TILE = 64
ALIGN = 64
CHECKSUM = 32
MAX_HEAD = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class FrameDelta:
    """An edited frame: whole (`tiles` is None, `block` the picture) or as changed tiles over its source.

    `block` is ``(height, width, channels)`` for a whole frame, else ``(n, 64, 64, channels)``; `tiles` holds the n row-major tile
    numbers. `source` is the digest (`FrameBuffer.digest`) of the frame that the tiles lie on, empty for a whole frame.
    """

    frame: int
    confidence: float
    shape: tuple[int, int, int]
    depth: int
    colour: Colour
    source: bytes
    tiles: Pixels | None
    block: Pixels

    def compose(self, source: FrameBuffer | None) -> FrameBuffer:
        """The edited picture. `source` is needed unless the frame is whole.

        Raises:
            StorageError: ``wrong_source`` when `source` is not the frame these tiles were made on.
        """
        if self.tiles is None:
            return FrameBuffer(self.block, self.depth, self.colour)
        if source is None or source.digest() != self.source:
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
    """Row-major numbers (int32, ascending) of the tiles in which any channel of any pixel differs. Both ``(h, w, c)``."""
    differs = (edited != source).any(axis=2)
    rows = np.logical_or.reduceat(differs, np.arange(0, differs.shape[0], TILE), axis=0)
    grid = np.logical_or.reduceat(rows, np.arange(0, differs.shape[1], TILE), axis=1)
    return np.flatnonzero(grid).astype(np.int32)


def pack(frame: int, edited: FrameBuffer, source: FrameBuffer | None = None, confidence: float = 1.0) -> bytes:
    """Pack an edited frame as its difference from `source`, or whole when there is none or most of it changed."""
    pixels, tiles = edited.pixels, None
    block = pixels
    height, width, channels = pixels.shape
    if source is not None and source.pixels.shape == pixels.shape and source.pixels.dtype == pixels.dtype:
        across, down = -(-width // TILE), -(-height // TILE)
        tiles = changed_tiles(pixels, source.pixels)
        if len(tiles) == across * down:
            tiles = None
        else:
            block = np.zeros((len(tiles), TILE, TILE, channels), pixels.dtype)
            for out, tile in zip(block, tiles.tolist(), strict=True):
                y, x = tile // across * TILE, tile % across * TILE
                part = pixels[y : y + TILE, x : x + TILE]
                out[: part.shape[0], : part.shape[1]] = part
    head = msgpack.packb(
        {
            "frame": frame,
            "confidence": float(confidence),
            "shape": [height, width, channels],
            "dtype": pixels.dtype.name,
            "depth": edited.depth,
            "colour": [edited.colour.matrix, edited.colour.range, edited.colour.primaries, edited.colour.transfer],
            "source": source.digest() if source is not None and tiles is not None else b"",
            "tiles": None if tiles is None else tiles.tobytes(),
        }
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
    head: dict[str, Any] = msgpack.unpackb(view[8 : 8 + size], raw=False, strict_map_key=True)
    height, width, channels = (int(n) for n in head["shape"])
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE and channels in (3, 4)) or head["dtype"] not in DTYPES:
        raise ValueError("shape")
    start = 8 + size + (-(8 + size) % ALIGN)
    raw = view[start:-CHECKSUM]
    tiles = None if head["tiles"] is None else np.frombuffer(head["tiles"], np.int32)
    shape = (height, width, channels) if tiles is None else (len(tiles), TILE, TILE, channels)
    if tiles is not None and len(tiles):
        count = -(-width // TILE) * -(-height // TILE)
        if tiles.min() < 0 or tiles.max() >= count:
            raise ValueError("tile number")
    block = np.frombuffer(raw, np.dtype(head["dtype"]))
    if block.size != int(np.prod(shape)):
        raise ValueError("length")
    colour = Colour(*(str(c) for c in head["colour"]))
    return FrameDelta(
        frame=int(head["frame"]),
        confidence=float(head["confidence"]),
        shape=(height, width, channels),
        depth=int(head["depth"]),
        colour=colour,
        source=bytes(head["source"]),
        tiles=tiles,
        block=block.reshape(shape),
    )
