"""How much smaller or larger than in its keyframe an edited thing is seen, and a keyframe's maps for what is smaller.

A camera that goes back shows several pixels of the keyframe in one. Taken from one of them, an edit has jagged outlines, and what it took away
shines through at its outlines; and means over as many pixels tell of another part of the thing there and here, so that light seems to change.
So maps are kept at half size, too, and mixed by the octave (mip maps, Williams 1983); of what is seen larger, means over more of the
frame's pixels are taken.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from keyfollow.frames import FrameBuffer

from .belonging import NOTHING
from .kernels import kernel
from .pixels import Bools, Bytes, Floats, around, box, cropped, values

FAR, STEP = 4, 4
"""Px over which sizes are told, and between the places that are asked."""
LEAST_PLACES, LEAST = 20, 0.1
"""Of an object, so many places must tell; and octaves that are none: a thing that turns is seen a little narrower."""
MOST_AREA = 16.0
"""What has grown or shrunk by more in a place is torn there."""


class Half(NamedTuple):
    """A part of a keyframe's maps at half its size: `carried` ``(h, w, planes)``, as in `KeyModel`, from the whole one's `corner` (row, column) on."""

    carried: Floats
    corner: tuple[int, int]


NO_HALF = Half(np.zeros((1, 1, 16), np.float32), (0, 0))


def octaves(offset: Floats, confidence: Floats, labels: Bytes) -> Floats:
    """``(256,)`` float32 -1…1: by how many octaves what has a label is seen smaller than in the keyframe; 0 where it is about as large, or nobody knows.

    Args:
        offset: ``(h, w, 2)`` px; `confidence` ``(h, w)``, both as in `Seen`.
        labels: ``(h, w)`` uint8, `NOTHING` for none.
    """
    sums = np.zeros((NOTHING + 1, 2), np.float64)
    _places(offset, confidence, labels, sums)
    told = np.where(sums[:, 1] >= LEAST_PLACES, sums[:, 0] / np.maximum(sums[:, 1], 1), 0.0)
    out: Floats = np.where(np.abs(told) < LEAST, 0.0, np.clip(told, -1.0, 1.0)).astype(np.float32)
    return out


@kernel
def _places(offset: Floats, confidence: Floats, labels: Bytes, sums: Floats) -> None:
    """Per label, the sum of octaves, and how many places told them."""
    share = np.float32(1 / (2 * FAR))
    for y in range(FAR, labels.shape[0] - FAR, STEP):
        for x in range(FAR, labels.shape[1] - FAR, STEP):
            label, left, right, up, down = labels[y, x], x - FAR, x + FAR, y - FAR, y + FAR
            if label == NOTHING or confidence[y, x] < np.float32(0.5):
                continue
            if labels[y, left] != label or labels[y, right] != label or labels[up, x] != label or labels[down, x] != label:
                continue
            a = np.float32(1) + share * (offset[y, right, 0] - offset[y, left, 0])
            b = share * (offset[down, x, 0] - offset[up, x, 0])
            c = share * (offset[y, right, 1] - offset[y, left, 1])
            d = np.float32(1) + share * (offset[down, x, 1] - offset[up, x, 1])
            area = a * d - b * c
            if np.float32(1 / MOST_AREA) < area < np.float32(MOST_AREA):
                sums[label, 0] += 0.5 * np.log2(area)
                sums[label, 1] += 1


def halved(carried: Floats, source: FrameBuffer, changed: Bools, margin: int, radius: int) -> Half:
    """`KeyModel.carried` at half size, where something was `changed`, and `margin` px around.

    Args:
        source: of the keyframe, of which every pixel counts, however bright.
        radius: of the windows that its mean colours are over.
    """
    spans = zip(around(changed, margin), changed.shape, strict=True)
    rows, columns = (slice(span.start & ~1, min(span.stop, side) & ~1) for span, side in spans)
    whole, picture = carried[rows, columns], values(cropped(source, (rows, columns)))[..., :3]
    maps = whole[..., :12].reshape(*whole.shape[:2], 3, 4)
    made = _half(np.einsum("hwij,hwj->hwi", maps[..., :3], picture) + maps[..., 3])
    out, before = _half(whole), _half(picture)
    # what is left to be added is told anew: the mean of products is not the product of means
    few = out[..., :12].reshape(*out.shape[:2], 3, 4)
    few[..., 3] = made - np.einsum("hwij,hwj->hwi", few[..., :3], before)
    out[..., :12] = few.reshape(*out.shape[:2], 12)
    out[..., 12:15] = box(before, radius)
    return Half(out, (rows.start, columns.start))


def _half(image: Floats) -> Floats:
    """Means over 2 x 2 px."""
    height, width, planes = image.shape
    out: Floats = image.reshape(height // 2, 2, width // 2, 2, planes).mean(axis=(1, 3))
    return out
