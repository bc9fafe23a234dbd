"""Whether two keyframes were painted alike, so that one may stand in for the other where that did not see something.

Who paints a second keyframe may only have mended what was lost, or may have changed their mind: another colour, a thing more or less. What lies
beyond has to be as the nearer one says, then: all of it, or, where that is little, the place that differs.
"""

from __future__ import annotations

import numpy as np

from .keymodel import KeyModel
from .pixels import Bools, Floats, largest, opened
from .proposal import Proposal
from .transfer import SURE

APART = 0.25
"""Edits are alike that differ by less than this share of what is changed, all over what one surely shows of the other. (Of ten scenes painted twice:
0.05 to 0.21; with half of an edit left out, or another colour: 0.33 to 1.5.)"""
LEAST_SHARE = 0.05
"""So much of a keyframe's edit must be told by the other one for that to be asked."""
DISPUTED, VISIBLE, WIDTH_PX = 0.5, 8.0, 5
"""A place is disputed where the edits differ by more than this share of the stronger one, and by this (8-bit units), over at least so many pixels."""


def disputed(told: Proposal, edit: Floats, model: KeyModel) -> Bools | None:
    """``(h, w)``, where a keyframe was painted otherwise than another one tells; None when they are not alike as a whole.

    Args:
        told: the other keyframe's edit as it falls on this one.
        edit: ``(h, w, c)`` of this one, 8-bit units; `model`, what was learnt of it.
    """
    own = edit * model.core[..., None]
    sure = told.confidence * (np.float32(1.0) - told.strange) > SURE
    asked = sure & ((told.reach > 0.5) | model.core)
    if np.count_nonzero(asked & model.core) < LEAST_SHARE * np.count_nonzero(model.core):
        return None
    apart, much = largest(told.edit - own), np.maximum(largest(told.edit), largest(own))
    if apart[asked].sum() > APART * much[asked].sum():
        return None
    return opened(asked & (apart > np.maximum(DISPUTED * much, np.float32(VISIBLE))), WIDTH_PX)
