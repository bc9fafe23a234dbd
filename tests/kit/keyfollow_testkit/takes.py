"""Takes of full HD frames, put into a store without a run: for what is about their delivery."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from keyfollow import deltas
from keyfollow.frames import FrameBuffer
from keyfollow.take_folder import FRAMES, frame_name
from keyfollow_daemon.takes.report import Measure
from keyfollow_daemon.takes.store import TakeStore

TAKE = "20261120-181500-1a2b3c4d"
META = {"job": "job-0001", "source": "clip.mp4", "engine": "patch", "quality": "final", "created": 1.0}


def full_hd(folder: Path, frames: int) -> str:
    """A take of whole 1080p frames in the store at `folder`: four of them, under as many names as are wanted. Its id."""
    take = TakeStore(folder).create(TAKE, {"request": 1}, {**META, "start": 0, "stop": frames})
    chance, measure = np.random.default_rng(10), Measure()
    for n in range(4):
        picture = FrameBuffer(chance.integers(0, 256, (1080, 1920, 3), np.uint8))
        take.write(n, deltas.pack(n, picture), measure(n, picture, picture, 1.0, None, None))
    for n in range(4, frames):
        os.link(take.folder / FRAMES / frame_name(n % 4), take.folder / FRAMES / frame_name(n))
    return TAKE
