"""How near a delivered frame comes to the truth, against plainly enlarging what was changed at the working size.

    python benchmarks/delivery.py [--size 3840x2160] [--work 512] [--pictures FOLDER] [--json]

A picture and its edit are rendered at full size, so that the truth is known, and shrunk to the working size as a model that draws
without fault would draw them. What comes back is compared at full size: inside the edit, at its edge (15 pixels to either side at 4K)
and outside. *Plain* adds the bicubically enlarged difference to the source.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.diffusion.deliver import Delivery
from keyfollow_daemon.engines.diffusion.worksize import work_size

Picture = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
cv: Any = cv2
SCENE = 11
GRAIN = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A source and its edit ``(H, W, 3)`` in 0…255; `where` is the edit's area, `inside` and `edge` parts of the picture."""

    name: str
    source: Picture
    truth: Picture
    where: Picture

    def zones(self) -> dict[str, Bools]:
        reach = max(2, round(15 * self.source.shape[1] / 3840))
        kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
        area = (self.where > 0.5).astype(np.uint8)
        grown, shrunk = cv.dilate(area, kernel) > 0, cv.erode(area, kernel, borderValue=1) > 0
        return {"inside": shrunk, "edge": grown & ~shrunk, "outside": ~grown}


@dataclass(frozen=True, slots=True)
class Score:
    """Mean absolute errors of 255, by zone; `kept`: share of the pixels outside that are the source's bits. NaN where there is no such zone."""

    case: str
    mask: bool
    inside: float
    inside_plain: float
    edge: float
    edge_plain: float
    kept: float
    worst_outside: float
    seconds: float


