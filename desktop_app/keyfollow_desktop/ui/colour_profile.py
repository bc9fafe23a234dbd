"""ICC profiles of pictures that go to an image editor and come back: one is sent along, and what came back in another is converted."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from keyfollow.frames import Colour, FrameBuffer
from PySide6.QtGui import QColorSpace, QImage

from . import photoshop

LARGEST = 4 << 20
PNG = b"\x89PNG\r\n\x1a\n"
PRIMARIES = {
    "bt2020": QColorSpace.Primaries.Bt2020,
    "smpte432": QColorSpace.Primaries.DciP3D65,
}
"""Those of Qt for FFmpeg's names; everything else is shown as Rec. 709, whose primaries are sRGB's."""


def space_of(colour: Colour) -> QColorSpace:
    """The space that editors should take a frame's values for: its primaries, and sRGB's curve, which is what a screen makes of video."""
    primaries = PRIMARIES.get(colour.primaries, QColorSpace.Primaries.SRgb)
    return QColorSpace(primaries, QColorSpace.TransferFunction.SRgb)


def profile_for(colour: Colour) -> bytes:
    """An ICC profile of `space_of`."""
    return bytes(space_of(colour).iccProfile().data())


def with_profile(png: bytes, profile: bytes) -> bytes:
    """A PNG with an ICC profile in it."""
    # the header comes first and is 25 bytes long; a profile must stand before the pixels
    at = len(PNG) + 25
    body = b"Keyfollow\0\0" + zlib.compress(profile)
    return png[:at] + _chunk(b"iCCP", body) + png[at:]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def profile_of(data: bytes) -> bytes:
    """The ICC profile inside a PNG, JPEG, TIFF or PSD; b"" where there is none that can be read."""
    try:
        if data.startswith(PNG):
            return _in_png(data)
        if data.startswith(b"\xff\xd8"):
            return _in_jpeg(data)
        if data[:4] in (b"II*\0", b"MM\0*"):
            return _in_tiff(data)
        if data.startswith(photoshop.MAGIC):
            return photoshop.resource(data, photoshop.PROFILE)[:LARGEST]
    except (struct.error, zlib.error, ValueError, IndexError):
        pass
    return b""


def _in_png(data: bytes) -> bytes:
    at = len(PNG)
    while True:
        (length,) = struct.unpack_from(">I", data, at)
        kind = data[at + 4 : at + 8]
        if kind in (b"IDAT", b"IEND"):
            return b""
        if kind == b"iCCP":
            body = data[at + 8 : at + 8 + length]
            return zlib.decompressobj().decompress(body[body.index(b"\0") + 2 :], LARGEST)
        at += 12 + length


def _in_jpeg(data: bytes) -> bytes:
    parts: dict[int, bytes] = {}
    at = 2
    while data[at] == 0xFF and data[at + 1] not in (0xDA, 0xD9):
        (length,) = struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + length]
        if data[at + 1] == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
            parts[body[12]] = body[14:]
        at += 2 + length
    return b"".join(parts[n] for n in sorted(parts))[:LARGEST]


def _in_tiff(data: bytes) -> bytes:
    """Tag 34675 of the first directory (TIFF 6.0, ICC.1:2010 annex B.4)."""
    order = "<" if data.startswith(b"II") else ">"
    (at,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, at)
    for n in range(count):
        tag, _, length, where = struct.unpack_from(order + "HHII", data, at + 2 + 12 * n)
        if tag == 34675:
            return data[where : where + min(length, LARGEST)]
    return b""


def in_source_colours(picture: FrameBuffer, profile: bytes, colour: Colour) -> FrameBuffer:
    """`picture`, whose values are meant as `profile` says, in the space that it was sent in; itself where they are the same."""
    ours = space_of(colour)
    if not profile or profile == profile_for(colour) or picture.pixels.dtype == np.float16:
        return picture
    theirs = QColorSpace.fromIccProfile(profile)
    if not theirs.isValid() or theirs == ours:
        return picture
    wide = np.full((picture.height, picture.width, 4), 65535, np.uint16)
    factor = 257 if picture.pixels.dtype == np.uint8 else 1
    wide[..., : picture.channels] = picture.pixels.astype(np.uint16) * factor
    image = QImage(wide.data, picture.width, picture.height, 8 * picture.width, QImage.Format.Format_RGBA64)
    image.setColorSpace(theirs)
    made = image.convertedToColorSpace(ours).convertToFormat(QImage.Format.Format_RGBA64)
    rows = np.frombuffer(made.constBits(), np.uint16).reshape(made.height(), made.bytesPerLine() // 2)
    pixels = rows[:, : 4 * picture.width].reshape(picture.height, picture.width, 4)[..., : picture.channels]
    if factor == 257:
        return FrameBuffer(np.ascontiguousarray(np.rint(pixels / 257).astype(np.uint8)), picture.depth, picture.colour)
    return FrameBuffer(np.ascontiguousarray(pixels), picture.depth, picture.colour)
