"""What several cores bring the patch engine: how long runs take with one thread, and with as many as there are.

    python benchmarks/patch_cores.py --scenes DIR [--scene NAME …] [--frames 32] [--size 1920x1080]

Per scene and kind of run a row: seconds that pass per frame with one thread, with all, and how many times as fast that is; and the CPU time
of the latter over that of the former, which is more than 1 where sharing out the work costs something. The runs are a first one with nothing
prepared, then with another edit of the same area, then with another setting, then a first draft. All frames are delivered; decoding and writing
are not counted.
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from keyfollow_daemon.cache.store import InversionStore

quality: Any = importlib.import_module("patch_quality")
"""The script beside this one."""

RUNS = ("first", "another edit", "another setting", "draft")


class Cost(NamedTuple):
    """Seconds per frame: that pass, and of the CPU."""

    wall: float
    cpu: float


def measured(scene: Any, count: int, threads: int) -> list[Cost]:
    """What each of `RUNS` takes over the first `count` frames."""
    clip, wanted = quality.ClipInMemory(scene.source[:count]), list(range(count))
    edit = scene.edited[0]
    other = np.where(scene.changed[0][..., None], 255 - edit, scene.source[0])
    cv2.setNumThreads(threads)
    out = []
    with tempfile.TemporaryDirectory() as scratch:
        for picture in (edit, other):  # numba compiles, or loads, at first use
            quality.propagate(clip, {0: picture}, InversionStore(Path(scratch) / "before", 1 << 30), wanted=[0, 1, 2])
        store = InversionStore(Path(scratch) / "measured", 8 << 30)
        for picture, how in ((edit, {}), (other, {}), (other, {"settings": quality.TUNED}), (edit, {"draft": True})):
            wall, cpu = time.perf_counter(), time.process_time()
            quality.propagate(clip, {0: picture}, store, wanted=wanted, **how)
            out.append(Cost((time.perf_counter() - wall) / (count - 1), (time.process_time() - cpu) / (count - 1)))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--scene", action="append", help="only this one; may be repeated")
    parser.add_argument("--frames", type=int, default=32)
    parser.add_argument("--size", help="WIDTHxHEIGHT to enlarge scenes to")
    given = parser.parse_args()
    bench = quality.load_bench(given.scenes)
    threads = cv2.getNumThreads()
    print(f"| scene | run | one thread, s | {threads} threads, s | times as fast | CPU time |")
    print("|---|---|---|---|---|---|")
    for name in given.scene or sorted(p.parent.name for p in given.scenes.glob("*/scene.json")):
        scene = bench.load(str(given.scenes / name))
        if given.size:
            width, height = (int(n) for n in given.size.split("x"))
            quality.enlarge(scene, (width, height), given.frames)
        one, many = (measured(scene, given.frames, count) for count in (1, threads))
        for run, a, b in zip(RUNS, one, many, strict=True):
            print(f"| {name} | {run} | {a.wall:.3f} | {b.wall:.3f} | {a.wall / b.wall:.2f} | {b.cpu / a.cpu:.2f} |", flush=True)


if __name__ == "__main__":
    main()
