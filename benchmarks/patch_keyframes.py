"""What a second keyframe brings the patch engine, on clips whose right answer is known.

    python benchmarks/patch_keyframes.py --scenes DIR [--scene NAME …] [--cache FOLDER] [--every 4] [--last | --beyond]

Per scene two things, as PSNR of the edited region (dilated by 2 px), mean of every few frames, none of which is a keyframe in any run: the first frame painted, the last, and both; and, without --last,
how good the frame is that the report suggests to paint next after the first: what painting it gains, what the best of 8 evenly spaced frames gains, and the one over the other. `--last --every 1` counts all frames between the two. --beyond counts what comes after both keyframes: the first frame painted, the middle one, and both.
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_daemon.takes.report import FrameMeasure
from keyfollow_daemon.takes.suggest import suggested

quality: Any = importlib.import_module("patch_quality")
"""The script beside this one."""

CANDIDATES = 8


class Painted:
    """A scene, and how well it comes out with some of its frames painted."""

    def __init__(self, bench: Any, scene: Any, cache: InversionStore, every: int, candidates: int) -> None:
        self.count = len(scene.source)
        self.candidates = [round(i * (self.count - 1) / candidates) for i in range(1, candidates + 1)]
        self._bench, self._scene, self._cache, self._every = bench, scene, cache, every
        self._clip = quality.ClipInMemory(scene.source)

    def suggestion(self) -> int:
        """The frame to paint after the first; that one itself where none is worth it."""
        made = self._run([0], range(self.count))
        records = {n: FrameMeasure(0.0, None, 0, frame.confidence) for n, frame in made.items()}
        return suggested(records, [0]) or 0

    def scored(self, keys: Sequence[int], beside: int = 0, after: int = 0) -> float:
        """dB of the frames `after` one with the frames `keys` painted; `beside` is a frame that no two runs to be compared may count."""
        taken = {0, beside, *self.candidates} | (set() if after else {self.count - 1})
        wanted = [n for n in range(after + min(2, self._every), self.count, self._every) if n not in taken]
        made = self._run(keys, wanted)
        return float(np.mean([quality.edited_psnr(self._bench, self._scene, made, n) for n in wanted]))

    def _run(self, keys: Sequence[int], wanted: Sequence[int]) -> Any:
        keyframes = {k: self._scene.edited[k] for k in keys}
        return quality.propagate(self._clip, keyframes, self._cache, wanted=sorted({*wanted, *keys})).frames


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--scene", action="append", help="only this one; may be repeated")
    parser.add_argument("--bench", type=Path, help="folder of bench.py, where it is not --scenes")
    parser.add_argument("--cache", type=Path, help="keep what depends on the source alone here, for the next run")
    parser.add_argument("--every", type=int, default=4, help="score every so many frames")
    parser.add_argument("--last", action="store_true", help="only the first frame, the last, and both")
    parser.add_argument("--beyond", action="store_true", help="only the first frame, the middle one, and both, after that")
    given = parser.parse_args()
    few = given.last or given.beyond
    bench = quality.load_bench(given.bench or given.scenes)
    columns = [
        "first",
        "middle" if given.beyond else "last",
        "both",
        "both - better",
        *([] if few else ["suggested", "gains", "best of 8", "gains", "of the best"]),
    ]
    print("| scene |", " | ".join(columns), "|")
    print("|---|" + "---|" * len(columns))
    for name in given.scene or sorted(p.parent.name for p in given.scenes.glob("*/scene.json")):
        with tempfile.TemporaryDirectory() as scratch:
            cache = InversionStore(given.cache or Path(scratch), quality.CACHE_QUOTA)
            painted = Painted(bench, bench.load(str(given.scenes / name)), cache, given.every, 0 if few else CANDIDATES)
            chosen, last = 0 if few else painted.suggestion(), painted.count // 2 if given.beyond else painted.count - 1
            after = last if given.beyond else 0
            alone, end, both = (painted.scored(keys, chosen, after) for keys in ([0], [last], [0, last]))
            row = f"{alone:.2f} | {end:.2f} | {both:.2f} | {both - max(alone, end):+.2f}"
            if not few:
                gains = {k: painted.scored([0, k], chosen) - alone for k in painted.candidates[:-1]} | {last: both - alone}
                best = max(gains, key=lambda k: gains[k])
                gain = painted.scored([0, chosen], chosen) - alone if chosen else 0.0
                row += f" | {chosen} | {gain:+.2f} | {best} | {gains[best]:+.2f} | {gain / gains[best]:.2f}"
            print(f"| {name} | {row} |", flush=True)


if __name__ == "__main__":
    main()