def fractal(seed: int, size: tuple[int, int], coarsest: int, gain: float) -> Picture:
    """Noise of deviation 1, ``(H, W)``, in octaves from `coarsest` cells across down to the pixel."""
    dice, (width, height) = np.random.default_rng(seed), size
    out = np.zeros((height, width), np.float32)
    cells, weight = coarsest, 1.0
    while cells < 2 * width:
        grid = dice.standard_normal((max(2, min(height, cells * height // width)), min(width, cells))).astype(np.float32)
        out += weight * cv.resize(grid, size, interpolation=cv.INTER_CUBIC)
        cells, weight = 2 * cells, weight * gain
    scaled: Picture = (out - out.mean()) / out.std()
    return scaled


def textured(
    seed: int, size: tuple[int, int], colour: tuple[float, float, float], contrast: float, coarsest: int = 8
) -> Picture:
    """A material: one fractal for its light, a weaker one for its hue."""
    light, hue = fractal(seed, size, coarsest, 0.75), fractal(seed + 1, size, 4, 0.6)
    base, warmth = np.array(colour), np.array((1, -0.5, -0.8))
    out: Picture = np.asarray(base * (1 + contrast / 128 * light[..., None]) + 6 * hue[..., None] * warmth, np.float32)
    return out


def outline(size: tuple[int, int], centre: tuple[float, float], radius: float, lobes: int, depth: float) -> Picture:
    """Coverage 0…1 of a lobed disc, antialiased; lengths in widths of the picture."""
    y, x = np.mgrid[: size[1], : size[0]].astype(np.float32)
    dx, dy = x / size[0] - centre[0], y / size[0] - centre[1]
    border = radius * (1 + depth * np.cos(lobes * np.arctan2(dy, dx)))
    out: Picture = np.clip((border - np.hypot(dx, dy)) * size[0] + 0.5, 0, 1).astype(np.float32)
    return out


def over(below: Picture, above: Picture, cover: Picture) -> Picture:
    out: Picture = below + cover[..., None] * (above - below)
    return out


def cases(size: tuple[int, int]) -> Iterator[Case]:
    """A red lobed thing before a green country, and what people do to it."""
    ground = textured(SCENE, size, (96, 118, 70), 26)
    cloth = textured(SCENE + 2, size, (178, 62, 48), 30, 12)
    thing = outline(size, (0.42, 0.29), 0.16, 7, 0.12)
    # what is drawn anew has grain of its own: that of the source would be no nearer to it than any other
    grain, other = (
        GRAIN * np.random.default_rng(seed).standard_normal((size[1], size[0], 3), dtype=np.float32) for seed in (1, 2)
    )

    def shot(picture: Picture, new: Picture | None = None) -> Picture:
        noisy = picture + (grain if new is None else over(grain, other, new))
        out: Picture = np.rint(np.clip(noisy, 0, 255)).astype(np.float32)
        return out

    source = shot(over(ground, cloth, thing))
    blue = cloth @ np.array([[0.20, 0.35, 1.05], [0.30, 0.60, 0.10], [0.10, 0.20, 0.30]], np.float32)
    yield Case("recolour", source, shot(over(ground, blue, thing)), thing)
    dyed = cloth + np.array((10, 14, -12), np.float32)
    yield Case("slight recolour", source, shot(over(ground, dyed, thing)), thing)
    stone = textured(SCENE + 20, size, (150, 148, 140), 34, 30)
    yield Case("repaint", source, shot(over(ground, stone, thing), thing), thing)
    sticker = outline(size, (0.62, 0.33), 0.10, 5, 0.25)
    yield Case("pasted object", source, shot(over(over(ground, cloth, thing), textured(SCENE + 30, size, (225, 190, 60), 18, 6), sticker), sticker), sticker)  # fmt: skip
    graded = (
        255 * np.clip(source / 255, 0, 1) ** 0.8 @ np.array([[0.9, 0.05, 0.0], [0.1, 0.9, 0.1], [-0.05, 0.1, 1.0]], np.float32)
    )
    yield Case("grade", source, np.rint(np.clip(graded, 0, 255)).astype(np.float32), np.ones_like(thing))


def plain(case: Case, work: int) -> Picture:
    size = work_size((case.source.shape[1], case.source.shape[0]), work)
    change = size.enlarge(np.ascontiguousarray(size.crop(size.shrink(case.truth) - size.shrink(case.source))))
    out: Picture = np.rint(np.clip(case.source + change, 0, 255))
    return out


def delivered(case: Case, work: int, masked: bool) -> tuple[Picture, float]:
    """The delivered picture, and the seconds it took."""
    size = work_size((case.source.shape[1], case.source.shape[0]), work)
    drawn, roundtrip = size.shrink(case.truth), size.shrink(case.source)
    source = FrameBuffer(case.source.astype(np.uint8))
    began = time.process_time()
    made = Delivery(size).frame(source, drawn, roundtrip, case.where if masked else None, 0)
    return made.pixels.astype(np.float32), time.process_time() - began


def mean(error: Picture, zone: Bools) -> float:
    return round(float(error[zone].mean()), 2) if zone.any() else float("nan")


def scores(size: tuple[int, int], work: int, pictures: Path | None = None) -> Iterator[Score]:
    for case in cases(size):
        simple = plain(case, work)
        for masked in (False, True):
            # the mask bounds the plain way as well
            least = over(case.source, simple, case.where) if masked else simple
            made, seconds = delivered(case, work, masked)
            ours, theirs = (np.abs(p - case.truth).mean(axis=2) for p in (made, least))
            zones = case.zones()
            outside = np.abs(made - case.source).max(axis=2)[zones["outside"]]
            yield Score(
                case.name,
                masked,
                mean(ours, zones["inside"]),
                mean(theirs, zones["inside"]),
                mean(ours, zones["edge"]),
                mean(theirs, zones["edge"]),
                kept=round(float((outside == 0).mean()), 5) if outside.size else float("nan"),
                worst_outside=float(outside.max()) if outside.size else float("nan"),
                seconds=round(seconds, 2),
            )
            if pictures is not None and not masked:
                keep(pictures, case, simple, made)


def keep(folder: Path, case: Case, simple: Picture, made: Picture) -> None:
    """Source, truth, plain and delivered at the top of the edit's area, side by side, three times as large."""
    folder.mkdir(parents=True, exist_ok=True)
    area = case.where > 0.5
    x = int(np.flatnonzero(area.any(axis=0)).mean())
    y, side = int(np.flatnonzero(area[:, x])[0]), max(48, area.shape[1] // 36)
    top, left = max(0, y - side // 2), max(0, x - side // 2)
    crops = [p[top : top + side, left : left + side] for p in (case.source, case.truth, simple, made)]
    gap = np.full((side, 2, 3), 255, np.float32)
    strip = np.concatenate([p for crop in crops for p in (crop, gap)][:-1], axis=1)
    large = cv.resize(strip.astype(np.uint8), None, fx=3, fy=3, interpolation=cv.INTER_NEAREST)
    cv.imwrite(str(folder / f"delivery-{case.name.replace(' ', '-')}.png"), cv.cvtColor(large, cv.COLOR_RGB2BGR))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", default="3840x2160")
    parser.add_argument("--work", type=int, default=512, help="the working size's side, as an engine's setting `size`")
    parser.add_argument("--pictures", type=Path, help="keep crops here: source, truth, plain, delivered")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    width, height = (int(n) for n in given.size.split("x"))
    rows = [asdict(s) for s in scores((width, height), given.work, given.pictures)]
    if given.json:
        print(json.dumps({"size": given.size, "work": given.work, "rows": rows}))
        return
    for row in rows:
        print("  ".join(f"{k}={v}" for k, v in row.items()))


if __name__ == "__main__":
    main()
