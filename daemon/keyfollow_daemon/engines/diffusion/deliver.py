"""From what a model drew at its working size to a frame of the source's size, depth and grain.

Only the *difference* is enlarged (`enlarge`): E - R, where R is the source's own way through the autoencoder, so that what the
autoencoder loses is not taken for an edit. The source keeps its detail as far as the edit left it any; where the picture is new, grain
like the source's takes its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from keyfollow.frames import FrameBuffer

from keyfollow_daemon.engines.patch.pixels import guide

from .enlarge import enlarge_change
from .worksize import WorkSize

Floats = npt.NDArray[np.floating[Any]]
cv: Any = cv2
GAMMA = 2.2


@dataclass(frozen=True, slots=True)
class Delivery:
    """How working-size pictures become frames.

    Args:
        difference: deliver the source plus the difference; else the model's picture itself, enlarged.
        grain: strength of the grain in new areas; 1 matches the source's.
    """

    size: WorkSize
    difference: bool = True
    grain: float = 1.0

    def frame(self, source: FrameBuffer, edited: Floats, roundtrip: Floats, mask: Floats | None, seed: int) -> FrameBuffer:
        """The finished frame.

        Args:
            edited, roundtrip: ``(h, w, 3)`` at padded working size, 0…255: the model's picture, and the source's round trip.
            mask: ``(H, W)`` in 0…1 at source size; where it is 0 the source's bits stay.
            seed: of the grain.
        """
        full = guide(source).astype(np.float32)
        new, base = self.size.crop(edited), self.size.crop(roundtrip)
        if self.difference:
            change = self._difference(new - base, full, seed)
        elif self.size.content == self.size.source:
            change = np.floor(new) - full
        else:
            change = self.size.enlarge(new) - full
        if mask is not None:
            change = change * mask[..., None]
        return apply_change(source, change)

    def _difference(self, change: Floats, full: Floats, seed: int) -> Floats:
        if self.size.content == self.size.source:
            return change
        made = enlarge_change(change, self.size.crop(self.size.shrink(full)), full)
        if self.grain and made.new.any():
            share = cv.resize(made.new, self.size.source, interpolation=cv.INTER_LINEAR)
            made.change[:] += np.float32(self.grain) * share[..., None] * grain_like(full, seed)
        return made.change


def apply_change(source: FrameBuffer, change: Floats) -> FrameBuffer:
    """`source` + `change` (``(H, W, 3)``, 8-bit display units) at the source's dtype; where it is 0 the source's bits stay.

    Half floats are scene light: the change is made where it was seen, in light encoded with gamma 2.2; values beyond white keep
    what lies beyond.
    """
    pixels, made = source.pixels, source.pixels.copy()
    colour = pixels[..., :3]
    if pixels.dtype == np.float16:
        light = np.nan_to_num(colour.astype(np.float32))
        shown = np.clip(light, 0, 1) ** np.float32(1 / GAMMA)
        moved = np.clip(shown + change / 255, 0, 1) ** np.float32(GAMMA)
        result = np.clip(light + moved - shown**GAMMA, -65504, 65504).astype(np.float16)
    else:
        total = colour.astype(np.float32) + change * np.float32(source.white / 255)
        result = np.clip(np.rint(total), 0, source.white).astype(pixels.dtype)
    made[..., :3] = np.where(change == 0, colour, result)
    return FrameBuffer(made, source.depth, source.colour)


def grain_like(picture: Floats, seed: int) -> Floats:
    """Noise ``(h, w, 3)`` of the picture's own strength, by channel.

    Strength is a robust deviation (1.4826 median absolute) of the picture less its 3 x 3 mean, where the picture is flattest.
    """
    fine = picture - cv.blur(picture, (3, 3))
    busy = cv.blur(np.abs(fine).mean(axis=2), (9, 9))
    flat = fine[busy <= np.percentile(busy, 25)]
    deviation = 1.4826 * np.median(np.abs(flat - np.median(flat, axis=0)), axis=0)
    noise: Floats = np.random.default_rng(seed).standard_normal(picture.shape, dtype=np.float32)
    residue = noise - cv.blur(noise, (3, 3))
    out: Floats = (residue * (deviation / residue.std(axis=(0, 1)))).astype(np.float32)
    return out
