"""Dense optical flow between neighbouring frames: DIS (Kroeger et al. 2016, medium preset), both ways, compact.

A flow field is ``(h, w, 2)`` float32 pixels (x, y): pixel p of the first frame is found at p + flow(p) in the second.
Stored at half its resolution in fp16: DIS-medium stops at half resolution itself, so nothing is lost (mean 0.008 px).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from keyfollow_daemon.engines.base import Array, Tensors

from .pixels import Bools, Bytes, Floats, cv, grid, sample


@dataclass(frozen=True, slots=True, eq=False)
class PairFlow:
    """Flows between frame t and frame t + 1: `forth` t→t+1 and `back` t+1→t; `cut` where they belong to two shots."""

    forth: Floats
    back: Floats
    cut: bool = False

    def toward_key(self, forward: bool) -> tuple[Floats, Floats]:
        """(flow from the new frame to the one before it on the way, its inverse), going forward or backward in time."""
        return (self.back, self.forth) if forward else (self.forth, self.back)


def dense_flow(first: Bytes, second: Bytes) -> Floats:
    """Flow from one evened picture to the other, ``(h, w, 2)``: DIS, medium preset. It does not depend on the number of threads."""
    flow: Floats = cv.DISOpticalFlow_create(cv.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(first, second, None)
    return flow


def pair_flow(first: Bytes, second: Bytes) -> dict[str, Array]:
    """Both flows between two evened frames (``(h, w)`` uint8) as the tensors of a cache entry."""
    return {"forth": _pack(dense_flow(first, second)), "back": _pack(dense_flow(second, first))}


def unpack(tensors: Tensors, width: int, height: int) -> PairFlow | None:
    """The flows of an entry at ``height x width``; None when it does not hold flows of that size."""
    half = ((height + 1) // 2, (width + 1) // 2, 2)
    for name in ("forth", "back"):
        if name not in tensors or tensors[name].shape != half or tensors[name].dtype != np.float16:
            return None

    def full(field: Array) -> Floats:
        out: Floats = cv.resize(field.astype(np.float32), (width, height), interpolation=cv.INTER_LINEAR)
        return out

    return PairFlow(full(tensors["forth"]), full(tensors["back"]), "cut" in tensors and bool(tensors["cut"].any()))


def _pack(flow: Floats) -> npt.NDArray[np.float16]:
    height, width = flow.shape[:2]
    half = cv.resize(flow, ((width + 1) // 2, (height + 1) // 2), interpolation=cv.INTER_AREA)
    out: npt.NDArray[np.float16] = np.clip(half, -65504, 65504).astype(np.float16)
    return out


def consistent(flow: Floats, inverse: Floats) -> Bools:
    """Forward-backward test ``|f + b(x + f)|² < 0.6 + 0.02 |f|²``, and the target lies in the frame."""
    height, width = flow.shape[:2]
    target = grid(height, width) + flow
    error = flow + sample(inverse, target)
    inside = (target >= 0).all(axis=2) & (target[..., 0] <= width - 1) & (target[..., 1] <= height - 1)
    ok: Bools = ((error * error).sum(axis=2) < 0.6 + 0.02 * (flow * flow).sum(axis=2)) & inside
    return ok
