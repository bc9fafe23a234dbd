"""How well the patch engine carries an edit through clips whose right answer is known, and what it costs.

    python benchmarks/patch_quality.py --scenes DIR [--scene NAME …] [--frames 12,24,36,47] [--keys 0,47] [--draft] [--drafts] [--costs] [--size 1920x1080] [--sheets FOLDER]

DIR holds scenes and the `bench.py` that loads and scores them. One row of a Markdown table is printed per scene: PSNR and SSIM of the edited
region, its worst frame, PSNR and share of bit-equal pixels outside it, flicker, Spearman's rank correlation of 1 - confidence
and error over frames, and CPU seconds (all threads) per frame for what depends on the source alone and for the rest. With --costs also: CPU
seconds per frame of a second run with another edit of the same area, that over the first run, a run with another setting over the first run, the
first run's CPU time over one pass of DIS, medium preset, in one direction, the process' peak memory, and cache bytes per frame of the first run. With --drafts also, of a draft: PSNR, how far the
pixels that it changes and those that the final changes are the same (mean and least intersection over union), and CPU seconds per frame. Start it once before: numba compiles at first use.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from keyfollow.edits import SettingValue
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_daemon.engines.base import Array, Cache, Edit, EditedFrame, EditKeyframe, Frames, InversionSpec, Preview, Tensors
from keyfollow_daemon.engines.patch.engine import PatchEngine
from keyfollow_daemon.engines.patch.info import describe

CACHE_QUOTA = 8 << 30
FLOW_PASSES = 4
SHEET_FRAMES = (12, 24, 47)
COLUMNS = ("edited dB", "SSIM", "worst dB", "rest dB", "rest exact", "flicker", "rank corr.", "prepare s", "apply s")
DRAFTS = ("draft dB", "draft IoU", "least IoU", "draft s")
COSTS = ("again s", "again / first", "tuned / first", "first / DIS", "peak MiB", "cache KiB")
TUNED = {"strength": 0.8}


class ClipInMemory:
    """`engines.base.Frames` over ``(n, h, w, c)`` pixels; what decoding it would cost is not counted, nor are digests anew in a second run."""

    def __init__(self, pixels: Array) -> None:
        self._pixels = pixels
        self._digests: dict[int, bytes] = {}

    @property
    def count(self) -> int:
        return len(self._pixels)

    @property
    def size(self) -> tuple[int, int]:
        return int(self._pixels.shape[2]), int(self._pixels.shape[1])

    def __getitem__(self, frame: int) -> FrameBuffer:
        return FrameBuffer(np.ascontiguousarray(self._pixels[frame]))

    def digest(self, frame: int) -> bytes:
        if frame not in self._digests:
            self._digests[frame] = self[frame].digest()
        return self._digests[frame]


@dataclass
class Surroundings:
    """`engines.base.Context` that nobody cancels."""

    cache: Cache
    plan: int = 0
    phases: dict[str, float] = field(default_factory=dict)

    def check(self) -> None:
        pass

    def progress(self, phase: str, done: int, total: int, preview: Preview | None = None) -> None:
        pass

    def note(self, sentence: str) -> None:
        pass

    def checkpoint(self, name: str, tensors: Tensors) -> None:
        raise AssertionError("the patch engine keeps no checkpoints")

    def restore(self, name: str) -> dict[str, Array] | None:
        return None


@dataclass(frozen=True)
class Outcome:
    """What a run made, and its CPU seconds."""

    frames: dict[int, EditedFrame]
    prepare_s: float
    apply_s: float


def propagate(
    clip: Frames,
    keyframes: Mapping[int, Array],
    cache: Cache,
    *,
    wanted: Sequence[int],
    draft: bool = False,
    settings: Mapping[str, SettingValue] | None = None,
) -> Outcome:
    """One run of the engine; only `wanted` frames are made."""
    engine, info = PatchEngine(), describe()
    resolved = info.resolve(settings or {})
    spec = InversionSpec(info.id, info.version, {s.name: resolved[s.name] for s in info.settings if s.source_only}, draft=draft)
    span = FrameRange(min(*wanted, *keyframes), max(*wanted, *keyframes) + 1)
    keys = [EditKeyframe(k, FrameBuffer(np.ascontiguousarray(image))) for k, image in sorted(keyframes.items())]
    edit = Edit(span, sorted(wanted), keys, settings=resolved, draft=draft)
    surroundings = Surroundings(cache)
    began = time.process_time()
    inversion = engine.invert(clip, span, spec, surroundings)
    prepared = time.process_time()
    made = {e.frame: e for e in engine.propagate(clip, inversion, edit, surroundings)}
    return Outcome(made, prepared - began, time.process_time() - prepared)


def rank_correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Spearman's rho; 0 for fewer than three values, or if one side does not vary."""
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    ranks = [np.argsort(np.argsort(values)).astype(np.float64) for values in (a, b)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def edited_psnr(bench: Any, scene: Any, made: Mapping[int, EditedFrame], frame: int) -> float:
    """dB of what is truly edited in a frame, and 2 px around it."""
    area = np.asarray(cv2.dilate(scene.changed[frame].astype(np.uint8), np.ones((5, 5), np.uint8))) > 0
    return float(bench.psnr(made[frame].image.pixels, scene.edited[frame], area))


def measure(bench: Any, scene: Any, outcome: Outcome, keys: Sequence[int], steps: int) -> dict[str, float]:
    """The numbers of a row; `steps` frames were worked through, of which some were delivered."""
    wanted = [n for n in sorted(outcome.frames) if n not in keys]
    result = {n: e.image.pixels for n, e in outcome.frames.items()}
    score = bench.score(scene, result, keys=tuple(keys), frames=sorted(result))
    error = [-edited_psnr(bench, scene, outcome.frames, n) for n in wanted]
    doubt = [1.0 - outcome.frames[n].confidence for n in wanted]
    nothing = float("nan")
    values = [score[k] for k in ("edit_psnr", "edit_ssim", "worst", "rest_psnr", "rest_exact", "flicker")]
    numbers = [nothing if v is None else float(v) for v in values]
    numbers += [rank_correlation(doubt, error), outcome.prepare_s / steps, outcome.apply_s / steps]
    return dict(zip(COLUMNS, numbers, strict=True))


def costs(
    scene: Any, clip: ClipInMemory, outcome: Outcome, store: InversionStore, keys: Sequence[int], steps: int, *, draft: bool
) -> dict[str, float]:
    """What another edit costs after `outcome`, and another setting, with what `store` holds since then."""
    entries = store.size() / steps
    other = {k: np.where(scene.changed[k][..., None], 255 - scene.edited[k], scene.source[k]) for k in keys}
    wanted = sorted(outcome.frames)
    again = propagate(clip, other, store, wanted=wanted, draft=draft)
    tuned = propagate(clip, {k: scene.edited[k] for k in keys}, store, wanted=wanted, draft=draft, settings=TUNED)
    first, second, third = (each.prepare_s + each.apply_s for each in (outcome, again, tuned))
    pictures = [np.asarray(cv2.cvtColor(scene.source[n], cv2.COLOR_RGB2GRAY)) for n in (0, 1)]
    method: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    began = time.process_time()
    for _ in range(FLOW_PASSES):
        method.calc(*pictures, None)
    flow_s = (time.process_time() - began) / FLOW_PASSES
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = (second / steps, second / first, third / first, first / steps / flow_s, peak / 1024, entries / 1024)
    return dict(zip(COSTS, told, strict=True))


def drafts(
    bench: Any, scene: Any, clip: ClipInMemory, final: Outcome, cache: Cache, keyframes: Mapping[int, Array], steps: int
) -> dict[str, float]:
    """How a draft of the same frames compares with `final`, and what it costs with nothing prepared."""
    made = propagate(clip, keyframes, cache, wanted=sorted(final.frames), draft=True)
    agreed, quality = [], []
    for n in sorted(set(final.frames) - set(keyframes)):
        one, other = ((outcome.frames[n].image.pixels != scene.source[n]).any(axis=2) for outcome in (made, final))
        agreed.append(float((one & other).sum() / max(1, (one | other).sum())))
        quality.append(edited_psnr(bench, scene, made.frames, n))
    cost = (made.prepare_s + made.apply_s) / steps
    return dict(zip(DRAFTS, (float(np.mean(quality)), float(np.mean(agreed)), min(agreed), cost), strict=True))


def enlarge(scene: Any, size: tuple[int, int], count: int) -> None:
    """Make the first `count` frames of a scene `size` (width, height) large, and forget the others."""

    def resized(pictures: Array, how: int) -> Array:
        return np.stack([np.asarray(cv2.resize(picture, size, interpolation=how)) for picture in pictures[:count]])

    scene.changed = resized(scene.changed.astype(np.uint8), cv2.INTER_NEAREST) > 0
    scene.source = resized(scene.source, cv2.INTER_CUBIC)
    scene.edited = np.where(scene.changed[..., None], resized(scene.edited, cv2.INTER_CUBIC), scene.source)


def sheet(scene: Any, outcome: Outcome, folder: Path, frames: Sequence[int]) -> None:
    """Source, result, truth and 4 x their difference side by side, a row per frame."""
    rows = []
    for n in frames:
        if n not in outcome.frames:
            continue
        result, truth = outcome.frames[n].image.pixels, scene.edited[n]
        difference = np.clip(np.abs(result.astype(np.int32) - truth) * 4, 0, 255).astype(np.uint8)
        rows.append(np.concatenate([scene.source[n], result, truth, difference], axis=1))
    if rows:
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{scene.name}.png"), np.concatenate(rows)[..., ::-1])


def load_bench(scenes: Path) -> Any:
    """The scenes' own loading and scoring."""
    spec = importlib.util.spec_from_file_location("keyfollow_scene_bench", scenes / "bench.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def numbers(text: str) -> list[int]:
    return [int(n) for n in text.split(",")]


def setting(text: str) -> tuple[str, SettingValue]:
    name, _, value = text.partition("=")
    known = {s.name: s for s in describe().settings}
    return name, known[name].parse(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--scene", action="append", help="only this one; may be repeated")
    parser.add_argument("--bench", type=Path, help="folder of bench.py, where it is not --scenes")
    parser.add_argument("--keys", type=numbers, default=[0])
    parser.add_argument("--frames", type=numbers, help="all, unless given")
    parser.add_argument("--draft", action="store_true")
    parser.add_argument("--set", type=setting, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--sheets", type=Path, help="folder for contact sheets")
    parser.add_argument("--cache", type=Path, help="keep what depends on the source alone here, for the next run")
    parser.add_argument("--costs", action="store_true", help="run again with another edit, and measure memory and cache")
    parser.add_argument("--drafts", action="store_true", help="make drafts too, and compare the changed areas with the finals'")
    parser.add_argument("--size", help="WIDTHxHEIGHT to enlarge scenes to")
    given = parser.parse_args()
    columns = COLUMNS + (COSTS if given.costs else ()) + (DRAFTS if given.drafts else ())
    bench = load_bench(given.bench or given.scenes)
    names = given.scene or sorted(p.parent.name for p in given.scenes.glob("*/scene.json"))
    print("| scene |", " | ".join(columns), "|")
    print("|---|" + "---|" * len(columns))
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            cache = InversionStore(given.cache or Path(scratch) / name, CACHE_QUOTA)
            scene = bench.load(str(given.scenes / name))
            wanted = sorted({*(given.frames or range(len(scene.source))), *given.keys})
            if given.size:
                width, height = (int(n) for n in given.size.split("x"))
                enlarge(scene, (width, height), max(wanted) + 1)
            keyframes = {k: scene.edited[k] for k in given.keys}
            clip = ClipInMemory(scene.source)
            outcome = propagate(clip, keyframes, cache, wanted=wanted, draft=given.draft, settings=dict(given.set))
            steps = max(wanted) - min(wanted) + 1 - len(given.keys)
            row = measure(bench, scene, outcome, given.keys, steps)
            if given.costs:
                row.update(costs(scene, clip, outcome, cache, given.keys, steps, draft=given.draft))
            if given.drafts:
                row.update(drafts(bench, scene, clip, outcome, cache, keyframes, steps))
            rows.append(row)
            print(f"| {name} |", " | ".join(f"{v:.4g}" for v in row.values()), "|", flush=True)
            if given.sheets:
                sheet(scene, outcome, given.sheets, SHEET_FRAMES)
    if len(rows) > 1:
        means = [float(np.nanmean([row[column] for row in rows])) for column in columns]
        print("| mean |", " | ".join(f"{v:.4g}" for v in means), "|")


if __name__ == "__main__":
    main()
