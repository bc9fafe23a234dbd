"""The slow engine: real frames, real cache entries, and a trap door."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from keyfollow.edits import SettingValue
from keyfollow.frames import FrameRange
from keyfollow_daemon.cache.keys import entry_key
from keyfollow_daemon.engines.base import Array, Context, Edit, EditedFrame, Frames, Inversion, InversionSpec

STEP_S = 0.01


@dataclass(frozen=True, slots=True)
class Means:
    """One cache entry per frame: the frame's mean colour, which no frame can be made without."""

    keys: Sequence[str]
    by_frame: Mapping[int, Array]


class SlowEngine:
    def invert(self, frames: Frames, span: FrameRange, spec: InversionSpec, ctx: Context) -> Means:
        keys, means = [], {}
        for done, n in enumerate(span):
            ctx.progress("Preparing", done, len(span))
            key = entry_key(
                engine=spec.engine,
                version=spec.version,
                settings=spec.settings,
                model_revision="",
                dtype="",
                prompt="",
                digests=[frames.digest(n)],
            )
            stored = ctx.cache.load(key)
            if stored is None:
                stored = {"mean": frames[n].pixels.mean(axis=(0, 1)).astype(np.float64)}
                ctx.cache.save(key, stored)
            keys.append(key)
            means[n] = stored["mean"]
        return Means(tuple(keys), means)

    def propagate(self, frames: Frames, inversion: Inversion, edit: Edit, ctx: Context) -> Iterator[EditedFrame]:
        assert isinstance(inversion, Means)
        total = len(edit.range)
        made = total - len(edit.wanted)
        ctx.progress("Propagating", made, total)
        if ctx.plan:
            ctx.note("There is little memory.")
        first = edit.keyframes[0]
        shift = first.image.pixels.mean(axis=(0, 1)) - inversion.by_frame[first.frame]
        for done, n in enumerate(sorted(edit.wanted, key=lambda n: abs(n - first.frame)), made + 1):
            _take_time(edit.settings, ctx)
            spring(str(edit.settings["trap"]))
            _note(str(edit.settings["trace"]), n)
            source = frames[n]
            pixels = np.clip(np.rint(source.pixels + shift), 0, 255).astype(source.pixels.dtype)
            image = first.image if n == first.frame else replace(source, pixels=pixels)
            yield EditedFrame(n, image, 1.0)
            ctx.progress("Propagating", done, total)


def _take_time(settings: Mapping[str, SettingValue], ctx: Context) -> None:
    end = time.monotonic() + float(settings["seconds"])
    if settings["deaf"]:
        time.sleep(float(settings["seconds"]))
    while (left := end - time.monotonic()) > 0:
        ctx.check()
        time.sleep(min(STEP_S, left))


def spring(trap: str) -> None:
    """Do what the file `trap` says, if it is there, and take it away."""
    if not trap or not Path(trap).exists():
        return
    deed = Path(trap).read_text()
    if not deed:
        # whoever sets the trap has made the file and not written into it yet
        return
    Path(trap).unlink()
    match deed:
        case "wedge":
            while True:
                time.sleep(1)
        case "memory":
            _run_out()
        case "memory twice":
            Path(trap).write_text("memory")
            _run_out()
        case "raise":
            raise RuntimeError("the trap was sprung")
        case name:
            os.kill(os.getpid(), signal.Signals[name])


def _run_out() -> None:
    """What an out-of-memory error in the middle of a frame leaves behind: an exception whose frames hold a lot."""
    hoard = np.ones(64 << 20, np.uint8)
    raise MemoryError(f"cannot allocate more beside {hoard.nbytes} bytes")


def _note(trace: str, frame: int) -> None:
    if trace:
        with Path(trace).open("a") as file:
            file.write(f"{frame}\n")
