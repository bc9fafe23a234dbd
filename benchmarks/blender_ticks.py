"""How long Blender is held up by the add-on's timer while 500 finished frames of 1920 x 1080 arrive.

    python benchmarks/blender_ticks.py [BLENDER VERSION] [FRAMES]

Prints the ticks' times in milliseconds, that of the longest and that which inserts the strip; the target is 20 ms for all but that one.
The processor's time tells what the add-on itself took where the machine has other work to do.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("shared", "tests/kit")]

import numpy as np  # noqa: E402
from keyfollow_testkit import blenders, clips  # noqa: E402

VERSION = sys.argv[1] if len(sys.argv) > 1 else blenders.NORMAL[0]
FRAMES = int(sys.argv[2]) if len(sys.argv) > 2 else 500
INSIDE = f"""
import os, sys, time
import bpy, numpy as np
from keyfollow_testkit import stage
stage.enable()
stage.scene(1920, 1080)
bpy.ops.wm.save_as_mainfile(filepath=os.environ["KEYFOLLOW_BENCH"] + "/edit.blend")
stage.movie(os.environ["KEYFOLLOW_BENCH"] + "/clip.mp4")
stage.edit_keyframe(stage.by_name("clip"), 3, stage.warm)
app, idle = stage.module("app"), []
stage.use_slow_engine(stage.by_name("clip"), 0.0)
stage.activate(stage.by_name("clip"))
bpy.ops.keyfollow.propagate(quality="final")
measured = np.array(stage.ticks("clip")) * 1000
insert, (spent, work) = measured[-1, 0], measured[:-1].T
for _ in range(200):
    began = time.perf_counter(); app.tick(); idle.append((time.perf_counter() - began) * 1000); time.sleep(0.01)
print(f"RESULT {{len(spent)}} ticks, mean {{np.mean(spent):.2f}} ms, 99 % {{np.percentile(spent, 99):.2f}} ms, longest {{max(spent):.2f}} ms, then "
      f"{{sorted(spent)[-2]:.2f}} ms; of the processor's time the longest {{max(work):.2f}} ms, then {{sorted(work)[-2]:.2f}} ms; "
      f"the one that inserts {FRAMES} frames {{insert:.1f}} ms; idle {{np.median(idle) * 1000:.0f}} us")
sys.stdout.flush(); os._exit(0)
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = clips.moving_patch(1, 1920, 1080)[0]
        clips.write_clip(
            folder / "clip.mp4", [np.roll(base, n, axis=1) for n in range(2)] * (FRAMES // 2), options={"preset": "ultrafast"}
        )
        package = blenders.zips(folder / "zips")[0]
        program = folder / "keyfollowd"
        paths = os.pathsep.join(str(ROOT / f) for f in ("shared", "daemon", "tests/kit"))
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{paths}" exec "{sys.executable}" -m keyfollow_daemon "$@"\n')
        program.chmod(0o755)
        blender = blenders.install(VERSION, folder / "blender", package)
        try:
            said = blender.run(
                "-c",
                INSIDE,
                timeout=900,
                KEYFOLLOW_BENCH=str(folder),
                KEYFOLLOW_HOME=str(folder / "home"),
                KEYFOLLOW_TEST_DAEMON=str(program),
                KEYFOLLOW_EXTRA_ENGINES="slow=keyfollow_testkit.slow_engine.info",
            )
            print(
                f"Blender {VERSION}:",
                next(line for line in said.splitlines() if line.startswith("RESULT")).removeprefix("RESULT "),
            )
        finally:
            connection = folder / "home" / "run" / "connection.json"
            if connection.exists():
                os.kill(json.loads(connection.read_text())["pid"], signal.SIGTERM)
            shutil.rmtree(folder / "home", ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
