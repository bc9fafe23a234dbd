"""How long a brush stroke holds the window up: milliseconds of CPU per mouse move, and a flood of a whole picture (which is done aside).

    .venv/bin/python benchmarks/painter.py

A window has 16 ms for a frame of the screen.
"""

from __future__ import annotations

import time

import numpy as np
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.ui.painter.brush import Path, Point
from keyfollow_desktop.ui.painter.canvas import Canvas

SIZES = {"1080p": (1080, 1920), "4K": (2160, 3840)}
MOVES = 60


def moves(canvas: Canvas, diameter: float) -> list[float]:
    """Milliseconds of each move of a stroke across the picture, 20 px apart: a quick hand."""
    path = Path(diameter, 0.5)
    begun = time.thread_time()
    canvas.begin("edit", "paint", colour=(0.8, 0.2, 0.1), opacity=0.9)
    took = [(time.thread_time() - begun) * 1000]
    for n in range(MOVES):
        begun = time.thread_time()
        canvas.dab(path.to(Point(200 + 20 * n, 500 + 5 * n)))
        took.append((time.thread_time() - begun) * 1000)
    canvas.end()
    return took


def main() -> None:
    noise = np.random.default_rng(1)
    for name, (height, width) in SIZES.items():
        for dtype in ("uint8", "uint16"):
            pixels = noise.integers(0, np.iinfo(dtype).max, (height, width, 3), dtype=dtype)
            canvas = Canvas(FrameBuffer(pixels, 8 if dtype == "uint8" else 16))
            for diameter in (20, 100, 300):
                took = sorted(moves(canvas, diameter))
                median, p95 = took[len(took) // 2], took[int(len(took) * 0.95)]
                print(
                    f"{name:6} {dtype:7} brush {diameter:3} px: median {median:5.1f} ms, p95 {p95:5.1f} ms, longest {took[-1]:5.1f} ms"
                )
            begun = time.thread_time()
            canvas.flood("edit", 0, 0, 1.0, "paint", (0, 0, 1), 0.5)
            print(f"{name:6} {dtype:7} fill of everything: {(time.thread_time() - begun) * 1000:5.0f} ms (aside)")


if __name__ == "__main__":
    main()
