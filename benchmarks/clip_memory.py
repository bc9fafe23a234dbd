"""Does vid2vid-zero's memory grow with the clip? A tiny network on made-up footage, cache and checkpoints on the disk.

    python benchmarks/clip_memory.py [--frames 8 32 128] [--strides 1 4] [--side 64]

Printed is what this process grew by during a run, at most, over a run before it that made it warm. Clips with a stride are as many times
longer, so that equally many frames are drawn.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_daemon.engines.base import Array
from keyfollow_daemon.engines.vid2vid_zero.engine import Vid2VidZeroEngine

sys.path[:0] = [str(Path(__file__).parents[1] / "tests" / "kit"), str(Path(__file__).parent)]
from diffusion import Resident  # type: ignore[import-not-found]  # noqa: E402
from keyfollow_testkit.memory import Memory  # noqa: E402
from keyfollow_testkit.zero import edit, propagate  # noqa: E402


class Footage(Memory):
    """A pattern that drifts by a pixel a frame, made when it is asked for; the engine's context, all of it on the disk."""

    def __init__(self, count: int, side: int, folder: Path) -> None:
        self._count, self._side, self.kept = count, side, {}
        dice = np.random.default_rng(0)
        self._strip = np.repeat(dice.integers(0, 255, (side, side // 4, 3), dtype=np.uint8), 8, axis=1)
        super().__init__([self[0]])
        self._store = InversionStore(folder / "cache", 1 << 40)
        self._checkpoints = InversionStore(folder / "checkpoints", 1 << 40)

    @property
    def count(self) -> int:
        return self._count

    def __getitem__(self, frame: int) -> FrameBuffer:
        return FrameBuffer(np.ascontiguousarray(np.roll(self._strip, frame, axis=1)[:, : self._side]))

    def digest(self, frame: int) -> bytes:
        return self[frame].digest()

    @property
    def cache(self) -> Any:
        return self._store

    def checkpoint(self, name: str, tensors: Mapping[str, Array]) -> None:
        self._checkpoints.save(hashlib.sha256(name.encode()).hexdigest(), tensors)

    def restore(self, name: str) -> dict[str, Array] | None:
        return self._checkpoints.load(hashlib.sha256(name.encode()).hexdigest())


def growth(engine: Vid2VidZeroEngine, count: int, stride: int, side: int) -> int:
    """Bytes."""
    settings: dict[str, Any] = {"stride": stride, "size": side, "window": 8, "overlap": 2, "inversion": "null_text", "steps": 3}
    with tempfile.TemporaryDirectory() as folder, Resident() as watched:
        footage = Footage(count, side, Path(folder))
        span = FrameRange(0, count)
        for _ in propagate(engine, footage, edit([], span=span, **settings), resumed=True):
            pass
    return int(watched.peak)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, nargs="+", default=[8, 32, 128])
    parser.add_argument("--strides", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--side", type=int, default=64)
    given = parser.parse_args()
    torch.set_num_threads(1)
    engine = Vid2VidZeroEngine(torch.device("cpu"))
    for stride in given.strides:
        growth(engine, stride * 16, stride, given.side)
        for frames in given.frames:
            grown = growth(engine, stride * (frames - 1) + 1, stride, given.side)
            print(f"stride {stride}, {frames} frames drawn: {grown / 2**20:.1f} MiB", flush=True)


if __name__ == "__main__":
    main()
