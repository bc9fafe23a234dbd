"""Everything about one keyframe's edit that the other frames need, computed once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from keyfollow.frames import FrameBuffer

from .affine import fit
from .changes import change_mask
from .colour_table import ColourTable
from .pixels import Bools, Floats, box, values

GLOBAL_SHARE = 0.9
GAIN_RADIUS = 3


@dataclass(frozen=True, slots=True, eq=False)
class KeyModel:
    """A keyframe's edit.

    Args:
        changed: ``(h, w)``, what the edit touched, grown.
        table: the edit as a function of colour.
        pointwise: the table alone explains the edit; then it is the base that the affine map starts from.
        everywhere: the edit covers the whole picture, so that content which enters later is edited as well.
        carried: ``(h, w, n)`` float32, what frames sample: the 3 x 4 rows of A and b + e, the base's local brightness, and the
            additive edit of alpha where there is one.
    """

    changed: Bools
    table: ColourTable
    pointwise: bool
    everywhere: bool
    carried: Floats


def brightness(base: Floats) -> Floats:
    """Local mean over 7 x 7 px and channels, ``(h, w)``."""
    return box(base.mean(axis=2), GAIN_RADIUS)


def key_model(keyframe: FrameBuffer, source: FrameBuffer, threshold: float) -> KeyModel:
    """Learn the edit that turned `source` into `keyframe` (same size and dtype)."""
    before, after = values(source), values(keyframe)
    changed = change_mask(after, before, threshold)
    edit = np.where(changed[..., None], after - before, np.float32(0.0))
    table = ColourTable(before, edit)
    predicted, _ = table(before)
    pointwise = bool(changed.any() and np.abs(edit - predicted).mean() < 0.2 * np.abs(edit).mean())
    base = before[..., :3] + predicted[..., :3] if pointwise else np.ascontiguousarray(before[..., :3])
    target = before[..., :3] + edit[..., :3]
    matrix, shift = fit(base, target)
    residual = target - np.einsum("hwij,hwj->hwi", matrix, base) - shift
    rows = np.concatenate([matrix, (shift + residual)[..., None]], axis=3)
    parts = [rows.reshape(*changed.shape, 12), brightness(base)[..., None], edit[..., 3:]]
    return KeyModel(
        changed=changed,
        table=table,
        pointwise=pointwise,
        everywhere=bool(changed.mean() > GLOBAL_SHARE),
        carried=np.ascontiguousarray(np.concatenate(parts, axis=2)),
    )
