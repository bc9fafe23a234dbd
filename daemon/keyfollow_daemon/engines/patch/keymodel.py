"""Everything about one keyframe's edit that the other frames need, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from keyfollow.frames import FrameBuffer

from .affine import fit
from .belonging import NOTHING
from .changes import GROW_PX, change_mask, gaps, inner
from .colour_table import ColourTables, edited_share
from .faint import Fading, fading
from .painted import painted
from .pixels import Bools, Bytes, Floats, Ints, around, box, cv, guide, opened, values
from .scale import Half, halved
from .soft import misleading
from .witnesses import telling

GLOBAL_SHARE = 0.9
GAIN_RADIUS = 3
BAND = 128
"""Rows that the affine map is fitted to at once."""
FIT_PX = 16
"""The affine map is fitted this far around what was changed: as far as its windows reach."""
PLANES = 16
"""Of `KeyModel.carried`; as many as fill a line of the processor's cache."""
SOME = 4
"""So many of them are spread into gaps at once."""
MAX_OBJECTS = 8
MERGE_PX = 9
AROUND_PX = 32
"""An object's colours are learnt in and this far around it: what stays unedited there must stay so."""
UNEXPLAINED = 60.0
BELIEVED = 0.5
SPREAD_PX, SPREAD = 32, (12.0, 6.0, 3.0)
"""Sigmas in px over which the edit is carried on into gaps: the nearer what is there, the finer."""
SMOOTH = 1.5
"""The same in px of a copy that is small enough for each."""


@dataclass(frozen=True, eq=False)
class KeyModel:
    """A keyframe's edit.

    Args:
        changed: ``(h, w)``, what the edit touched, grown.
        core: ``(h, w)``, the same without the rim that it was grown by.
        decals: ``(h, w)``, what was drawn, not recoloured: where the prevailing edit of the object's colours does not explain it, and what was
            `painted` onto a surface.
        labels: ``(h, w)`` uint8, the edited object that a pixel belongs to, `NOTHING` for none.
        areas: ``(256,)``, px of each label.
        tables: each object's edit as a function of colour.
        edited_share: ``(25, 25, 25)`` float32 0…1, of each colour in the whole keyframe.
        pointwise: the table alone explains an edit of the whole picture; then it is the base that the affine map starts from.
        everywhere: the edit covers the whole picture, so that content which enters later is edited as well.
        carried: ``(h, w, 16)`` float32, what frames sample: the 3 x 4 rows of A and b + e, the source's local mean colour, and the
            additive edit of alpha, 0 where there is none; all 0 far from what was changed.
        behind: `carried` in `gaps`, as the edit on both sides has it, in the rectangle that starts at `corner` (row, column).
        gaps: ``(h, w)``, narrow unedited strips between what was changed: something may have passed in front there.
        source: the keyframe's; `guide`, ``(h, w, 3)`` uint8 of that.
        telling: ``(h, w)`` float32 0…1, as from `witnesses.telling`.
        misleading: ``(h, w)`` float32, as from `soft.misleading`.
        fading: how the edit ends.
    """

    changed: Bools
    core: Bools
    decals: Bools
    labels: Bytes
    areas: Ints
    tables: ColourTables
    edited_share: Floats
    pointwise: bool
    everywhere: bool
    carried: Floats
    behind: Floats
    corner: tuple[int, int]
    gaps: Bools
    source: FrameBuffer
    guide: Bytes
    telling: Floats
    misleading: Floats
    fading: Fading

    @cached_property
    def half(self) -> Half:
        """`carried` at half size, for what is seen smaller; made when something is."""
        return halved(self.carried, self.source, self.changed, FIT_PX, GAIN_RADIUS)


def local_mean(base: Floats) -> Floats:
    """Mean over 7 x 7 px, ``(h, w, 3)``."""
    return box(base, GAIN_RADIUS)


def key_model(keyframe: FrameBuffer, source: FrameBuffer, threshold: float) -> KeyModel:
    """Learn the edit that turned `source` into `keyframe` (same size and dtype)."""
    before, after = values(source), values(keyframe)
    changed = change_mask(after, before, threshold)
    edit = np.where(changed[..., None], after - before, np.float32(0.0))
    everywhere = bool(changed.mean() > GLOBAL_SHARE)
    labels, regions = objects(changed, everywhere)
    tables = ColourTables(before, edit, regions)
    predicted, belief = tables(before, labels)
    pointwise = bool(everywhere and np.abs(edit - predicted).mean() < 0.2 * np.abs(edit).mean())
    carried = np.zeros((*changed.shape, PLANES), np.float32)
    if changed.any():
        window = around(changed, FIT_PX)
        _carry(before[window], edit[window], predicted[window] if pointwise else None, carried[window])
    within = inner(changed)
    strips = np.zeros_like(changed) if everywhere else gaps(within)
    window = around(strips, SPREAD_PX)
    inside, picture = core(changed), guide(source)
    decals = drawn(edit - predicted, changed & (belief > BELIEVED))
    return KeyModel(
        changed=changed,
        core=inside,
        decals=decals if everywhere else decals | painted(before[..., :3], inside),
        labels=labels,
        areas=np.bincount(labels.ravel(), minlength=NOTHING + 1),
        tables=tables,
        edited_share=edited_share(picture, inside, ~changed),
        pointwise=pointwise,
        everywhere=everywhere,
        carried=carried,
        behind=_behind(carried[window], within[window], strips[window]),
        corner=(window[0].start, window[1].start),
        gaps=strips,
        source=source,
        guide=picture,
        telling=np.ones(changed.shape, np.float32) if everywhere else telling(picture, changed, inside),
        misleading=np.zeros(changed.shape, np.float32) if everywhere else misleading(edit, before),
        fading=Fading(0.0, np.inf) if everywhere else fading(edit, labels, inside),
    )


