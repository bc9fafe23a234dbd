"""Layers for image editors and back: OpenRaster (https://www.openraster.org, 0.0.6), which Krita, GIMP and MyPaint read and write. No Qt.

A file is a zip: ``mimetype`` first and as it is, ``stack.xml`` with the layers from the topmost down, a PNG for each, and the editor's own
composite of all that is visible, ``mergedimage.png``. That composite is what comes back: it is right for every way of blending.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

import numpy as np
from keyfollow.errors import MediaError
from keyfollow.frames import Pixels
from keyfollow.media.encode_image import encode_image
from keyfollow.media.limits import MAX_IMAGE_BYTES

from .colour_profile import with_profile

SUFFIX = ".ora"
MERGED = "mergedimage.png"
THUMBNAIL = 256


@dataclass(frozen=True, slots=True)
class Layer:
    """`pixels` ``(h, w, 3|4)`` of whole numbers, of the picture's size; `chosen` is the one that the editor begins on."""

    name: str
    pixels: Pixels
    locked: bool = False
    chosen: bool = False


def write_layers(layers: Sequence[Layer], merged: Pixels, profile: bytes) -> bytes:
    """The bytes of a file with `layers` from the topmost down. `profile` is an ICC profile that fits the pixels.

    Raises:
        UsageError: ``no_float_in_format``.
    """
    height, width = merged.shape[:2]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("mimetype", "image/openraster")
        entries = []
        for n, layer in enumerate(layers):
            name = f"data/layer{n}.png"
            archive.writestr(name, with_profile(encode_image(".png", np.ascontiguousarray(layer.pixels)), profile))
            flags = (' edit-locked="true"' if layer.locked else "") + (' selected="true"' if layer.chosen else "")
            entries.append(
                f'  <layer name={quoteattr(layer.name)} src="{name}" x="0" y="0" opacity="1.0" visibility="visible"'
                f' composite-op="svg:src-over"{flags}/>\n'
            )
        archive.writestr(
            "stack.xml",
            f'<?xml version="1.0" encoding="UTF-8"?>\n<image version="0.0.6" w="{width}" h="{height}" xres="72" yres="72">\n'
            f" <stack>\n{''.join(entries)} </stack>\n</image>\n",
        )
        archive.writestr(MERGED, with_profile(encode_image(".png", merged), profile))
        step = max(1, -(-max(height, width) // THUMBNAIL))
        small = merged[::step, ::step, :3]
        small = (small >> 8).astype(np.uint8) if small.dtype == np.uint16 else small
        archive.writestr("Thumbnails/thumbnail.png", encode_image(".png", np.ascontiguousarray(small)))
    return out.getvalue()


def merged_image(data: bytes, name: str) -> bytes:
    """The composite that the editor saved, a PNG.

    Raises:
        MediaError: ``layers_unreadable``, also while the editor is still writing.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(MERGED) as file:
            # what the zip says of its size may be wrong: as much as a picture may be is read, no more
            picture = file.read(MAX_IMAGE_BYTES + 1)
    # zipfile's NotImplementedError is a kind of compression that it does not know
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as e:
        raise MediaError(
            "layers_unreadable",
            f"{name} does not hold a picture of its layers ({e}).",
            "Save it again as OpenRaster, or export a PNG and use that.",
        ) from e
    if len(picture) > MAX_IMAGE_BYTES:
        raise MediaError("layers_unreadable", f"{name} holds a picture that is too large.", "Export a PNG and use that.")
    return picture
