"""Small clips with known content, made with PyAV: a textured patch that moves over a textured ground, and a tone."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

Frame = npt.NDArray[np.uint8]


def _texture(height: int, width: int, seed: int) -> npt.NDArray[np.float32]:
    noise = np.random.default_rng(seed).normal(size=(height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.5)
    out: npt.NDArray[np.float32] = (smooth / np.abs(smooth).max()).astype(np.float32)
    return out


def moving_patch(count: int = 12, width: int = 96, height: int = 64, seed: int = 1) -> list[Frame]:
    """RGB frames: a warm patch of a third of the height crosses a cold ground by 1.5 px a frame, 10 px from the left."""
    ground = 110 + 50 * _texture(height, width, seed) + np.array([-25, 0, 25], np.float32)
    side = max(8, height // 3)
    patch = 140 + 60 * _texture(side, side, seed + 1) + np.array([35, 0, -35], np.float32)
    frames = []
    for n in range(count):
        layer, opacity = np.zeros_like(ground), np.zeros((height, width, 1), np.float32)
        layer[:side, :side], opacity[:side, :side] = patch, 1
        move = np.array([[1, 0, 10 + 1.5 * n], [0, 1, height / 3]], np.float32)
        moved: Any = cv2.warpAffine(layer, move, (width, height))
        shown: Any = cv2.warpAffine(opacity, move, (width, height))[..., None]
        frames.append(np.clip(ground * (1 - shown) + moved, 0, 255).astype(np.uint8))
    return frames


def patch_mask(n: int, width: int = 96, height: int = 64) -> npt.NDArray[np.bool_]:
    """Where the patch of `moving_patch` is in frame `n`, shrunk by a pixel."""
    side = max(8, height // 3)
    mask = np.zeros((height, width), bool)
    x, y = 10 + 1.5 * n, height / 3
    mask[int(np.ceil(y)) + 1 : int(y + side) - 1, int(np.ceil(x)) + 1 : int(x + side) - 1] = True
    return mask


def recoloured(frame: Frame, mask: npt.NDArray[np.bool_]) -> Frame:
    """The edit that tests use: inside the mask red and blue change places, a pointwise recolour."""
    return np.where(mask[..., None], frame[..., ::-1], frame)


def write_clip(
    path: Path,
    frames: list[Frame],
    *,
    rate: Fraction = Fraction(24),
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    pts: list[int] | None = None,
    time_base: Fraction | None = None,
    tone: bool = False,
    options: dict[str, str] | None = None,
) -> Path:
    """Write RGB frames as a video; `pts` (in `time_base`) makes the rate variable; `tone` adds a 440 Hz sound of the same length."""
    base = time_base or 1 / rate
    times = pts or list(range(len(frames)))
    with av.open(str(path), "w") as out:
        video: Any = out.add_stream(codec, rate=rate, options=options or ({"crf": "8", "g": "6"} if codec == "libx264" else {}))
        video.width, video.height, video.pix_fmt = frames[0].shape[1], frames[0].shape[0], pixel_format
        video.time_base = video.codec_context.time_base = base
        audio: Any = out.add_stream("aac", rate=48000, layout="stereo") if tone else None
        for time, pixels in zip(times, frames, strict=True):
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            picture.pts, picture.time_base = time, base
            out.mux(video.encode(picture))
        out.mux(video.encode())
        if audio is not None:
            seconds = float((times[-1] + (times[-1] - times[-2])) * base)
            samples = int(seconds * 48000)
            wave = np.sin(2 * np.pi * 440 * np.arange(samples) / 48000).astype(np.float32) * 0.3
            for start in range(0, samples, 1024):
                block = np.stack([wave[start : start + 1024]] * 2)
                sound = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
                sound.sample_rate, sound.pts, sound.time_base = 48000, start, Fraction(1, 48000)
                out.mux(audio.encode(sound))
            out.mux(audio.encode())
    return path


def write_png(path: Path, pixels: npt.NDArray[Any]) -> Path:
    """RGB, RGBA or grey as a PNG, bit for bit."""
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * 255
    swapped = (
        pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA)
    )
    cv2.imwrite(str(path), swapped)
    return path


def read_png(path: Path) -> npt.NDArray[Any]:
    """The pixels of a PNG as RGB(A)."""
    pixels: Any = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    out: npt.NDArray[Any] = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)
    return out