def _carry(before: Floats, edit: Floats, predicted: Floats | None, out: Floats) -> None:
    """`KeyModel.carried` of a part of a keyframe, in `out`; `predicted` is the edit that the tables make the base of the affine map.

    Made in bands of rows: all that a fit goes through would take two gigabytes of a large picture at once.
    """
    height = len(before)
    for first in range(0, height, BAND):
        top, end = max(0, first - FIT_PX), min(height, first + BAND + FIT_PX)
        own, target = np.ascontiguousarray(before[top:end, :, :3]), before[top:end, :, :3] + edit[top:end, :, :3]
        base = own if predicted is None else own + predicted[top:end, :, :3]
        matrix, _ = fit(base, target)
        exact = target - np.einsum("hwij,hwj->hwi", matrix, base)
        inner, band = slice(first - top, first - top + BAND), out[first : first + BAND]
        maps = np.concatenate([matrix[inner], exact[inner][..., None]], axis=3)
        band[..., :12] = maps.reshape(*band.shape[:2], 12)
        band[..., 12:15] = local_mean(own)[inner]
        if edit.shape[2] == 4:
            band[..., 15] = edit[first : first + BAND, :, 3]


def core(changed: Bools) -> Bools:
    """A change mask without the rim that it was grown by: there the keyframe is its source."""
    side = 2 * GROW_PX + 1
    out: Bools = cv.erode(changed.astype(np.uint8), cv.getStructuringElement(cv.MORPH_ELLIPSE, (side, side))) > 0
    return out


def _behind(carried: Floats, within: Bools, strips: Bools) -> Floats:
    """What is `carried` in the `strips`, filled in smoothly from what was changed around them; 0 elsewhere."""
    out = np.zeros_like(carried)
    if not strips.any():
        return out
    weight = within.astype(np.float32)
    shares = [_spread(weight, sigma)[strips][:, None] for sigma in SPREAD]
    there = carried[strips]
    # a few planes at a time, and zeros that nobody touches: a large picture's planes are half a gigabyte
    for first in range(0, PLANES, SOME):
        some = slice(first, first + SOME)
        known, filled = carried[..., some] * weight[..., None], there[:, some]
        for sigma, share in zip(SPREAD, shares, strict=True):
            mean = _spread(known, sigma)[strips] / np.maximum(share, 1e-6)
            filled += (1.0 if sigma == SPREAD[0] else np.clip(share / 0.3, 0.0, 1.0)) * (mean - filled)
    out[strips] = there
    return out


def _spread(plane: Floats, sigma: float) -> Floats:
    """A Gaussian mean, over a smaller copy."""
    height, width = plane.shape[:2]
    few = round(sigma / SMOOTH)
    whole = cv.copyMakeBorder(plane, 0, -height % few, 0, -width % few, cv.BORDER_REFLECT_101)
    size = whole.shape[1::-1]
    small = cv.resize(whole, (size[0] // few, size[1] // few), interpolation=cv.INTER_AREA)
    out: Floats = cv.resize(cv.GaussianBlur(small, (0, 0), sigma / few), size, interpolation=cv.INTER_LINEAR)
    return out[:height, :width]


def drawn(unexplained: Floats, where: Bools) -> Bools:
    """Where more of the edit is left `unexplained` (``(h, w, c)``, 8-bit units) than noise would."""
    much = (np.abs(unexplained).sum(axis=2) > UNEXPLAINED) & where
    return opened(much, 3)


def objects(changed: Bools, everywhere: bool) -> tuple[Bytes, list[Bools]]:
    """The edited areas told apart: labels (`NOTHING` outside), and per label where its colours are learnt."""
    if everywhere or not changed.any():
        return np.full(changed.shape, 0 if everywhere else NOTHING, np.uint8), [np.ones_like(changed)]
    joined = cv.dilate(changed.astype(np.uint8), np.ones((MERGE_PX, MERGE_PX), np.uint8))
    _, components, stats, _ = cv.connectedComponentsWithStats(joined)
    areas = stats[:, cv.CC_STAT_AREA]
    chosen = [int(i) + 1 for i in np.argsort(-areas[1:], kind="stable")[:MAX_OBJECTS]]
    label_of = np.full(len(areas), len(chosen), np.uint8)
    label_of[chosen] = range(len(chosen))
    labels = np.where(changed, label_of[components], NOTHING).astype(np.uint8)
    present = sorted(set(np.unique(label_of[1:]).tolist()))
    away = (cv.distanceTransform((labels != n).astype(np.uint8), cv.DIST_L2, cv.DIST_MASK_5) for n in present)
    return labels, [distance <= AROUND_PX for distance in away]
