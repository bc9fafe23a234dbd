"""*Copy look*: the change of colours from a source frame to its edit, put onto a frame of another shot. For grades, not for objects. No Qt."""

from __future__ import annotations

import numpy as np
from keyfollow.frames import FrameBuffer

from .whole_shift import terms, values

SAMPLES = 60_000
LEAST = 1e-3
"""Holds the fit to "no change" where the frame has too few colours to tell."""


def copied_look(source: FrameBuffer, edited: FrameBuffer, onto: FrameBuffer) -> FrameBuffer:
    """`onto` with its colours changed as those of `source` were in `edited`, which has the same size and dtype.

    The change is a quadratic function of the colour, fitted by least squares; no colour is moved further than any was.
    """
    base = values(source)
    step = max(1, int(np.sqrt(base[..., 0].size / SAMPLES)))
    colours = base[::step, ::step].reshape(-1, 3)
    off = values(edited)[::step, ::step].reshape(-1, 3) - colours
    given = terms(colours).astype(np.float64)
    weights = np.linalg.solve(given.T @ given + LEAST * len(given) * np.eye(given.shape[1]), given.T @ off)
    here = values(onto)
    change = (terms(here.reshape(-1, 3)) @ weights).reshape(here.shape)
    change = np.clip(change, off.min(axis=0), off.max(axis=0))
    white = np.float32(onto.white)
    out = onto.pixels.copy()
    made = (here + change) * white
    out[..., :3] = np.clip(np.rint(made), 0, white) if out.dtype.kind == "u" else made
    return FrameBuffer(out, onto.depth, onto.colour)
