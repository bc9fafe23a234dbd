"""Dense optical flow between neighbouring frames: DIS (Kroeger et al. 2016, medium preset), both ways, compact.

A flow field is ``(h, w, 2)`` float32 pixels (x, y): pixel p of the first frame is found at p + flow(p) in the second.
DIS stops at some level of its pyramid, the `finest`; fields are stored at that level's resolution in fp16, so nothing is lost.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from keyfollow_daemon.engines.base import Array, Tensors

from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats, cv, half, single

REFINEMENT = 3
"""Rounds of refinement where the picture itself is the finest level: the medium preset's five take a sixth more time there, for 0.1 dB. Where a
coarser level is enlarged they stay."""
CONSISTENT_PX2, CONSISTENT_SHARE = 0.2, 0.02
"""How far going there and back may lead astray: squared pixels, plus a share of the squared motion."""


class PairFlow:
    """Flows between frame t and frame t + 1: `forth` t→t+1 and `back` t+1→t; `cut` where they belong to two shots.

    They are unpacked when they are asked for: most runs need one of them, and to know the cuts takes none. `visible` is asked of every pair
    when it is made and again in every run: so an entry holds it as well, in bits (`seen`), and frame t + 1 as it was evened (`second`).

    Args:
        stored: an entry's tensors, as `unpack` has checked them.
        size: (width, height) of the flows.
    """

    def __init__(self, stored: Tensors, size: tuple[int, int]) -> None:
        self._stored, self._size = stored, size
        self.cut = "cut" in stored and bool(stored["cut"].any())
        self.second: Array | None = stored.get("second")
        self._seen = stored.get("seen")
        self._visible: dict[bool, Bools] = {}

    @cached_property
    def forth(self) -> Floats:
        return self._full("forth")

    @cached_property
    def back(self) -> Floats:
        return self._full("back")

    def _full(self, name: str) -> Floats:
        small = single(self._stored[name])
        out: Floats = small if small.shape[1::-1] == self._size else cv.resize(small, self._size, interpolation=cv.INTER_LINEAR)
        return out

    def toward_key(self, forward: bool) -> Floats:
        """Flow from the new frame to the one before it on the way, going forward or backward in time."""
        return self.back if forward else self.forth

    def visible(self, forward: bool) -> Bools:
        """``(h, w)``, what of the new frame was in sight in the one before it on the way."""
        if forward not in self._visible:
            small = self._in_sight[int(forward)]
            self._visible[forward] = cv.resize(small, self._size, interpolation=cv.INTER_NEAREST).view(np.bool_)
        return self._visible[forward]

    @property
    def seen(self) -> Array:
        """``(2, n)`` uint8, `visible` both ways (first going backward) as a cache entry holds it: in bits, as large as the flows in it."""
        return np.stack([np.packbits(plane) for plane in self._in_sight])

    @cached_property
    def _in_sight(self) -> list[Bytes]:
        height, width = self._stored["forth"].shape[:2]
        if self._seen is not None:
            return [np.unpackbits(bits, count=width * height).reshape(height, width) for bits in self._seen]
        forth, back = (single(self._stored[name]) for name in ("forth", "back"))
        step = self._size[0] / width, self._size[1] / height
        return [consistent(*pair, step).view(np.uint8) for pair in ((forth, back), (back, forth))]


def dense_flow(first: Bytes, second: Bytes, finest: int = 1, *, rough: bool = False) -> Floats:
    """Flow from one evened picture to the other, ``(h, w, 2)``: DIS, medium preset with fewer rounds. It does not depend on the
    number of threads.

    Patches further apart (its fast preset) would take a quarter less, and track as well over 30 frames; but an object of which hardly
    anything is left in sight then went missing.

    Args:
        finest: level of the pyramid to stop at; 0 is the picture itself, 1 (the preset's own) a quarter of the work.
        rough: in half the time, for a motion that is nearly known, or a draft.
    """
    method = cv.DISOpticalFlow_create(cv.DISOPTICAL_FLOW_PRESET_MEDIUM)
    method.setFinestScale(finest)
    if rough:
        method.setPatchStride(4)
        method.setGradientDescentIterations(12)
        method.setVariationalRefinementIterations(2)
    elif finest == 0:
        method.setVariationalRefinementIterations(REFINEMENT)
    flow: Floats = method.calc(first, second, None)
    return flow


def pair_flow(first: Bytes, second: Bytes, finest: int, *, rough: bool = False) -> dict[str, Array]:
    """Both flows between two evened frames (``(h, w)`` uint8) as the tensors of a cache entry; `rough` as for `dense_flow`."""
    return {
        "forth": _pack(dense_flow(first, second, finest, rough=rough), finest),
        "back": _pack(dense_flow(second, first, finest, rough=rough), finest),
    }


def unpack(tensors: Tensors, width: int, height: int, finest: int) -> PairFlow | None:
    """The flows of an entry at ``height x width``; None when it does not hold flows of that size."""
    stored = (*reversed(_stored(width, height, finest)), 2)
    for name in ("forth", "back"):
        if name not in tensors or tensors[name].shape != stored or tensors[name].dtype != np.float16:
            return None
    for name, shape in (("seen", (2, (stored[0] * stored[1] + 7) // 8)), ("second", (height, width))):
        if name in tensors and (tensors[name].shape != shape or tensors[name].dtype != np.uint8):
            return None
    return PairFlow(tensors, (width, height))


def _stored(width: int, height: int, finest: int) -> tuple[int, int]:
    part = 1 << finest
    return (width + part - 1) // part, (height + part - 1) // part


def _pack(flow: Floats, finest: int) -> npt.NDArray[np.float16]:
    if finest:
        flow = cv.resize(flow, _stored(flow.shape[1], flow.shape[0], finest), interpolation=cv.INTER_AREA)
    return half(np.clip(flow, -65504, 65504))


def consistent(flow: Floats, inverse: Floats, step: tuple[float, float] = (1.0, 1.0)) -> Bools:
    """``(h, w)``: forward-backward test ``|f + b(x + f)|² < 0.2 + 0.02 |f|²``, and the target lies in the frame.

    Args:
        step: px from one place of the fields to the next, (across, down).
    """
    ok = np.empty(flow.shape[:2], np.bool_)
    rows(_consistent, len(flow), flow, inverse, np.float32(1 / step[0]), np.float32(1 / step[1]), ok)
    return ok


@kernel
def _consistent(first: int, end: int, flow: Floats, inverse: Floats, per_px: Any, per_line: Any, ok: Bools) -> None:
    height, width = ok.shape
    last_x, last_y = np.float32(width - 1), np.float32(height - 1)
    for y in range(first, end):
        for x in range(width):
            across, down = flow[y, x, 0], flow[y, x, 1]
            u, v = x + across * per_px, y + down * per_line
            ok[y, x] = False
            if not (u >= 0 and v >= 0 and u <= last_x and v <= last_y):
                continue
            left, top = int(u), int(v)
            right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
            a, b = np.float32(u - left), np.float32(v - top)
            above = inverse[top, left, 0] + a * (inverse[top, right, 0] - inverse[top, left, 0])
            below = inverse[bottom, left, 0] + a * (inverse[bottom, right, 0] - inverse[bottom, left, 0])
            across_again = across + above + b * (below - above)
            above = inverse[top, left, 1] + a * (inverse[top, right, 1] - inverse[top, left, 1])
            below = inverse[bottom, left, 1] + a * (inverse[bottom, right, 1] - inverse[bottom, left, 1])
            down_again = down + above + b * (below - above)
            astray, far = across_again * across_again + down_again * down_again, across * across + down * down
            ok[y, x] = astray < np.float32(CONSISTENT_PX2) + np.float32(CONSISTENT_SHARE) * far
