"""Renders the example clip that `keyfollow demo` propagates: a hot-air balloon, its edited frame, and what they are.

    python examples/make_example.py [folder]        (default: shared/keyfollow/example)

Everything is procedural and our own, so that it can be shipped; the same code gives the same pictures. The balloon turns, sways
and comes nearer, a cloud shadow crosses it, the country behind moves in parallax, and a fir passes in front.
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from keyfollow.media.reader import MediaReader

Image = npt.NDArray[Any]
WIDTH, HEIGHT, RATE, FRAMES, KEY = 640, 360, 24, 84, 36
OVERSAMPLING = 2
SOUND_RATE = 48_000
cv: Any = cv2


def noise(seed: int, height: int, width: int, base: int = 4, octaves: int = 6, gain: float = 0.55) -> Image:
    """Fractal noise 0…1 that repeats in x."""
    rng = np.random.default_rng(seed)
    out = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        rows, columns = (max(2, min(size, base * 2**octave * size // max(height, width))) for size in (height, width))
        cells = rng.standard_normal((rows, columns)).astype(np.float32)
        tiled = cv.resize(np.tile(cells, (1, 3)), (3 * width, height), interpolation=cv.INTER_CUBIC)
        out += gain**octave * tiled[:, width : 2 * width]
    out -= out.min()
    scaled: Image = out / out.max()
    return scaled


def vector(values: Any) -> Image:
    return np.asarray(values, np.float32)


def mix(low: tuple[int, int, int], high: tuple[int, int, int], share: Image) -> Image:
    """Colours between two RGB ends, ``(h, w, 3)`` float32 0…255."""
    out: Image = vector(low) + share[..., None] * (vector(high) - vector(low))
    return out


class Balloon:
    """Envelope and basket as a textured surface of revolution. `edited` paints it anew and puts a star on it."""

    GORES = 12

    def __init__(self, edited: bool) -> None:
        size = 1536
        rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) / size
        main, accent, cream = (
            ((24, 128, 140), (250, 176, 60), (250, 238, 214)) if edited else ((206, 52, 44), (236, 150, 46), (250, 238, 214))
        )
        gore = (columns * self.GORES) % 1.0
        even = (np.floor(columns * self.GORES) % 2 == 0)[..., None]
        cloth = np.where(even, vector(main), vector(cream))
        zigzag = 0.5 + 0.055 * np.abs(((columns * self.GORES * 2) % 2.0) - 1.0)
        band = np.abs(rows - zigzag) < 0.035
        cloth[band] = accent
        cloth[np.abs(np.abs(rows - zigzag) - 0.041) < 0.006] = (84, 40, 70) if edited else (70, 30, 60)
        cloth[rows < 0.1] = accent
        seams = (
            1.0 - 0.25 * np.exp(-((np.minimum(gore, 1.0 - gore) / 0.02) ** 2)) - 0.2 * (np.abs((rows * 14) % 1.0 - 0.5) < 0.03)
        )
        lozenge = np.abs((columns * self.GORES * 2) % 1.0 - 0.5) + np.abs((rows * 14 + 0.5) % 1.0 - 0.5)
        worn = 0.5 + 0.7 * noise(6, size, size, base=10, octaves=2)
        print_ = 1.0 - 0.3 * np.clip((0.3 - lozenge) * 40, 0, 1) * worn
        cloth *= (seams * print_ * (0.78 + 0.44 * noise(5, size, size, base=20, octaves=5)))[..., None]
        if edited:
            cloth = self._star(cloth, size)
        self.cloth = cloth.clip(0, 255)
        weave = noise(9, 256, 512, base=64, octaves=2)
        grain = 0.5 + 0.5 * np.sin(np.mgrid[0:256, 0:512][0] * 0.25 + 2 * np.sin(np.mgrid[0:256, 0:512][1] * 0.4))
        self.wicker = mix((84, 54, 30), (176, 128, 78), (0.6 * grain + 0.4 * weave).astype(np.float32))

    @staticmethod
    def _star(cloth: Image, size: int) -> Image:
        turns = np.arange(10) * np.pi / 5
        radius = np.where(np.arange(10) % 2 == 0, 0.088, 0.038) * size
        middle = (0.5 + 0.5 / Balloon.GORES) * size
        shape = np.stack([middle + 0.62 * radius * np.sin(turns), 0.33 * size - radius * np.cos(turns)], axis=1)
        layer = cloth.copy()
        cv.polylines(layer, [np.rint(shape * 16).astype(np.int32)], True, (60, 36, 84), 26, cv.LINE_AA, 4)
        cv.fillPoly(layer, [np.rint(shape * 16).astype(np.int32)], (255, 222, 66), cv.LINE_AA, 4)
        return layer

    def draw(self, canvas: Image, time: float, light: float) -> None:
        """Onto ``canvas`` (float32 RGB), at `time` 0…1."""
        height, width = canvas.shape[:2]
        unit = height / 360.0
        size = unit * (84 + 22 * time)
        centre = unit * vector([270 + 95 * time, 150 - 16 * np.sin(np.pi * time)])
        tilt = 0.07 * np.sin(2.2 * np.pi * time + 0.4)
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        x = ((columns - centre[0]) * np.cos(tilt) + (rows - centre[1]) * np.sin(tilt)) / size
        y = (-(columns - centre[0]) * np.sin(tilt) + (rows - centre[1]) * np.cos(tilt)) / size
        spin = 1.5 * (time - KEY / (FRAMES - 1)) - np.pi / self.GORES
        self._ropes(canvas, centre, size, tilt)
        self._basket(canvas, x, y, spin, light)
        v = np.clip((y + 1.0) / 2.32, 0, 1)
        profile = np.where(y < 0.25, np.sqrt(np.clip(1.0 - y * y, 0, 1)), 0.0)
        below = np.clip((y - 0.25) / 1.07, 0, 1)
        profile = np.where(y >= 0.25, 0.968 * (1 - below) ** 0.85 * (1 - 0.12 * below) + 0.17 * below, profile)
        ratio = np.clip(x / np.maximum(profile, 1e-3), -1, 1)
        longitude = np.arcsin(ratio)
        where_x = ((0.5 + (longitude - spin) / (2 * np.pi)) % 1.0) * (self.cloth.shape[1] - 1)
        cloth = cv.remap(
            self.cloth, where_x.astype(np.float32), (v * (self.cloth.shape[0] - 1)).astype(np.float32), cv.INTER_LINEAR
        )
        lit = np.clip(0.5 * np.sqrt(1 - ratio**2) - 0.42 * ratio * profile - 0.42 * np.clip(y, -1, 1), -0.4, 1.2)
        shine = np.clip(1 - ((x + 0.38) ** 2 + (y + 0.42) ** 2) / 0.12, 0, 1) ** 2
        shade = light * (0.66 + 0.46 * lit)[..., None]
        inside = np.clip((profile - np.abs(x)) * size + 0.5, 0, 1) * np.clip((1.32 - y) * size + 0.5, 0, 1) * (y > -1.02)
        blend(canvas, cloth * shade + 26 * shine[..., None], inside)

    def _basket(self, canvas: Image, x: Image, y: Image, spin: float, light: float) -> None:
        half = 0.17
        ratio = np.clip(x / half, -1, 1)
        where_x = ((0.5 + (np.arcsin(ratio) - spin) / (2 * np.pi)) % 1.0) * 511
        where_y = np.clip((y - 1.58) / 0.26, 0, 1) * 255
        skin = cv.remap(self.wicker, where_x.astype(np.float32), where_y.astype(np.float32), cv.INTER_LINEAR)
        rim = np.where((y < 1.61)[..., None], vector((70, 44, 26)), skin)
        blend(
            canvas,
            rim * (light * (0.8 - 0.3 * ratio))[..., None],
            ((np.abs(x) < half) & (y > 1.58) & (y < 1.84)).astype(np.float32),
        )

    @staticmethod
    def _ropes(canvas: Image, centre: Image, size: float, tilt: float) -> None:
        turn = vector([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
        for side in (-1.0, -0.35, 0.35, 1.0):
            ends = [centre + size * (turn @ vector(p)) for p in ((0.16 * side, 1.3), (0.16 * side, 1.6))]
            a, b = (tuple(int(c) for c in np.rint(e * 16)) for e in ends)
            cv.line(canvas, a, b, (60, 44, 36), max(1, round(size * 0.012)), cv.LINE_AA, 4)


def blend(canvas: Image, colour: Image, alpha: Image) -> None:
    area = alpha > 0
    share = alpha[area][:, None].astype(np.float32)
    canvas[area] += share * (colour[area] - canvas[area])


class Country:
    """Sky, hills and meadow, each layer moving at its own speed."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self.clouds = noise(1, height, 2 * width, base=6, octaves=6)
        self.layers = []
        for seed, (low, high, speed, level, rough) in enumerate(
            (
                ((126, 150, 182), (160, 180, 204), 0.06, 0.66, 0.12),
                ((84, 122, 112), (124, 160, 128), 0.14, 0.74, 0.09),
                ((58, 96, 52), (112, 148, 70), 0.28, 0.82, 0.06),
            )
        ):
            ridge = noise(20 + seed, 8, 2 * width, base=10, octaves=5)[4] * rough * height
            texture = noise(30 + seed, height, 2 * width, base=40, octaves=5, gain=0.75)
            texture = np.clip((texture - 0.5) * (1.0 + seed) + 0.5, 0, 1)
            self.layers.append((level * height - ridge, mix(low, high, texture), speed))
        self.meadow = mix(
            (70, 106, 40), (168, 178, 84), np.clip(1.6 * noise(40, 1024, 1024, base=24, octaves=6, gain=0.7) - 0.3, 0, 1)
        )
        flowers = np.random.default_rng(41).integers(0, 1024, (900, 2))
        for i, (x, y) in enumerate(flowers.tolist()):
            cv.circle(self.meadow, (x, y), 3, ((236, 226, 120), (238, 238, 232), (214, 96, 92))[i % 3], -1, cv.LINE_AA)

    def draw(self, time: float) -> Image:
        height, width = self.height, self.width
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        canvas = mix((92, 150, 214), (226, 226, 214), np.clip(rows / (0.72 * height), 0, 1))
        cover = self._scrolled(self.clouds, 0.03 * time)
        blend(canvas, np.broadcast_to(vector((250, 246, 240)), canvas.shape), np.clip((cover - 0.52) * 3.0, 0, 0.85))
        for top, texture, speed in self.layers:
            shift = speed * time
            line = self._scrolled(top[None], shift)[0]
            blend(canvas, self._scrolled(texture, shift), np.clip(rows - line[None] + 0.5, 0, 1))
        horizon = 0.83 * height
        depth = 0.16 * height / np.maximum(rows - horizon + 2.0, 1.0)
        across = (columns - width / 2) / width * depth * 900 + 560 * time
        ground = cv.remap(self.meadow, np.float32(across % 1023), np.float32((depth * 700) % 1023), cv.INTER_LINEAR)
        ground = cv.GaussianBlur(ground, (0, 0), 0.8)
        blend(canvas, ground, np.clip((rows - horizon) / 3.0, 0, 1))
        return canvas

    def _scrolled(self, image: Image, shift: float) -> Image:
        start = shift * self.width
        rows, columns = np.mgrid[0 : image.shape[0], 0 : self.width].astype(np.float32)
        out: Image = cv.remap(image, columns + np.float32(start), rows, cv.INTER_LINEAR)
        return out


