"""More clips whose correct edit is known, for `patch_quality.py`: other textures, motion and seeds than the eight that the engine was made with.

    python benchmarks/patch_scenes.py --scenes DIR --clips DIR --output FOLDER [--only NAME …] [--preview]

--scenes holds `make_scenes.py`, whose ray caster and way of storing are used; --clips real footage to stand behind two of them. Each is 48
frames of 512 x 512. How the engine did on them, and which were looked at before it was changed, is in docs/benchmarks-patch.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

FRAMES = 48
SAMPLES = 6
CRF = 13
SIDE = 512


def load_maker(scenes: Path) -> Any:
    """The module `make_scenes`, of the scenes' own folder."""
    spec = importlib.util.spec_from_file_location("keyfollow_make_scenes", scenes / "make_scenes.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # numba finds what it cached by the module's name
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def recipes(m: Any, clips: Path) -> dict[str, Callable[[], Any]]:
    """Makers of scenes by name; `m` is `make_scenes`."""

    def y(degrees: float) -> Any:
        return m.rot("y", degrees)

    def z(degrees: float) -> Any:
        return m.rot("z", degrees)

    floor, wall = m.rot("x", -90), None

    class FreshBall(m.Scene):  # type: ignore[misc]
        """A brown ball with strokes swings behind two wooden posts of its colour, 30 px a frame at its fastest. Made blue, a star on it."""

        seed, shutter, noise, amb = 131, 0.4, 0.011, 0.4

        def textures(self) -> Any:
            plain = m.tint(m.fbm(133), (120, 70, 40), (235, 200, 150))
            ball = m.decal_graffiti(plain, 137, [(250, 235, 200), (60, 30, 20), (200, 120, 60)], n=9, th=10)
            made = m.decal_star(m.hueshift(ball, 170), 256, 256, 48, (250, 230, 60), 6)
            around = [m.photo("moon.png"), m.photo("brick.png")]
            return [*around, ball, m.wood(139)], [*around, made, m.wood(139)]

        def camera(self, t: float) -> Any:
            return (0.12 * math.sin(5 * t), 1 + 0.06 * t, 4.0), (0, 0.9, 0)

        def light(self, t: float) -> Any:
            return (0.4, 0.9, 0.8), (0.8, 0.8, 0.76)

        def prims(self, t: float) -> Any:
            turn = y(25 * math.sin(6 * t)) @ z(12 * math.sin(4 * t))
            posts = [m.prim(m.BOX, None, (x, 1.0, 1.2), (0.08, 1.4, 0.08), 3) for x in (-0.45, 0.55)]
            behind = [m.prim(m.PLANE, floor, (0, 0, 0), (6, 6, 1), 0, 4), m.prim(m.PLANE, wall, (0, 2, -1.6), (6, 3, 1), 1, 4)]
            return np.stack(
                [*behind, m.prim(m.SPHERE, turn, (-1.25 * math.cos(8 * t), 0.95, 0), (0.5, 1, 1), 2, 1, 0.2), *posts]
            )

    class FreshShirt(m.Scene):  # type: ignore[misc]
        """A figure printed on a waving cloth; a ball rolls by in front, the camera comes nearer. Its plaid shirt made green, a 7 on it."""

        seed, shutter, noise = 141, 0.4, 0.012
        gain = staticmethod(lambda t: 1 - 0.18 * math.sin(2.2 * t))

        def textures(self) -> Any:
            grain = 0.8 + 0.4 * m.fbm(143, base=24)[..., None]
            rows, columns = np.mgrid[0:SIDE, 0:SIDE]
            plaid = np.full((SIDE, SIDE, 3), (150, 85, 60), np.float32)
            plaid[(rows // 23) % 2 == 0] *= 0.75
            plaid[(columns // 23) % 2 == 0] += (40, 20, 5)
            shirt = np.zeros((SIDE, SIDE), np.uint8)
            cv2.fillPoly(
                shirt,
                [
                    np.array(
                        [
                            (150, 200),
                            (362, 200),
                            (420, 330),
                            (370, 345),
                            (350, 290),
                            (350, 460),
                            (162, 460),
                            (162, 290),
                            (142, 345),
                            (92, 330),
                        ]
                    )
                ],
                1,
            )
            base = np.full((SIDE, SIDE, 3), (205, 200, 185), np.float32)
            cv2.circle(base, (256, 130), 62, (200, 150, 120), -1, cv2.LINE_AA)
            cv2.ellipse(base, (256, 100), (64, 42), 0, 180, 360, (60, 40, 30), -1, cv2.LINE_AA)
            before = (np.where(shirt[..., None] > 0, plaid, base) * grain).clip(0, 255).astype(np.uint8)
            green = np.where(shirt[..., None] > 0, m.hueshift(before, 130), before)
            after = m.decal_text(green, "7", 215, 390, 4.5, (240, 235, 210), 12)
            around = [m.photo("brick.png"), m.wood(149), m.photo("grass.png")]
            return [before, *around], [after, *around]

        def camera(self, t: float) -> Any:
            return (0.35 - 0.5 * t, 1.35 - 0.1 * t, 3.5 - 0.6 * t), (0, 1.25, 0)

        def light(self, t: float) -> Any:
            return (-0.5, 0.8, 1.0), (0.82, 0.82, 0.8)

        def prims(self, t: float) -> Any:
            cloth = m.prim(
                m.CLOTH, y(-8) @ z(4 * math.sin(3 * t)), (0, 1.3, 0), (0.95, 0.95, 1), 0, 1, 0.08, (0.13, 3.6, 6 * t)
            )
            behind = [
                m.prim(m.PLANE, wall, (0, 2, -1.4), (7, 4, 1), 1, 5),
                m.prim(m.PLANE, floor, (0, -0.1, 0), (8, 8, 1), 3, 7),
            ]
            return np.stack(
                [*behind, cloth, m.prim(m.SPHERE, z(-300 * t), (-1.6 + 3.2 * t, 0.95, 1.0), (0.16, 1, 1), 2, 1, 0.3)]
            )

    class FreshWheel(m.Scene):  # type: ignore[misc]
        """A wheel with a letter on its hub rolls and grows before real footage. Grey made red, V made K."""

        seed, shutter = 151, 0.35

        def textures(self) -> Any:
            def drawn(letter: str, hub: Sequence[int], spoke: Sequence[int]) -> Any:
                image = (np.array(hub) * (0.75 + 0.5 * m.fbm(153)[..., None])).clip(0, 255).astype(np.uint8)
                tyre = np.hypot(*(np.mgrid[0:SIDE, 0:SIDE] - 256)) > 108
                image[tyre] = m.tint(m.fbm(157, base=24), (20, 20, 22), (70, 70, 74))[tyre]
                for k in range(5):
                    a = 2 * math.pi * k / 5
                    ends = [(int(256 + r * math.cos(a)), int(256 + r * math.sin(a))) for r in (46, 112)]
                    cv2.line(image, ends[0], ends[1], tuple(int(v) for v in spoke), 16, cv2.LINE_AA)
                return m.decal_text(image, letter, 226, 282, 2.6, (245, 240, 225), 9)

            return [drawn("V", (140, 140, 145), (205, 205, 210))], [drawn("K", (175, 40, 45), (235, 150, 60))]

        def camera(self, t: float) -> Any:
            return (0, 0, 4.0), (0, 0, 0)

        def light(self, t: float) -> Any:
            return (0.4, 0.7, 0.9), (0.85, 0.82, 0.78)

        def prims(self, t: float) -> Any:
            turn = y(14) @ z(-math.degrees(1.9 * t / 0.7))
            return np.stack(
                [m.prim(m.SPHERE, turn, (-1 + 1.9 * t, -0.35 + 0.25 * abs(math.sin(7 * t)), 0.7 * t), (0.7, 1, 1), 0, 1, 0.3)]
            )

    class NewPoster(m.Scene):  # type: ignore[misc]
        """A poster with a cat on a board that turns to and fro while the camera comes nearer; a pole and a ball pass in front. Its title
        replaced, the strip below it recoloured, a collar drawn."""

        seed, shutter, noise = 211, 0.45, 0.011

        def textures(self) -> Any:
            cat = m.photo("chelsea.png")
            cat[400:] = (0.35 * cat[400:] + np.array((120, 40, 30))).clip(0, 255).astype(np.uint8)
            before = m.decal_text(cat, "CIRCUS", 60, 480, 3.2, (240, 220, 170), 8)
            after = cat.copy()
            after[400:] = m.hueshift(cat, 200, 1.2)[400:]
            after = m.decal_text(after, "MUSEUM", 40, 480, 3.0, (250, 245, 120), 8)
            cv2.ellipse(after, (225, 300), (120, 60), 0, 20, 160, (220, 40, 90), 18, cv2.LINE_AA)
            around = [
                m.photo("gravel.png"),
                m.tint(m.fbm(213, base=6), (120, 125, 110), (190, 190, 170)),
                m.wood(217),
                m.planet(219),
            ]
            return [before, *around], [after, *around]

        def camera(self, t: float) -> Any:
            return (-0.5 + 0.8 * t, 1.2 + 0.15 * math.sin(3 * t), 3.9 - 0.8 * t), (0.1 * t, 1.1, 0)

        def light(self, t: float) -> Any:
            return (0.5 - 0.6 * t, 0.9, 0.9), (0.84, 0.82, 0.76)

        def prims(self, t: float) -> Any:
            behind = [m.prim(m.PLANE, floor, (0, 0, 0), (7, 7, 1), 1, 6), m.prim(m.PLANE, wall, (0, 2, -2.0), (7, 4, 1), 2, 2)]
            poster = m.prim(m.PLANE, y(26 * math.sin(4 * t)) @ z(3 * math.sin(5 * t)), (0, 1.15, 0), (0.85, 0.85, 1), 0, 1, 0.1)
            ball = m.prim(m.SPHERE, z(260 * t), (1.7 - 2.6 * t, 0.3, 1.2), (0.22, 1, 1), 4, 1, 0.3)
            return np.stack([*behind, poster, ball, m.prim(m.BOX, None, (0.75, 1.0, 1.5), (0.05, 1.3, 0.05), 3)])

    class NewPair(m.Scene):  # type: ignore[misc]
        """Two balls circle each other on a table, each passing before the other once. One recoloured, with a ring around it."""

        seed, shutter, noise, amb = 223, 0.4, 0.01, 0.4

        def textures(self) -> Any:
            first = m.tint(m.fbm(227, octaves=7), (40, 90, 70), (190, 215, 150))
            made = m.hueshift(first, 215, 1.3)
            made[225:285] = (0.3 * made[225:285] + np.array((160, 140, 20))).clip(0, 255).astype(np.uint8)
            around = [
                m.wood(229, (60, 40, 30), (130, 95, 70)),
                m.photo("brick.png"),
                m.stripes_dots(231, (190, 70, 60), (230, 215, 190), (50, 60, 110)),
            ]
            return [first, *around], [made, *around]

        def camera(self, t: float) -> Any:
            return (0.3 * math.sin(3 * t), 1.5, 3.7 - 0.2 * t), (0, 0.55, 0)

        def light(self, t: float) -> Any:
            return (-0.5, 1.0, 0.6), (0.85, 0.83, 0.8)

        def prims(self, t: float) -> Any:
            a = 0.5 + 5.2 * t
            behind = [m.prim(m.PLANE, floor, (0, 0, 0), (6, 6, 1), 1, 5), m.prim(m.PLANE, wall, (0, 2, -2.4), (6, 3, 1), 2, 4)]
            one = m.prim(m.SPHERE, y(60 * t) @ z(15), (0.75 * math.cos(a), 0.5, 0.75 * math.sin(a)), (0.5, 1, 1), 0, 1, 0.35)
            two = m.prim(m.SPHERE, y(-80 * t), (-0.75 * math.cos(a), 0.42, -0.75 * math.sin(a)), (0.42, 1, 1), 3, 1, 0.3)
            return np.stack([*behind, one, two])

    class NewBanner(m.Scene):  # type: ignore[misc]
        """A banner waves and drifts before real footage. Its stripe recoloured, its word and emblem replaced."""

        seed, shutter = 233, 0.4

        def textures(self) -> Any:
            def drawn(stripe: Sequence[int], word: str, x: int, emblem: Callable[[Any], Any]) -> Any:
                image = np.full((SIDE, SIDE, 3), (222, 214, 190), np.float32)
                image[300:440] = stripe
                image = (image * (0.82 + 0.36 * m.fbm(239, base=20)[..., None])).clip(0, 255).astype(np.uint8)
                return emblem(m.decal_text(image, word, x, 395, 2.6, (250, 245, 235), 8))

            def ring(image: Any) -> Any:
                return cv2.circle(image.copy(), (256, 150), 72, (40, 70, 130), 22, cv2.LINE_AA)

            def star(image: Any) -> Any:
                return m.decal_star(image, 256, 150, 95, (200, 60, 30), 6, outline=(60, 20, 20))

            return [drawn((50, 110, 80), "HARBOUR", 40, ring)], [drawn((130, 50, 120), "MARKET", 75, star)]

        def camera(self, t: float) -> Any:
            return (0, 0, 4.0), (0, 0, 0)

        def light(self, t: float) -> Any:
            return (-0.4 + 0.5 * t, 0.6, 1.0), (0.82, 0.8, 0.76)

        def prims(self, t: float) -> Any:
            place = (-0.45 + 0.8 * t, 0.35 - 0.3 * math.sin(3 * t), 0.3 * math.sin(2 * t))
            return np.stack(
                [
                    m.prim(
                        m.CLOTH,
                        y(-12 + 20 * t) @ z(5 * math.sin(4 * t)),
                        place,
                        (0.95, 0.75, 1),
                        0,
                        1,
                        0.06,
                        (0.12, 4.4, -8 * t),
                    )
                ]
            )

    def before(made: Any, clip: str, start: int) -> Any:
        pictures = m.read_clip(str(clips / clip), start, FRAMES)
        made.background = lambda i: pictures[i]
        return made

    return {
        "fresh_ball": FreshBall,
        "fresh_shirt": FreshShirt,
        "fresh_wheel": lambda: before(FreshWheel(), "skateboard-dog.avi", 0),
        "new_poster": NewPoster,
        "new_pair": NewPair,
        "new_banner": lambda: before(NewBanner(), "dog-walking.mp4", 5),
        **importlib.import_module("patch_scenes_more").recipes(m, before),
    }


def store(m: Any, name: str, scene: Any, folder: Path) -> None:
    """Render a scene, and write it as the eight are stored."""
    source, edited = zip(*(scene.frame(i, FRAMES, SAMPLES) for i in range(FRAMES)), strict=True)
    for part, frames in (("source", source), ("edited", edited)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        m.write_h264(str(folder / part / "clip.mp4"), frames, CRF)
    changed = np.stack([(a != b).any(axis=2) for a, b in zip(source, edited, strict=True)])
    np.savez_compressed(folder / "changed.npz", shape=changed.shape, bits=np.packbits(changed))
    said = " ".join((type(scene).__doc__ or "").split())
    about = {
        "name": name,
        "set": "scenes",
        "frames": FRAMES,
        "size": [SIDE, SIDE],
        "fps": 24,
        "whole_frame_edit": False,
        "what": said,
        "crf": CRF,
    }
    (folder / "scene.json").write_text(json.dumps(about, indent=1))


def preview(scene: Any, path: Path) -> None:
    """Source above, edited below: the first, a middle and the last frame."""
    rows = [
        np.concatenate(row, axis=1) for row in zip(*(scene.frame(i, FRAMES, SAMPLES) for i in (0, 12, 24, 36, 47)), strict=True)
    ]
    cv2.imwrite(str(path), np.concatenate(rows)[..., ::-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--only", action="append", help="may be repeated")
    parser.add_argument("--preview", action="store_true", help="five frames of each as a picture, nothing else")
    given = parser.parse_args()
    maker = load_maker(given.scenes)
    given.output.mkdir(parents=True, exist_ok=True)
    for name, make in recipes(maker, given.clips).items():
        if given.only and name not in given.only:
            continue
        if given.preview:
            preview(make(), given.output / f"{name}.png")
        else:
            store(maker, name, make(), given.output / name)
        print(name, flush=True)


if __name__ == "__main__":
    main()
