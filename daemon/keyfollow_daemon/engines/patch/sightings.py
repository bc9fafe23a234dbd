"""What a frame shows of an edited area, in the cache: what was found again, followed as a whole or hidden, beyond what the source's own track tells.

It depends on where the keyframe was edited, but not on how. So the next run of the same keyframe finds it there: with other settings, with another
keyframe beside it, over a longer range. Only pixels in or near the edit that differ from the source's own track are kept.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from keyfollow_daemon.engines.base import Array, Tensors

from .correspondence import QUANTUM
from .pixels import Bools, Floats, cv
from .seen import Seen

LEVELS = 255.0
NEAR_PX, NEAR_SHARE = 16, 1 / 16
"""As far from the edit as anything is made of what is seen: pixels, or a share of the longer side, whichever is more."""


def pack(seen: Seen, plain: Seen, edited: Bools) -> dict[str, Array]:
    """The tensors of a cache entry: `seen`, where it differs from what is `plain`. What is delivered is the unpacked one, so that it makes
    no difference whether that came from the cache.

    Args:
        edited: ``(h, w)``, what shows something edited by either.
    """
    where = np.zeros_like(edited)
    for one, other in ((seen.offset, plain.offset), (seen.motion, plain.motion)):
        if one is not other:
            where |= (one[..., 0] != other[..., 0]) | (one[..., 1] != other[..., 1])
    for name in ("tracked", "confidence", "misfit", "visible"):
        one, other = getattr(seen, name), getattr(plain, name)
        if one is not other:
            where |= one != other
    radius = max(NEAR_PX, round(NEAR_SHARE * max(edited.shape)))
    where &= cv.dilate((edited | seen.placed).astype(np.uint8), np.ones((2 * radius + 1,) * 2, np.uint8)) > 0
    where |= seen.placed
    out = {
        "where": np.packbits(where),
        "offset": _steps(seen.offset[where]),
        "levels": np.rint(LEVELS * np.stack([seen.tracked[where], seen.confidence[where]])).astype(np.uint8),
        "misfit": np.minimum(seen.misfit[where], 65504).astype(np.float16),
        "placed": np.packbits(seen.placed[where]),
    }
    if any((getattr(seen, name)[where] != getattr(plain, name)[where]).any() for name in ("motion", "visible")):
        out |= {"motion": _steps(seen.motion[where]), "visible": np.packbits(seen.visible[where])}
    return out


def fits(tensors: Tensors, size: tuple[int, int]) -> bool:
    """Whether an entry holds what a frame of (width, height) `size` shows."""
    pixels = size[0] * size[1]
    if not _fits(tensors, "where", ((pixels + 7) // 8,), np.uint8):
        return False
    count = int(np.count_nonzero(np.unpackbits(tensors["where"], count=pixels)))
    bits = ((count + 7) // 8,)
    parts = {"offset": ((count, 2), np.int16), "levels": ((2, count), np.uint8), "misfit": ((count,), np.float16)}
    parts |= {"placed": (bits, np.uint8)}
    if "motion" in tensors:
        parts |= {"motion": ((count, 2), np.int16), "visible": (bits, np.uint8)}
    return all(_fits(tensors, name, *each) for name, each in parts.items())


def unpack(tensors: Tensors, plain: Seen) -> Seen:
    """What an entry that `fits` holds, on top of what is `plain`."""
    where: Bools = np.unpackbits(tensors["where"], count=plain.tracked.size).reshape(plain.tracked.shape).view(np.bool_)
    count = int(np.count_nonzero(where))
    levels = tensors["levels"].astype(np.float32) * np.float32(1 / LEVELS)

    def pasted(plane: Floats, values: Array) -> Floats:
        out = plane.copy()
        out[where] = values
        return out

    placed = np.zeros(where.shape, np.bool_)
    placed[where] = np.unpackbits(tensors["placed"], count=count)
    seen = replace(
        plain,
        offset=pasted(plain.offset, _px(tensors["offset"])),
        tracked=pasted(plain.tracked, levels[0]),
        confidence=pasted(plain.confidence, levels[1]),
        misfit=pasted(plain.misfit, tensors["misfit"]),
        placed=placed,
    )
    if "motion" not in tensors:
        return seen
    visible = plain.visible.copy()
    visible[where] = np.unpackbits(tensors["visible"], count=count)
    return replace(seen, motion=pasted(plain.motion, _px(tensors["motion"])), visible=visible)


def _fits(tensors: Tensors, name: str, shape: tuple[int, ...], dtype: object) -> bool:
    return name in tensors and tensors[name].shape == shape and tensors[name].dtype == dtype


def _steps(px: Floats) -> Array:
    out: Array = np.clip(np.rint(px / np.float32(QUANTUM)), -32768, 32767).astype(np.int16)
    return out


def _px(steps: Array) -> Floats:
    out: Floats = steps.astype(np.float32) * np.float32(QUANTUM)
    return out