def fir(height: int) -> tuple[Image, Image]:
    """(colour, coverage) of a fir as high as the picture."""
    width = int(0.44 * height)
    rng = np.random.default_rng(60)
    colour = mix((20, 38, 26), (62, 94, 48), noise(61, height, width, base=60, octaves=4, gain=0.8))
    cover = np.zeros((height, width), np.float32)
    middle = width / 2
    for y in np.linspace(0.02, 0.97, 90) * height:
        reach = 0.5 * width * (y / height) ** 0.9 * rng.uniform(0.72, 1.0)
        for side in (-1, 1):
            tip = (middle + side * reach, y + 0.1 * height * rng.uniform(0.35, 0.6))
            branch = np.array([[middle, y - 0.025 * height], tip, [middle, y + 0.05 * height]])
            cv.fillPoly(cover, [np.rint(branch * 16).astype(np.int32)], 1.0, cv.LINE_AA, 4)
    trunk = np.array([[middle, 0], [middle - 0.03 * width, height], [middle + 0.03 * width, height]])
    cv.fillPoly(cover, [np.rint(trunk * 16).astype(np.int32)], 1.0, cv.LINE_AA, 4)
    sunlit = np.clip(1.15 - np.arange(width, dtype=np.float32) / width * 0.6, 0, 2)
    return colour * sunlit[None, :, None], cover


