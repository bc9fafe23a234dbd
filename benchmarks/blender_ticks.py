"""How long Blender is held up by the add-on's timer while 500 finished frames of 1920 x 1080 arrive.

    python benchmarks/blender_ticks.py [BLENDER VERSION] [--frames N] [--size WIDTHxHEIGHT] [--folder FOLDER]

The target is 20 ms for every tick but the one that inserts the strip. Of each tick is told what passed, what of it the thread waited for a
processor (Linux), and the processor's time; which of the longest were a turn of Python's collector; what the host of a virtual machine
took of its processors meanwhile; and what held up a program beside it that did nothing but a piece of work of half a millisecond every
10 ms: that is the machine's, not the add-on's. How often either took over 20 ms is told for each second that it was at work.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("shared", "tests/kit")]

import numpy as np  # noqa: E402
import numpy.typing as npt  # noqa: E402
from keyfollow_testkit import blenders, clips  # noqa: E402

TARGET_MS = 20.0
HELD_MS, NEAR_S = 5.0, 0.25
"""A chore beside Blender that takes so long was held up by the machine, and what happens in Blender so near to it may have been as well."""

INSIDE = """
import gc, json, os, sys, time
import bpy, numpy as np
from keyfollow_testkit import stage
stage.enable()
stage.scene(*json.loads(os.environ["KEYFOLLOW_SIZE"]))
folder = os.environ["KEYFOLLOW_BENCH"]
bpy.ops.wm.save_as_mainfile(filepath=folder + "/edit.blend")
stage.movie(folder + "/clip.mp4")
stage.edit_keyframe(stage.by_name("clip"), 3, stage.warm)
stage.use_slow_engine(stage.by_name("clip"), 0.0)
stage.activate(stage.by_name("clip"))
bpy.ops.keyfollow.propagate(quality="final")
before = len(gc.get_objects())
ticks = stage.ticks("clip")
app, idle = stage.module("app"), []
for _ in range(200):
    began = time.perf_counter(); app.tick(); idle.append(time.perf_counter() - began); time.sleep(0.01)
print("RESULT " + json.dumps([ticks, len(gc.get_objects()) - before, float(np.median(idle))]))
sys.stdout.flush(); os._exit(0)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", nargs="?", default=blenders.NORMAL[0])
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--folder", type=Path, help="keep the clip and the installed Blender here, for the next time")
    parser.add_argument("--prepare", action="store_true", help="only make what --folder keeps")
    options = parser.parse_args()
    with contextlib.nullcontext(options.folder) if options.folder else tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        size = tuple(map(int, options.size.split("x")))
        clip = folder / f"{options.size}-{options.frames}.mp4"
        if not clip.exists():
            base = clips.moving_patch(1, *size)[0]
            pictures = [np.roll(base, n, axis=1) for n in range(2)] * (options.frames // 2)
            clips.write_clip(clip, pictures, options={"preset": "ultrafast"})
        blender = blenders.install(options.version, folder / options.version, blenders.zips(folder / "zips")[0])
        if not options.prepare:
            with tempfile.TemporaryDirectory() as work:
                (Path(work) / "clip.mp4").symlink_to(clip.absolute())
                print(
                    f"Blender {options.version}, {options.frames} frames of {options.size}:", measure(blender, Path(work), size)
                )
    return 0


def measure(blender: blenders.Blender, folder: Path, size: tuple[int, ...]) -> str:
    """Run the job in `blender`; a sentence for each thing that was measured."""
    program = folder / "keyfollowd"
    paths = os.pathsep.join(str(ROOT / f) for f in ("shared", "daemon", "tests/kit"))
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{paths}" exec "{sys.executable}" -m keyfollow_daemon "$@"\n')
    program.chmod(0o755)
    try:
        with beside() as chores:
            said = blender.run(
                "-c",
                INSIDE,
                timeout=900,
                KEYFOLLOW_BENCH=str(folder),
                KEYFOLLOW_SIZE=json.dumps(size),
                KEYFOLLOW_HOME=str(folder / "home"),
                KEYFOLLOW_TEST_DAEMON=str(program),
                KEYFOLLOW_EXTRA_ENGINES="slow=keyfollow_testkit.slow_engine.info",
            )
    finally:
        connection = folder / "home" / "run" / "connection.json"
        if connection.exists():
            os.kill(json.loads(connection.read_text())["pid"], signal.SIGTERM)
    ticks, more, idle = json.loads(
        next(line for line in said.splitlines() if line.startswith("RESULT")).removeprefix("RESULT ")
    )
    passed, worked, waited, collected, _, stolen = np.array(ticks).T * 1000
    began = np.array(ticks)[:-1, 4]
    held = np.array([at for at, took in chores if took > HELD_MS])
    apart = np.abs(began[:, None] - held).min(axis=1, initial=np.inf) > NEAR_S
    beside_it = np.array([took for _, took in chores])
    order = np.argsort(-passed[:-1])
    longest = [
        f"{passed[n]:.1f} (the {n + 1}th, waited {waited[n]:.1f}, worked {worked[n]:.1f}, stolen {stolen[n]:.0f}, "
        f"collector {collected[n]:.1f})"
        for n in order[:8]
    ]
    work = np.sort(worked[:-1])[::-1]
    return "\n  ".join(
        [
            f"{len(order)} ticks, in ms: mean {passed[:-1].mean():.2f}, 99 % below {np.percentile(passed[:-1], 99):.2f}; "
            + _over(passed[:-1]),
            f"longest {'; '.join(longest)}",
            f"of the processor's time the longest {', '.join(f'{w:.1f}' for w in work[:5])}; "
            f"all of the collector's {collected.sum():.0f} in {np.count_nonzero(collected)} ticks, longest {collected.max():.1f}",
            f"the one that inserts {passed[-1]:.1f} (worked {worked[-1]:.1f}); idle {idle * 1e6:.0f} us; objects left {more}",
            f"{len(chores)} chores beside it: longest {', '.join(f'{c:.1f}' for c in np.sort(beside_it)[::-1][:5])}; "
            + _over(beside_it),
            f"the {np.count_nonzero(apart)} ticks that began more than {NEAR_S} s from a chore of over {HELD_MS} ms: longest "
            f"{', '.join(f'{t:.1f}' for t in np.sort(passed[:-1][apart])[::-1][:5])}",
        ]
    )


def _over(took: npt.NDArray[np.float64]) -> str:
    """How many pieces of work were over the target, and how many that is in a second of such work."""
    long = np.count_nonzero(took > TARGET_MS)
    return f"{long} over {TARGET_MS:.0f}, {long / took.sum() * 1000:.2f} in a second of them"


@contextlib.contextmanager
def beside() -> Iterator[list[tuple[float, float]]]:
    """A thread with a chore every 10 ms; when each began, on `time.perf_counter`, and how long it took, in ms."""
    took: list[tuple[float, float]] = []
    end = threading.Event()

    def work() -> None:
        data = list(range(3000))
        while not end.wait(0.01):
            began = time.perf_counter()
            json.dumps(data)
            took.append((began, (time.perf_counter() - began) * 1000))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield took
    finally:
        end.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
