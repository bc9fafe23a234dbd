"""What steps of the patch engine cost on one thread, beside plain numpy for the same and beside one DIS pass over the picture.

    python benchmarks/patch_steps.py [--size 512x512]

A made picture, its shifted and darkened copy, and half of it edited. Printed are milliseconds of CPU time (the least of several) of the compiled step and of its
numpy twin, how many times faster it is, and its share of one pass of DIS, medium preset, over the whole picture. The twins give the same numbers, which is checked.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.base import Array
from keyfollow_daemon.engines.patch.correspondence import Correspondence, chain
from keyfollow_daemon.engines.patch.keymodel import key_model, local_mean
from keyfollow_daemon.engines.patch.matching import HIGHLIGHT_RIDGE, PATCH_RADIUS, KeyView, match_error
from keyfollow_daemon.engines.patch.pixels import box
from keyfollow_daemon.engines.patch.seen import Seen
from keyfollow_daemon.engines.patch.transfer import DARK, transfer
from keyfollow_daemon.engines.patch.transfer import HIGHLIGHT_RIDGE as LIGHT_RIDGE

SHIFT = 3.25
ROUNDS = 4


def least(step: Callable[[], object]) -> float:
    """Milliseconds of CPU time, the first call left out."""
    step()
    spent = []
    for _ in range(ROUNDS):
        began = time.process_time()
        step()
        spent.append(time.process_time() - began)
    return 1e3 * min(spent)


def bilinear(image: Array, offset: Array) -> Array:
    """``(h, w, c)`` at every pixel's place + offset, in numpy alone."""
    height, width = offset.shape[:2]
    u = np.clip(np.arange(width, dtype=np.float32) + offset[..., 0], 0, width - 1)
    v = np.clip(np.arange(height, dtype=np.float32)[:, None] + offset[..., 1], 0, height - 1)
    left, top = u.astype(np.int64), v.astype(np.int64)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    a, b = (u - left)[..., None], (v - top)[..., None]
    wide = image.astype(np.float32)
    above = wide[top, left] + a * (wide[top, right] - wide[top, left])
    below = wide[bottom, left] + a * (wide[bottom, right] - wide[bottom, left])
    out: Array = above + b * (below - above)
    return out


def plain_match_error(guide: Array, key: Array, offset: Array) -> Array:
    then, now = bilinear(key, offset), guide.astype(np.float32)
    moments = np.stack([p.mean(axis=2) for p in (then * then, then * now, now * now, then, now)], axis=2)
    square, cross, own, then, now = np.moveaxis(box(np.ascontiguousarray(moments), PATCH_RADIUS), 2, 0)
    ridge = 1 + HIGHLIGHT_RIDGE
    gain = np.clip((cross * ridge - then * now) / (square * ridge - then * then + 1), 0.15, 2.0)
    highlight = (now - gain * then) / ridge
    out: Array = np.maximum(own - 2 * gain * cross + gain * gain * square - highlight * highlight * ridge, 0)
    return out


def plain_chain(before: Correspondence, flow: Array) -> Array:
    """Of a track without tears."""
    return flow + bilinear(before.offset, flow)


def plain_transfer(carried: Array, reach: Array, offset: Array, source: Array) -> Array:
    found = bilinear(carried, offset)
    then, now = found[..., 12:15] + DARK, local_mean(source) + DARK
    square, cross = (then * then).sum(axis=2), (then * now).sum(axis=2)
    then, now, count = then.sum(axis=2), now.sum(axis=2), 3 * (1 + LIGHT_RIDGE)
    determinant = square * count - then * then
    highlight = np.clip((square * now - then * cross) / determinant, -200, 200)[..., None]
    gain = np.clip((cross * count - then * now) / determinant, 0.3, 4.0)[..., None]
    rows = found[..., :12].reshape(*offset.shape[:2], 3, 4)
    lit = (rows[..., :3] @ (source - highlight)[..., None])[..., 0]
    out: Array = np.where(reach[..., None] > 0, lit + gain * rows[..., 3] + highlight - source, 0)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="512x512")
    width, height = (int(n) for n in parser.parse_args().size.split("x"))
    cv2.setNumThreads(1)
    random = np.random.default_rng(0)
    picture = np.asarray(cv2.GaussianBlur(random.integers(0, 256, (height, width, 3), np.uint8), (0, 0), 2.0))
    picture = np.clip(4.0 * (picture.astype(np.float32) - 128) + 128, 0, 255).astype(np.uint8)
    frame = np.ascontiguousarray(np.rint(np.roll(picture, 3, axis=1) * np.float32(0.8)).astype(np.uint8))
    edited = picture.copy()
    edited[:, : width // 2] = np.where(random.random((height, width // 2, 1)) < 0.5, 255 - edited[:, : width // 2], 40)
    offset = np.zeros((height, width, 2), np.float32)
    offset[..., 0] = -SHIFT
    ones = np.ones((height, width), np.float32)
    key, model = KeyView(picture), key_model(FrameBuffer(edited), FrameBuffer(picture), 0.0)
    seen = Seen(offset, ones, ones, 0 * ones, offset, ones > 0, ones < 0)
    values, track = frame.astype(np.float32), Correspondence(offset, ones)
    reach = transfer(model, seen, values).reach
    small = [np.asarray(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)) for p in (frame, picture)]
    method: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    dis = least(lambda: method.calc(*small, None))
    print(f"one DIS pass, medium preset, {width} x {height}: {dis:.1f} ms")
    print("| step | ms | numpy ms | times faster | of a DIS pass |")
    print("|---|---|---|---|---|")
    steps: list[tuple[str, Callable[[], Array], Callable[[], Array]]] = [
        ("match error", lambda: match_error(frame, key, offset), lambda: plain_match_error(frame, picture, offset)),
        ("chain", lambda: chain(track, offset, ones > 0).offset, lambda: plain_chain(track, offset)),
        (
            "transfer (half of the picture edited)",
            lambda: transfer(model, seen, values).edit,
            lambda: plain_transfer(model.carried, reach, offset, values),
        ),
    ]
    for name, compiled, plain in steps:
        apart = np.abs(compiled() - plain()).max()
        assert apart < 0.05 * max(1.0, float(np.abs(plain()).max())), f"{name}: the twins differ by {apart}"
        fast, slow = least(compiled), least(plain)
        print(f"| {name} | {fast:.1f} | {slow:.1f} | {slow / fast:.1f} | {fast / dis:.2f} |")


if __name__ == "__main__":
    main()