class Scene:
    """The clip, noiseless: `frame` renders one picture with the balloon as it was, or as edited."""

    def __init__(self) -> None:
        self.height, self.width = HEIGHT * OVERSAMPLING, WIDTH * OVERSAMPLING
        self.country = Country(self.height, self.width)
        self.balloons = {edited: Balloon(edited) for edited in (False, True)}
        self.tree = fir(int(1.12 * self.height))

    def frame(self, number: int, edited: bool) -> Image:
        """``(360, 640, 3)`` float32 RGB 0…255."""
        time = number / (FRAMES - 1)
        light = 1.0 - 0.2 * np.exp(-(((time - 0.72) / 0.14) ** 2))
        canvas = self.country.draw(time)
        self.balloons[edited].draw(canvas, time, light)
        colour, cover = self.tree
        left = self.width * (1.42 - 1.55 * time)
        move = vector([[1, 0, left], [0, 1, 0.06 * self.height]])
        size = (self.width, self.height)
        cover = cv.blur(cv.warpAffine(cover, move, size), (7, 1))
        blend(canvas, cv.warpAffine(colour, move, size), cover)
        out: Image = cv.resize(canvas, (WIDTH, HEIGHT), interpolation=cv.INTER_AREA)
        return out


def sound() -> Image:
    """A soft chord over wind, ``(2, samples)`` float32."""
    time = np.arange(FRAMES * SOUND_RATE // RATE, dtype=np.float64) / SOUND_RATE
    fade = np.clip(np.minimum(time, time[-1] - time) / 0.6, 0, 1)
    rng = np.random.default_rng(70)
    channels = []
    for side in (0.0, 0.35):
        chord = sum(
            np.sin(2 * np.pi * f * time + side * f) * (1 + 0.3 * np.sin(2 * np.pi * 0.4 * time + f))
            for f in (220.0, 277.18, 329.63, 440.0)
        )
        wind = np.convolve(rng.standard_normal(len(time)), np.hanning(64) / 64, mode="same")
        channels.append(fade * (0.03 * chord + 0.05 * wind))
    return np.stack(channels).astype(np.float32)


def write_clip(path: Path, scene: Scene) -> None:
    """H.264 yuv420p tagged bt709, AAC stereo. One thread and bit-exact flags: the same bytes every time."""
    rng = np.random.default_rng(80)
    with av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as out:
        video = out.add_stream("libx264", rate=RATE)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.time_base = Fraction(1, RATE)
        context = video.codec_context
        context.thread_count = 1
        context.options = {"crf": "20", "preset": "slow", "flags": "+bitexact"}
        context.color_primaries = context.color_trc = context.colorspace = context.color_range = 1
        audio = out.add_stream("aac", rate=SOUND_RATE, layout="stereo", options={"flags": "+bitexact"})
        audio.bit_rate = 96_000
        for number in range(FRAMES):
            picture = scene.frame(number, edited=False) + rng.normal(0, 1.1, (HEIGHT, WIDTH, 1)).astype(np.float32)
            rgb = av.VideoFrame.from_ndarray(np.rint(picture.clip(0, 255)).astype(np.uint8), format="rgb24")
            frame = rgb.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(video.encode(frame))
        samples = sound()
        for start in range(0, samples.shape[1], 1024):
            block = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples[:, start : start + 1024]), format="fltp", layout="stereo"
            )
            block.sample_rate, block.pts, block.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
            out.mux(audio.encode(block))
        out.mux(audio.encode(None))
        out.mux(video.encode(None))


def keyframe(clip: Path, scene: Scene) -> Image:
    """Frame `KEY` as the product decodes it, with the edit put on: pixels that the edit leaves alone stay bit-equal."""
    with MediaReader(clip) as reader:
        decoded = reader.read(KEY).pixels
    change = scene.frame(KEY, edited=True) - scene.frame(KEY, edited=False)
    change[np.abs(change).max(axis=2) < 0.5] = 0
    out: Image = np.rint(np.clip(decoded + change, 0, 255)).astype(np.uint8)
    return out


def main() -> None:
    default = Path(__file__).parents[1] / "shared" / "keyfollow" / "example"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    folder.mkdir(parents=True, exist_ok=True)
    scene = Scene()
    write_clip(folder / "clip.mp4", scene)
    cv.imwrite(str(folder / "keyframe.png"), keyframe(folder / "clip.mp4", scene)[..., ::-1], [cv.IMWRITE_PNG_COMPRESSION, 9])
    about = {
        "frame": KEY,
        "title": "Balloon",
        "edit": "The balloon is repainted and gets a star.",
        "made_by": "examples/make_example.py",
        "license": "Apache-2.0, rendered by the Keyfollow authors; no third-party material",
    }
    (folder / "example.json").write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()
