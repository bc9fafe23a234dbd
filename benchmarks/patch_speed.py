"""What the patch engine costs: CPU seconds, memory and cache by picture size, against one pass of optical flow.

    python benchmarks/patch_speed.py --scenes DIR [--scene NAME] [--size 1920x1080] [--frames 12] [--draft]

A scene is enlarged to --size and played forth and back for --frames frames. Printed as one row of a Markdown table: CPU seconds (all threads)
per frame for what depends on the source alone, for the rest, and for a second run with another edit of the same keyframe; that second run
over the first; all of the first run over one pass of DIS, medium preset, in one direction; the process' peak memory; and
cache bytes per frame.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_daemon.engines.base import Array, Cache, Edit, EditKeyframe, InversionSpec
from keyfollow_daemon.engines.patch.engine import PatchEngine
from keyfollow_daemon.engines.patch.info import describe
from patch_quality import CACHE_QUOTA, Surroundings, load_bench

COLUMNS = ("size", "frames", "prepare s", "apply s", "again s", "again / first", "first / DIS", "peak MiB", "cache KiB")


class Enlarged:
    """`engines.base.Frames` over ``(n, h, w, 3)`` pixels at another size, forth and back for `count` frames; none is kept."""

    def __init__(self, pixels: Array, size: tuple[int, int], count: int) -> None:
        self._pixels, self._size, self._count = pixels, size, count

    @property
    def count(self) -> int:
        return self._count

    @property
    def size(self) -> tuple[int, int]:
        return self._size

    def __getitem__(self, frame: int) -> FrameBuffer:
        last = len(self._pixels) - 1
        place = last - abs(frame % (2 * last) - last)
        return FrameBuffer(np.ascontiguousarray(enlarged(self._pixels[place], self._size)))

    def digest(self, frame: int) -> bytes:
        return self[frame].digest()


def enlarged(picture: Array, size: tuple[int, int]) -> Array:
    return np.asarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_CUBIC))


def run(clip: Enlarged, keyframe: Array, cache: Cache, *, draft: bool) -> tuple[float, float]:
    """CPU seconds for preparing and for all else; the frames are thrown away."""
    engine, info = PatchEngine(), describe()
    span = FrameRange(0, clip.count)
    keys = [EditKeyframe(0, FrameBuffer(keyframe))]
    edit = Edit(span, tuple(span), keys, settings=info.resolve({}), draft=draft)
    surroundings = Surroundings(cache)
    began = time.process_time()
    inversion = engine.invert(clip, span, InversionSpec(info.id, info.version, draft=draft), surroundings)
    prepared = time.process_time()
    for _ in engine.propagate(clip, inversion, edit, surroundings):
        pass
    return prepared - began, time.process_time() - prepared


def flow_pass(clip: Enlarged) -> float:
    """CPU seconds of DIS, medium preset, from frame 0 to frame 1."""
    first, second = (np.asarray(cv2.cvtColor(clip[n].pixels, cv2.COLOR_RGB2GRAY)) for n in (0, 1))
    method: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    method.calc(first, second, None)
    began = time.process_time()
    for _ in range(3):
        method.calc(first, second, None)
    return (time.process_time() - began) / 3


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--scene", default="occluder_walk")
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--draft", action="store_true")
    given = parser.parse_args()
    scene = load_bench(given.scenes).load(str(given.scenes / given.scene))
    width, height = (int(n) for n in given.size.split("x"))
    keyframe, changed = enlarged(scene.edited[0], (width, height)), scene.changed[0].astype(np.uint8)
    keyframe = np.where(
        (enlarged(changed, (width, height)) > 0)[..., None], keyframe, enlarged(scene.source[0], (width, height))
    )
    other = np.where((keyframe != enlarged(scene.source[0], (width, height))).any(axis=2)[..., None], 255 - keyframe, keyframe)
    clip, little = (Enlarged(scene.source, (width, height), n) for n in (given.frames, 2))
    with tempfile.TemporaryDirectory() as scratch:
        # compiles what numba has not compiled yet
        run(little, keyframe, InversionStore(Path(scratch) / "warm", CACHE_QUOTA), draft=given.draft)
        store = InversionStore(Path(scratch) / "cache", CACHE_QUOTA)
        prepare, apply = run(clip, keyframe, store, draft=given.draft)
        again = sum(run(clip, other, store, draft=given.draft))
        first, steps = prepare + apply, clip.count - 1
        row = [
            f"{given.size}{' draft' if given.draft else ''}",
            str(clip.count),
            *(f"{seconds / steps:.3f}" for seconds in (prepare, apply, again)),
            f"{again / first:.2f}",
            f"{first / steps / flow_pass(clip):.1f}",
            f"{peak_mib():.0f}",
            f"{store.size() / steps / 1024:.0f}",
        ]
    print("|", " | ".join(COLUMNS), "|")
    print("|---" * len(COLUMNS) + "|")
    print("|", " | ".join(row), "|")


if __name__ == "__main__":
    main()
