"""How far the patch engine carries an edit: a long, large, 10-bit clip, made here, whose right answer is known.

    python benchmarks/patch_long.py [--size 1920x1080] [--frames 240] [--start 0] [--keys 0] [--at 24,48,120,239] [--draft] [--drafts] [--cache FOLDER] [--clip FOLDER]

A textured card (repainted, with a star on it) moves, turns and grows before a panning wall. A post passes in front of it around frame 70; it
leaves the picture around frame 102 and is back from 138 on. With motion blur, 4:2:0 chroma and grain. Printed are per frame of --at: PSNR
of what the edit changes (dilated by 2 px), PSNR and share of bit-equal pixels outside it, and flicker: by how much (of 255) the error changes
from the frame before, along the card's true motion. Then the median flicker, that at every keyframe and at the joins of their spans, the last frame of --at with 20 dB or
more, CPU seconds per frame, and peak memory. Only --at and the frames before them are delivered. With --drafts, drafts are made too, after all that is
measured: per frame of --at how far the pixels that draft and final change are the same (intersection over union), and the draft's PSNR.
--clip keeps the frames as they were made, --cache what depends on the source alone, for the next run.
"""

from __future__ import annotations

import argparse
import importlib
import math
import resource
import tempfile
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_daemon.engines.base import Array, EditedFrame

quality: Any = importlib.import_module("patch_quality")
"""The script beside this one."""

SHUTTER, SUBFRAMES = 0.5, 3
GRAIN = 2.0 / 255.0
UNUSABLE = 20.0
TEXTURE = 512


def noise(seed: int, octaves: int) -> Array:
    """``(TEXTURE, TEXTURE)`` float32 0…1, detail at `octaves` scales."""
    random = np.random.default_rng(seed)
    out = np.zeros((TEXTURE, TEXTURE), np.float32)
    for octave in range(octaves):
        cells = random.standard_normal((4 << octave, 4 << octave)).astype(np.float32)
        out += 0.6**octave * np.asarray(cv2.resize(cells, (TEXTURE, TEXTURE), interpolation=cv2.INTER_CUBIC))
    even: Array = (out - out.min()) / np.ptp(out)
    return even


def painted(seed: int, dark: Sequence[float], light: Sequence[float]) -> Array:
    """``(TEXTURE, TEXTURE, 3)`` float32 0…1."""
    amount = noise(seed, 7)[..., None]
    out: Array = (1 - amount) * np.array(dark, np.float32) + amount * np.array(light, np.float32)
    return out


