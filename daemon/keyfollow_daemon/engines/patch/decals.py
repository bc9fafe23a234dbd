"""A decal over a flat surface goes where the texture around it goes: in flat places themselves flow sees no motion, and would tear it.

Every decal has a pose, an affine map that follows what is textured on and around it (`objects`). Where a track leads to a flat place, or
the pose does, the pose has the say, bent as the surface around is (`curved`) and shifted by as much as the texture nearby lies off it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .correspondence import within
from .curved import bend
from .objects import Decal, Motion
from .pixels import Bools, Bytes, Floats, Window, around, cv, grid, moved, sample, shown

FLAT, HOLDS, TEXTURED = 0.01, 0.03, 0.06
"""`corners` up to which a place holds no track at all, from which it holds one somehow, and from which its neighbours go by it."""
ASTRAY_PX = 4.0
"""A track that leads further away from the pose is that of something else: of the outline of what the decal lies on, say."""
LEAST_SHARE = 0.1
"""Of the surface, so much must be textured and go with the pose."""
AROUND_PX, SELDOM = 8.0, 0.005
"""How far around (standard deviation) texture is asked where it goes, and the share of it at which the pose has as much of a say."""
WITHIN_PX, WITHIN_CURVE_PX = 1.0, 0.3
"""A track that lies no further off is right: cloth is not affine, and its own motion is known better. At twice that it is torn. The second
counts where the texture around agrees on how the surface bends, or that it is plain."""
MOST_TEXTURE = 0.5
"""More than this says no more."""
RIM_PX, SMOOTH_PX = 2, 1.5
TORN = 0.25
"""Share of a decal from which on it is torn: on cloth a tenth is smeared, on a car's door nearly all."""


def corners(evened: Bytes) -> Floats:
    """``(h, w)`` float32 >= 0, how well the 7 x 7 px around can be followed in every direction (Shi & Tomasi 1994), of an evened picture.

    An edge cannot be followed along itself, however much it stands out; textured places have 0.1 to 1.
    """
    out: Floats = cv.cornerMinEigenVal(evened, 7, 3) * np.float32(65.0)
    return out


def textured_by(texture: Floats) -> Floats:
    """``(h, w)`` float32 >= 0, how much places with these `corners` say about where their surroundings go; 0 is not asked."""
    return np.where(texture > TEXTURED, np.minimum(texture, MOST_TEXTURE), np.float32(0.0))


def settled(offset: Floats, tracked: Floats, texture: Floats, decals: Sequence[Decal], motions: Sequence[Motion]) -> Floats:
    """`offset` where what is flat of the `decals` goes by their poses.

    Args:
        offset, tracked: of a `Correspondence`.
        texture: ``(h, w)`` float32, `corners` of the keyframe.
        decals: of the keyframe; `motions`, of each.
    """
    out = offset
    textured = textured_by(texture)
    for decal, motion in zip(decals, motions, strict=True):
        drawn, surface = decal.drawn, decal.surface
        window = spanned(surface, decal.surface_in, motion.pose, offset)
        here = grid(*tracked.shape)[window]
        there = here + offset[window]
        expected = moved(here, motion.pose)
        curve = bend(offset, tracked, textured, decal, motion.pose)
        if curve is not None:
            expected = expected + curve.at(here)
        away, held = there - expected, sample(texture, there)
        on = (shown(surface, there) > 0) | (shown(surface, expected) > 0)
        goes_along = within(away, ASTRAY_PX)
        followed = on & (tracked[window] > 0.5) & (held > TEXTURED) & goes_along
        if followed.sum() <= LEAST_SHARE * on.sum():
            continue
        flat = np.clip((HOLDS - np.minimum(held, sample(texture, expected))) / (HOLDS - FLAT), 0.0, 1.0)
        plain = motion.plain and curve is None
        if plain:
            # reflections are textured, too, and go elsewhere
            flat = np.where(goes_along, np.float32(1.0), flat)
        core = ((shown(drawn, there) > 0) | (shown(drawn, expected) > 0)).astype(np.uint8)
        area = cv.dilate(core, np.ones((2 * RIM_PX + 1,) * 2, np.uint8)) > 0
        share = cv.GaussianBlur(np.where(area, flat, np.float32(0.0)).astype(np.float32), (0, 0), SMOOTH_PX)[..., None]
        if out is offset:
            out = offset.copy()
        off = (0.0 if plain else nearby(away, followed)) - away
        far = np.hypot(off[..., :1], off[..., 1:])
        held_px = np.float32(WITHIN_CURVE_PX if plain or curve is not None else WITHIN_PX)
        out[window] += share * np.clip((far - held_px) / held_px, 0.0, 1.0) * off
    return out


def posed(
    offset: Floats, tracked: Floats, textured: Floats, decals: Sequence[Decal], motions: Sequence[Motion], asked: Bools
) -> tuple[Floats, Bools]:
    """(offsets, on): `offset` with those of what was drawn by the poses of decals that are followed, bent as the surface around is, and where
    that is; of decals only that lie on something `asked`.

    Args:
        offset, tracked: of a `Correspondence`; `textured`, as from `textured_by`.
    """
    out, on = offset.copy(), np.zeros_like(asked)
    for decal, motion in zip(decals, motions, strict=False):
        window = spanned(decal.drawn, decal.drawn_in, motion.pose)
        here = grid(*asked.shape)[window]
        there = moved(here, motion.pose)
        if motion.lost or not (asked[window] & (shown(decal.drawn, there) > 0)).any():
            continue
        if (curve := bend(offset, tracked, textured, decal, motion.pose)) is not None:
            there = there + curve.at(here)
        drawn = shown(decal.drawn, there) > 0
        out[window][drawn] = (there - here)[drawn]
        on[window] |= drawn
    return out, on


def torn(decal: Decal, motion: Motion, lost: Bools, share: float = TORN) -> bool:
    """Whether more than a `share` of a decal is `lost`."""
    window = spanned(decal.drawn, decal.drawn_in, motion.pose)
    core = shown(decal.drawn, moved(grid(*lost.shape)[window], motion.pose)) > 0
    return bool((core & lost[window]).sum() > share * core.sum())


def spanned(surface: Bytes, within: Window, pose: Floats, offset: Floats | None = None) -> Window:
    """The part of a frame that shows a `surface`, which lies `within` a rectangle of the keyframe, by its `offset`, or would by its pose."""
    height, width = surface.shape
    rows, columns = within
    corner = np.array([(x, y, 1.0) for x in (columns.start, columns.stop) for y in (rows.start, rows.stop)])
    placed = (corner @ np.linalg.inv(pose).T)[:, :2]
    seen = (slice(0, 0),) * 2 if offset is None else around((shown(surface, grid(height, width) + offset) > 0), 0)
    out = []
    for axis, side, span in ((1, height, seen[0]), (0, width, seen[1])):
        ends = [*np.clip(placed[:, axis], 0, side), *((span.start, span.stop) if span.stop else ())]
        first = min(max(0, int(min(ends)) - RIM_PX), side - 1)
        out.append(slice(first, max(first + 1, int(max(ends)) + RIM_PX + 1)))
    return out[0], out[1]


def nearby(away: Floats, followed: Bools) -> Floats:
    """How far what is `followed` around every pixel lies off the pose; nothing, where there is none."""
    weight = cv.GaussianBlur(followed.astype(np.float32), (0, 0), AROUND_PX)[..., None]
    out: Floats = cv.GaussianBlur(away * followed[..., None], (0, 0), AROUND_PX) / (weight + np.float32(SELDOM))
    return out
