"""What is delivered: the full picture, the edit alone as a layer, or its matte. Pure numpy."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..errors import UsageError
from ..frames import FrameBuffer

Delivery = Literal["full", "edit", "matte"]


def deliver(delivery: Delivery, edited: FrameBuffer, source: FrameBuffer) -> FrameBuffer:
    """One frame as `delivery` asks, in the dtype of `edited`.

    ``full`` is `edited` itself. ``edit`` is RGBA, straight: the edited colour, opaque where any channel (alpha too) differs from
    `source`, colour and alpha 0 elsewhere. ``matte`` is white RGB where it differs, black elsewhere.

    Raises:
        UsageError: ``bad_frame`` when the two are not of one shape and dtype.
    """
    if delivery == "full":
        return edited
    if edited.pixels.shape != source.pixels.shape or edited.pixels.dtype != source.pixels.dtype:
        raise UsageError(
            "bad_frame",
            f"The edited frame is {edited.pixels.shape} {edited.pixels.dtype}, its source {source.pixels.shape} {source.pixels.dtype}.",
            "Compare a frame with the source it was edited on.",
        )
    changed = (edited.pixels != source.pixels).any(axis=2)
    channels = 4 if delivery == "edit" else 3
    out = np.zeros((edited.height, edited.width, channels), edited.pixels.dtype)
    if delivery == "matte":
        out[changed] = edited.white
    else:
        out[..., :3][changed] = edited.pixels[..., :3][changed]
        out[..., 3][changed] = edited.white
    return FrameBuffer(out, edited.depth, edited.colour)