class Scene:
    """The clip and its truth, a frame at a time; `engines.base.Frames` over the source."""

    def __init__(self, size: tuple[int, int], frames: int, start: int, folder: Path) -> None:
        self._width, self._height = size
        self._frames, self._start, self._folder = frames, start, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._wall = painted(1, (0.25, 0.28, 0.22), (0.75, 0.7, 0.6))
        self._post = painted(2, (0.1, 0.08, 0.06), (0.45, 0.4, 0.35))
        card = painted(3, (0.45, 0.15, 0.1), (0.95, 0.75, 0.5))
        letters = np.zeros((TEXTURE, TEXTURE), np.uint8)
        cv2.putText(letters, "KF", (90, 330), cv2.FONT_HERSHEY_DUPLEX, 7.0, 255, 28, cv2.LINE_AA)
        ink = letters[..., None].astype(np.float32) / 255
        card = card + ink * (np.array([0.1, 0.1, 0.15], np.float32) - card)
        repainted = np.ascontiguousarray(card[..., ::-1] * np.array([0.8, 1.0, 0.9], np.float32))
        turns = [(0.5 * math.pi * i / 2.5 - math.pi / 2, 70 if i % 2 else 150) for i in range(10)]
        star = np.array([(330 + r * math.cos(a) * 0.8, 180 + r * math.sin(a) * 0.8) for a, r in turns], np.int32)
        cv2.fillPoly(repainted, [star], (0.98, 0.9, 0.2), cv2.LINE_AA)
        alpha = np.zeros((TEXTURE, TEXTURE), np.float32)
        cv2.rectangle(alpha, (24, 24), (TEXTURE - 25, TEXTURE - 25), 1.0, -1)
        self._cards = [np.dstack([cv2.GaussianBlur(alpha, (0, 0), 1.0), c]) for c in (card, repainted)]

    @property
    def count(self) -> int:
        return self._frames

    @property
    def size(self) -> tuple[int, int]:
        return self._width, self._height

    def __getitem__(self, frame: int) -> FrameBuffer:
        return FrameBuffer(self._stored(frame), depth=10)

    @lru_cache(maxsize=4)  # noqa: B019 (one scene a process)
    def _stored(self, frame: int) -> Array:
        path = self._folder / f"{self._width}x{self._height}-{self._start + frame}.raw"
        if not path.exists():
            self._made(frame, edited=False).tofile(path)
        out: Array = np.fromfile(path, np.uint16).reshape(self._height, self._width, 3)
        return out

    def digest(self, frame: int) -> bytes:
        return f"{self._width}x{self._height}-{self._start + frame}".encode().ljust(32)

    @lru_cache(maxsize=2)  # noqa: B019
    def truth(self, frame: int) -> Array:
        return self._made(frame, edited=True)

    def pose(self, t: float) -> Array:
        """The card's texture to the picture, ``(2, 3)``."""
        turn, scale = math.radians(20 * math.sin(t / 17)), self._height * 0.42 / TEXTURE * (1 + 0.12 * math.sin(t / 29))
        x, y = 0.35 + 0.8 * math.exp(-(((t - 120) / 60) ** 2)), 0.52 + 0.1 * math.sin(t / 13)
        out = np.array([[math.cos(turn), -math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0]]) * scale
        out[:, 2] = np.array([x * self._width, y * self._height]) - out[:, :2] @ (TEXTURE / 2, TEXTURE / 2)
        return out

    def _made(self, frame: int, *, edited: bool) -> Array:
        t = self._start + frame
        total = np.zeros((self._height, self._width, 3), np.float32)
        for part in range(SUBFRAMES):
            total += self._drawn(t + SHUTTER * part / SUBFRAMES, edited)
        return self._filmed(total / SUBFRAMES, t)

    def _drawn(self, t: float, edited: bool) -> Array:
        size, unit = (self._width, self._height), self._height / TEXTURE
        wall = np.array([[unit, 0, -0.06 * self._width * math.sin(t / 40)], [0, unit, -0.02 * self._height * math.cos(t / 31)]])
        out = cv2.warpAffine(self._wall, wall, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        card = cv2.warpAffine(self._cards[edited], self.pose(t), size, flags=cv2.INTER_LINEAR)
        out += card[..., :1] * (card[..., 1:] - out)
        left = (1.1 - 0.005 * t) * self._width
        first, end = (int(np.clip(left + s * 0.03 * self._width, 0, self._width)) for s in (-1, 1))
        if first < end:
            post = np.array([[unit, 0, left - 0.03 * self._width], [0, unit, 0]])
            out[:, first:end] = cv2.warpAffine(self._post, post, size, borderMode=cv2.BORDER_REFLECT)[:, first:end]
        return np.asarray(out)

    def _filmed(self, light: Array, t: int) -> Array:
        """Grain, 4:2:0 chroma and 10 bits."""
        random = np.random.default_rng(1000 + t)
        luma = light @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        chroma = light - luma[..., None]
        half = (self._width // 2, self._height // 2)
        chroma = np.asarray(
            cv2.resize(cv2.resize(chroma, half, interpolation=cv2.INTER_AREA), self.size, interpolation=cv2.INTER_LINEAR)
        )
        luma += GRAIN * random.standard_normal(luma.shape, np.float32)
        levels = np.rint(np.clip(luma[..., None] + chroma, 0.0, 1.0) * np.float32(1023.0))
        out: Array = np.rint(levels * np.float32(65535.0 / 1023.0)).astype(np.uint16)
        return out


def psnr(a: Array, b: Array, area: Array) -> float:
    """Of 16-bit pictures; not a number without any area."""
    if not area.any():
        return math.nan
    error = float(np.square((a.astype(np.float32) - b)[area] / 65535.0).mean())
    return min(99.0, -10 * math.log10(max(error, 1e-12)))


def edited_area(truth: Array, source: Array) -> Array:
    """``(h, w)`` bool: what the edit truly changes, and 2 px around it."""
    changed = (truth != source).any(axis=2).astype(np.uint8)
    return np.asarray(cv2.dilate(changed, np.ones((5, 5), np.uint8))) > 0


def flicker(scene: Scene, frame: int, errors: dict[int, Array], area: Array, start: int) -> float:
    """Mean change of the error (0…255) from the frame before, along the card's motion."""
    now, before = (np.vstack([scene.pose(start + n), (0, 0, 1)]) for n in (frame, frame - 1))
    moved = cv2.warpAffine(
        errors[frame - 1], (before @ np.linalg.inv(now))[:2], scene.size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    return float(np.abs(errors[frame] - moved)[area].mean()) * 255.0 if area.any() else math.nan


def report(scene: Scene, made: dict[int, EditedFrame], given: argparse.Namespace, looked_at: Sequence[int]) -> None:
    """The table, and what follows from it; pictures where they are asked for."""
    errors: dict[int, Array] = {}
    rows: dict[int, tuple[float, ...]] = {}
    for n in sorted(made):
        result, truth, source = made[n].image.pixels, scene.truth(n), scene[n].pixels
        errors = {k: v for k, v in errors.items() if k == n - 1}
        errors[n] = (result.astype(np.float32) - truth) / 65535.0
        if n not in looked_at:
            continue
        area = edited_area(truth, source)
        exact = float((result == truth).all(axis=2)[~area].mean())
        rows[n] = (
            psnr(result, truth, area),
            psnr(result, truth, ~area),
            exact,
            flicker(scene, n, errors, area, given.start),
            made[n].confidence,
        )
        if given.pictures and n in given.at:
            given.pictures.mkdir(parents=True, exist_ok=True)
            side = np.concatenate([source, result, truth], axis=1)
            small = cv2.resize((side >> 8).astype(np.uint8), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            cv2.imwrite(
                str(given.pictures / f"{scene.size[1]}-{'-'.join(map(str, given.keys))}-{n}.png"), np.asarray(small)[..., ::-1]
            )
    print("| frame | edited dB | rest dB | rest exact | flicker | confidence |")
    print("|---|---|---|---|---|---|")
    for n, row in rows.items():
        print(f"| {n} |", " | ".join(f"{v:.4g}" for v in row), "|")
    inside = [n for n in given.at if n in rows]
    print(f"median flicker at --at {np.nanmedian([rows[n][3] for n in inside]):.3g}; elsewhere", end=" ")
    print({n: round(rows[n][3], 2) for n in looked_at if n not in given.at})
    good = [n for n in inside if rows[n][0] >= UNUSABLE]
    print(
        f"edited mean {np.nanmean([rows[n][0] for n in inside]):.2f} dB; last usable frame looked at: {max(good, default=0)}",
        flush=True,
    )


def compare(scene: Scene, drafts: dict[int, EditedFrame], finals: dict[int, EditedFrame], frames: Sequence[int]) -> None:
    """A table of where draft and final change the same pixels, and of what drafts reach."""
    print("| frame | pixels the final changes | IoU | draft dB |")
    print("|---|---|---|---|")
    for n in frames:
        truth, source = scene.truth(n), scene[n].pixels
        one, other = ((made[n].image.pixels != source).any(axis=2) for made in (drafts, finals))
        same = (one & other).sum() / max(1, (one | other).sum())
        area = edited_area(truth, source)
        print(f"| {n} | {other.sum()} | {same:.3f} | {psnr(drafts[n].image.pixels, truth, area):.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--frames", type=int, default=240)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--keys", type=quality.numbers, default=[0])
    parser.add_argument("--at", type=quality.numbers, default=[24, 48, 120, 239])
    parser.add_argument("--draft", action="store_true")
    parser.add_argument(
        "--drafts", action="store_true", help="make drafts too, and compare what they change with what the finals do"
    )
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--pictures", type=Path, help="folder for source | result | truth of --at, at half size")
    given = parser.parse_args()
    width, height = (int(n) for n in given.size.split("x"))
    with tempfile.TemporaryDirectory() as scratch:
        scene = Scene((width, height), given.frames, given.start, given.clip or Path(scratch) / "clip")
        cache = InversionStore(given.cache or Path(scratch) / "cache", quality.CACHE_QUOTA)
        joins = {n for k in given.keys for n in (k, k + 1)} | {
            (a + b) // 2 + i for a, b in zip(given.keys, given.keys[1:], strict=False) for i in (0, 1)
        }
        looked_at = sorted(n for n in {*given.at, *joins} if 0 < n < given.frames)
        wanted = sorted({n - i for n in looked_at for i in (0, 1)} | set(given.keys))
        keyframes = {k: scene.truth(k) for k in given.keys}
        for n in range(min(wanted), max(wanted) + 1):
            scene[n]
        began = time.process_time()
        outcome = quality.propagate(scene, keyframes, cache, wanted=wanted, draft=given.draft)
        spent = time.process_time() - began
        report(scene, outcome.frames, given, looked_at)
        steps = max(wanted) - min(wanted)
        print(
            f"CPU s per frame: {outcome.prepare_s / steps:.3f} + {outcome.apply_s / steps:.3f} ({len(wanted)} of {steps} delivered, {spent:.0f} s)"
        )
        print(
            f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB, cache {cache.size() / steps / 1024:.0f} KiB per frame"
        )
        if given.drafts:
            drafts = quality.propagate(scene, keyframes, cache, wanted=wanted, draft=True).frames
            compare(scene, drafts, outcome.frames, [n for n in given.at if n in drafts])


if __name__ == "__main__":
    main()
