"""How well the patch engine carries the edit of the clip that we ship: what `make demo` shows, against what was rendered with the edit.

    python benchmarks/patch_example.py [--frames 0,12,24,48,60,72,83] [--draft] [--sheets FOLDER]

Needs no scenes: the truth comes from the code that made the example (examples/make_example.py), a minute for all frames. Printed are, per
frame, PSNR of what the edit changes (and 2 px around), PSNR and share of bit-equal pixels beside it, and the engine's confidence. A sheet shows source,
result, truth, and how far the last two differ.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import keyfollow
import numpy as np
from keyfollow.frames import FrameRange
from keyfollow.media.images import read_image
from keyfollow.media.reader import MediaReader
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_daemon.engines.base import Array

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "examples"))
quality: Any = importlib.import_module("patch_quality")
"""The script beside this one."""
make_example: Any = importlib.import_module("make_example")

EXAMPLE = Path(keyfollow.__file__).parent / "example"
UNTOUCHED = 0.5
"""Of 255: what the edit changes by less, it does not."""


def psnr(error: Array) -> float:
    """dB of differences of 8-bit pixels."""
    return float(10 * np.log10(65025 / max(float(np.square(error).mean()), 1e-9))) if error.size else float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=quality.numbers, default=[0, 12, 24, 48, 52, 56, 60, 66, 72, 83])
    parser.add_argument("--draft", action="store_true")
    parser.add_argument("--sheets", type=Path)
    given = parser.parse_args()
    with MediaReader(EXAMPLE / "clip.mp4") as reader:
        source = np.stack([frame.pixels for frame in reader.frames(FrameRange(0, reader.info.frames))])
    key = int(json.loads((EXAMPLE / "example.json").read_text())["frame"])
    painted = read_image((EXAMPLE / "keyframe.png").read_bytes()).pixels
    scene = make_example.Scene()
    with tempfile.TemporaryDirectory() as scratch:
        store, wanted = InversionStore(Path(scratch), 1 << 30), sorted({*given.frames, key})
        made = quality.propagate(quality.ClipInMemory(source), {key: painted}, store, wanted=wanted, draft=given.draft).frames
    print("| frame | edited dB | rest dB | rest exact | confidence |")
    print("|---|---|---|---|---|")
    rows = []
    for n in (n for n in given.frames if n != key):
        change = scene.frame(n, edited=True) - scene.frame(n, edited=False)
        change[np.abs(change).max(axis=2) < UNTOUCHED] = 0
        truth = np.rint(np.clip(source[n] + change, 0, 255)).astype(np.uint8)
        result = made[n].image.pixels
        area = np.asarray(cv2.dilate(change.any(axis=2).astype(np.uint8), np.ones((5, 5), np.uint8))) > 0
        error = result.astype(np.float32) - truth
        rows.append((psnr(error[area]), psnr(error[~area]), float((error == 0).all(axis=2)[~area].mean()), made[n].confidence))
        print(f"| {n} |", " | ".join(f"{v:.4g}" for v in rows[-1]), "|", flush=True)
        if given.sheets:
            given.sheets.mkdir(parents=True, exist_ok=True)
            apart = np.dstack([np.abs(error).max(axis=2).astype(np.uint8)] * 3)
            side = np.hstack([source[n], result, truth, apart])
            cv2.imwrite(str(given.sheets / f"example-{n}.png"), side[..., ::-1])
    print("| mean |", " | ".join(f"{v:.4g}" for v in np.mean(rows, axis=0)), "|")


if __name__ == "__main__":
    main()
