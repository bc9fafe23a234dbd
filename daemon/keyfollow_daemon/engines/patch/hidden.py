"""What patches cannot tell, since they lie half on something else, or show what the keyframe hides: the surface around can.

A lost pixel whose surface leads to an edited place that looks the same shows that place. If it leads between two edited sides, to where
the keyframe shows something else, that passed in front there: the edit goes on behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .area import EditedArea
from .correspondence import Correspondence, within
from .matching import alike, light
from .objects import Motion
from .pixels import Bools, Bytes, box, cv, opened
from .regain import COMPANY
from .seen import Seen, assess
from .surfaces import place, stretched

LOST, SURE = 0.4, 0.7
"""Confidence below which a pixel is placed by its surroundings, and from which it can place others."""
LEAST_PX = 5
"""Least width of what is hidden."""
SPECK_PX, AGREED_PX = 3, 2.0
"""Least width of what looks as a pose has it; and how near a pose is to a track that it bears out."""


def told_by_surface(seen: Seen, guide: Bytes, detail: Bytes, area: EditedArea) -> Seen:
    """`seen` with lost pixels `placed`.

    Args:
        guide: ``(h, w, 3)`` uint8 of the frame; `detail` its `evened` copy.
    """
    sure, smeared = seen.confidence > SURE, stretched(seen.offset)
    lost = area.touched_nearby(seen.offset, sure) & (smeared | (seen.confidence < LOST))
    lost = cv.dilate(lost.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    offset, by_surface = place(lost, sure & ~smeared, seen.offset, seen.motion, seen.visible)
    if not by_surface.any():
        return seen
    doubtful = by_surface & (seen.confidence < LOST)
    edited = area.touched(offset)
    behind = by_surface & area.left_out(offset)
    behind = opened(behind & ~alike(guide, area.key, seen.offset, behind), LEAST_PX)
    if behind.any():
        there = assess(Correspondence(offset, np.ones_like(seen.tracked)), guide, detail, area.key, seen.motion, seen.visible)
        behind = opened(behind & (there.confidence < LOST), LEAST_PX)
    # what lies beside the edit and looks so is none of it
    beside = by_surface & area.beside(offset)
    looks_right = alike(guide, area.key, offset, (doubtful & edited) | beside)
    told: Bools = behind | (looks_right & doubtful & edited)
    told |= by_surface & edited & (box(told.astype(np.float32), 2) > COMPANY)
    clear = opened(looks_right & beside, SPECK_PX) & ~told
    # what is smeared from the edit over something beside it looks right, pixel by pixel
    spread = beside & smeared & area.touched(seen.offset)
    confidence = np.where(
        clear, np.maximum(seen.confidence, np.float32(SURE)), np.where(spread, np.float32(0.0), seen.confidence)
    )
    return replace(seen, offset=np.where((told | clear)[..., None], offset, seen.offset), confidence=confidence, placed=told)


def told_by_pose(seen: Seen, guide: Bytes, area: EditedArea, motions: Sequence[Motion]) -> Seen:
    """`seen` with what is unsure of the edit's drawings `placed` where their poses have it, if it looks like that there, in the light of the sure pixels around.

    Args:
        guide: ``(h, w, 3)`` uint8 of the frame.
        motions: of the objects.
    """
    sure = seen.confidence > SURE
    offset, on = area.posed(seen, motions, ~sure)
    if not on.any():
        return seen
    lit = light(guide, area.key, seen.offset, sure & area.touched(seen.offset))
    told = opened(alike(guide, area.key, offset, on, lit=lit), SPECK_PX) & ~sure
    agreed = within(offset - seen.offset, AGREED_PX) & (seen.confidence < LOST)
    told &= agreed | ~alike(guide, area.key, seen.offset, told, lit=lit)
    return replace(seen, offset=np.where(told[..., None], offset, seen.offset), placed=seen.placed | told)
