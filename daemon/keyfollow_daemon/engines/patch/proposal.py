"""What one keyframe says about a frame: the edit, and how far it may be believed there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .pixels import Floats

BY_COLOUR = 0.7
"""How sure an edit is that a colour tells without doubt, beside 1 of one that is followed."""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """What one keyframe says about a frame.

    Args:
        edit: ``(h, w, c)`` float32, to be added to the source, 8-bit units; exactly 0 where `reach` is.
        reach: ``(h, w)`` float32 0…1, the keyframe's change mask as carried here.
        confidence: ``(h, w)`` float32 0…1.
        misfit: ``(h, w)`` float32, how far frame and keyframe differ there (`Seen.misfit`).
        by_colour: ``(h, w, c)``, the edit that the colour table suggests; `belief` ``(h, w)`` 0…1 in it.
        allowed: ``(h, w)`` float32 0…1, how far an untracked pixel may belong to an edited object, by its motion.
        strange: ``(h, w)`` float32 0…1, how far what is seen has another colour than what the edit is carried from, where the keyframe's own
            colours tell what it edits.
    """

    edit: Floats
    reach: Floats
    confidence: Floats
    misfit: Floats
    by_colour: Floats
    belief: Floats
    allowed: Floats
    strange: Floats

    def vouched(self, confidence: Floats) -> Floats:
        """`confidence` ``(h, w)`` 0…1, but at least as sure as untracked pixels are of their edit by their colour, as far as their motion
        allows."""
        out: Floats = np.maximum(confidence, np.float32(BY_COLOUR) * self.belief * self.allowed)
        return out
