"""Layers for Photoshop, and what comes back: PSD (Adobe Photoshop File Formats Specification, November 2019). No Qt.

Written is what every reader of PSD knows: 8 or 16 bit RGB, uncompressed. Photoshop keeps the composite of all that is visible at the end
of the file; that is what comes back, decoded in the media sandbox (`media.stills`), so that nothing here has to know how layers blend.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from keyfollow.errors import MediaError
from keyfollow.frames import Pixels

if TYPE_CHECKING:
    from .openraster import Layer

SUFFIX = ".psd"
MAGIC = b"8BPS"
RGB = 3
CHOSEN, PROFILE, VERSION = 1024, 1039, 1057
"""Image resources: the layer that one begins on, the ICC profile, and whether the file's composite is real."""
LOCKED = 0x80000000


def write_layers(layers: Sequence[Layer], merged: Pixels, profile: bytes) -> bytes:
    """The bytes of a file with `layers` from the topmost down; `merged` ``(h, w, 3)`` is what they show together, of uint8 or uint16."""
    height, width = merged.shape[:2]
    deep = merged.dtype == np.uint16
    upward = list(reversed(layers))
    chosen = next((n for n, layer in enumerate(upward) if layer.chosen), len(upward) - 1)
    resources = b"".join(
        _resource(kind, body)
        for kind, body in (
            (CHOSEN, struct.pack(">H", chosen)),
            (PROFILE, profile),
            (VERSION, struct.pack(">IB", 1, 1) + _unicode("Keyfollow") + _unicode("Keyfollow") + struct.pack(">I", 1)),
        )
    )
    told = [_record(layer) for layer in upward]
    info = struct.pack(">h", len(upward)) + b"".join(head for head, _ in told) + b"".join(data for _, data in told)
    info += b"\0" * (-len(info) % 4)
    # 16-bit layers stand in a block of their own, after a layer section that is empty
    section = struct.pack(">II", 0, 0) + b"8BIMLr16" + _sized(info) if deep else _sized(info) + struct.pack(">I", 0)
    head = struct.pack(">4sH6xHIIHH", MAGIC, 1, 3, height, width, 16 if deep else 8, RGB)
    return head + struct.pack(">I", 0) + _sized(resources) + _sized(section) + b"\0\0" + _planes(merged[..., :3])


def _record(layer: Layer) -> tuple[bytes, bytes]:
    """What is said of a layer, and its channels. One that holds nothing yet has no area."""
    pixels = layer.pixels
    empty = pixels.shape[2] == 4 and not pixels[..., 3].any()
    height, width = (0, 0) if empty else pixels.shape[:2]
    if pixels.shape[2] == 3:
        pixels = np.concatenate([pixels, np.full((*pixels.shape[:2], 1), np.iinfo(pixels.dtype).max, pixels.dtype)], axis=2)
    channels = [b"\0\0" + (b"" if empty else _planes(pixels[..., n : n + 1])) for n in range(4)]
    name = layer.name.encode("ascii", "replace")[:255]
    short = bytes([len(name)]) + name
    extra = struct.pack(">II", 0, 0) + short + b"\0" * (-len(short) % 4)
    long = _unicode(layer.name)
    extra += b"8BIMluni" + _sized(long + b"\0" * (-len(long) % 4))
    extra += b"8BIMlspf" + _sized(struct.pack(">I", LOCKED if layer.locked else 0))
    head = struct.pack(">4iH", 0, 0, height, width, 4)
    head += b"".join(struct.pack(">hI", id, len(data)) for id, data in zip((0, 1, 2, -1), channels, strict=True))
    head += b"8BIMnorm" + bytes([255, 0, 0, 0]) + _sized(extra)
    return head, b"".join(channels)


def _planes(pixels: Pixels) -> bytes:
    """Channel after channel, the most significant byte first."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)).astype(pixels.dtype.newbyteorder(">"), copy=False).tobytes()


def _resource(kind: int, body: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", kind, 0, len(body)) + body + b"\0" * (len(body) % 2)


def _sized(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def _unicode(text: str) -> bytes:
    return struct.pack(">I", len(text)) + text.encode("utf-16-be")


# --- in ----------------------------------------------------------------------------------------------------------------------


def resource(data: bytes, wanted: int) -> bytes:
    """An image resource of a PSD's bytes; b"" where it has none, or is damaged before it."""
    return next((body for kind, body in _resources(data) if kind == wanted), b"")


def _resources(data: bytes) -> Iterator[tuple[int, bytes]]:
    try:
        at = 26 + 4 + struct.unpack_from(">I", data, 26)[0]
        end = at + 4 + struct.unpack_from(">I", data, at)[0]
        at += 4
        while at < min(end, len(data)):
            _, kind, name = struct.unpack_from(">4sHB", data, at)
            at += 6 + name + 1 + (name + 1) % 2
            (size,) = struct.unpack_from(">I", data, at)
            yield kind, data[at + 4 : at + 4 + size]
            at += 4 + size + size % 2
    except struct.error:
        return


def check_composite(data: bytes, name: str) -> None:
    """Make sure that the picture at the file's end is what its layers show.

    Raises:
        MediaError: ``no_composite`` when Photoshop was told to leave it out.
    """
    said = resource(data, VERSION)
    if len(said) > 4 and not said[4]:
        raise MediaError(
            "no_composite",
            f"{name} was saved without the picture that its layers make together.",
            "In Photoshop: Preferences ▸ File Handling ▸ Maximize PSD File Compatibility: Always. Then save it again.",
        )
