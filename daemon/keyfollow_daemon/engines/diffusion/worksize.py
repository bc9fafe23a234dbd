"""The size that a model works at, and the way there and back: aspect kept, sides padded to a multiple, padding cropped off again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

MULTIPLE = 64
"""A latent is 8 times smaller, and a UNet halves it three times."""
cv: Any = cv2
Picture = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class WorkSize:
    """All (width, height) in pixels: `content` is the source scaled, `padded` what the model sees, content at its top left."""

    source: tuple[int, int]
    content: tuple[int, int]
    padded: tuple[int, int]

    @property
    def latent(self) -> tuple[int, int]:
        """(height, width) of the latent."""
        return self.padded[1] // 8, self.padded[0] // 8

    def shrink(self, picture: Picture) -> Picture:
        """A source-size picture ``(H, W[, c])`` at the padded working size; its border is repeated into the padding."""
        if self.content != self.source:
            picture = cv.resize(picture, self.content, interpolation=cv.INTER_AREA)
        right, bottom = self.padded[0] - self.content[0], self.padded[1] - self.content[1]
        if not right and not bottom:
            return np.ascontiguousarray(picture)
        out: Picture = cv.copyMakeBorder(picture, 0, bottom, 0, right, cv.BORDER_REPLICATE)
        return out

    def crop(self, picture: Picture) -> Picture:
        """The content of a picture ``(h, w[, c])`` at padded size."""
        return picture[: self.content[1], : self.content[0]]

    def enlarge(self, picture: Picture) -> Picture:
        """A picture of content size at source size, bicubic."""
        if self.content == self.source:
            return picture
        out: Picture = cv.resize(picture, self.source, interpolation=cv.INTER_CUBIC)
        return out


def work_size(source: tuple[int, int], side: int) -> WorkSize:
    """As many pixels as a square of `side` has, never more than the source's; each side at least 8 before padding."""
    width, height = source
    scale = min(1.0, side / math.sqrt(width * height))
    content = (max(8, round(width * scale)), max(8, round(height * scale))) if scale < 1 else source
    padded = (-(-content[0] // MULTIPLE) * MULTIPLE, -(-content[1] // MULTIPLE) * MULTIPLE)
    return WorkSize(source, content, padded)
