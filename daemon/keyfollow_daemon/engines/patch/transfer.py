"""One keyframe's edit as it falls on another frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .correspondence import Correspondence
from .keymodel import KeyModel, brightness
from .pixels import Floats, grid, sample


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """What one keyframe says about a frame.

    Args:
        edit: ``(h, w, c)`` float32, to be added to the source, 8-bit units; exactly 0 where `reach` is.
        reach: ``(h, w)`` float32 0…1, the keyframe's change mask as carried here.
        confidence: ``(h, w)`` float32 0…1.
        by_colour: ``(h, w, c)``, the edit that the colour table suggests; `belief` ``(h, w)`` 0…1 in it.
    """

    edit: Floats
    reach: Floats
    confidence: Floats
    by_colour: Floats
    belief: Floats


def transfer(model: KeyModel, state: Correspondence, source: Floats) -> Proposal:
    """``y = A(phi) B + g (b + e)(phi)``, with g the ratio of local brightness (0.4…2.5): the edit follows detail and light.

    Args:
        state: correspondence of the frame with the model's keyframe, at the frame's size.
        source: ``(h, w, c)`` float32 of the frame, 8-bit units.
    """
    where = grid(*state.tracked.shape) + state.offset
    reach = sample(model.changed.astype(np.float32), where, border=cv2.BORDER_CONSTANT)
    carried = sample(model.carried, where)
    by_colour, belief = model.table(source)
    base = source[..., :3] + by_colour[..., :3] if model.pointwise else source[..., :3]
    gain = np.clip((brightness(base) + 8.0) / (carried[..., 12] + 8.0), 0.4, 2.5)[..., None]
    rows = carried[..., :12].reshape(*reach.shape, 3, 4)
    colour = np.einsum("hwij,hwj->hwi", rows[..., :3], base) + gain * rows[..., 3] - source[..., :3]
    edit = np.concatenate([colour, carried[..., 13:]], axis=2)
    edit[reach <= 0] = 0.0
    return Proposal(edit, reach, state.confidence, by_colour, belief)
