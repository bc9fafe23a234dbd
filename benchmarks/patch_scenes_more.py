"""Scenes of version 15 of the engine, for `patch_scenes.py`: like things beside each other, a camera that goes back, murals, tumbling cubes.

It was changed after the first six had been looked at; the last four were made and measured when it was done.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

SIDE = 512


def recipes(m: Any, before: Callable[[Any, str, int], Any]) -> dict[str, Callable[[], Any]]:
    """Makers of scenes by name; `m` is `make_scenes`, `before` puts a scene before a clip, from a frame on."""

    def x(degrees: float) -> Any:
        return m.rot("x", degrees)

    def y(degrees: float) -> Any:
        return m.rot("y", degrees)

    def z(degrees: float) -> Any:
        return m.rot("z", degrees)

    floor = m.rot("x", -90)

    class Shrink(m.Scene):  # type: ignore[misc]
        """Camera goes back from a crate with a number while more crates come into view. Number replaced, crate made purple."""

        seed, shutter, noise = 311, 0.4, 0.012
        facemap = np.array([[-1] * 6] * 2 + [[2, 2, 2, 2, 2, 3]] + [[-1] * 6] * 3, np.int32)

        def textures(self) -> Any:
            w = m.wood(313, (100, 80, 50), (205, 175, 120))
            n = m.decal_text(w, "42", 120, 340, 6.0, (40, 30, 30), 26)
            w2 = m.hueshift(w, 130, 1.2)
            n2 = m.decal_text(w2, "17", 120, 340, 6.0, (250, 240, 160), 26)
            a = [m.photo("gravel.png"), m.photo("brick.png")]
            return [*a, w, n, m.wood(317), m.planet(319)], [*a, w2, n2, m.wood(317), m.planet(319)]

        def camera(self, t: float) -> Any:
            return (0.2 + 0.5 * t, 0.9 + 0.4 * t, 2.3 + 2.2 * t), (0.1 * t, 0.6, 0)

        def light(self, t: float) -> Any:
            return (0.6 - 0.5 * t, 0.9, 0.8), (0.85, 0.82, 0.75)

        def prims(self, t: float) -> Any:
            return np.stack(
                [
                    m.prim(m.PLANE, floor, (0, 0, 0), (7, 7, 1), 0, 6),
                    m.prim(m.PLANE, None, (0, 2, -2.5), (7, 4, 1), 1, 5),
                    m.prim(m.BOX, y(12 + 6 * math.sin(5 * t)), (0, 0.55, 0), (0.55, 0.55, 0.55), 2),
                    m.prim(m.BOX, y(40), (-1.5, 0.4, 0.2), (0.4, 0.4, 0.4), 4),
                    m.prim(m.BOX, y(-25), (1.5, 0.5, -0.4), (0.4, 0.5, 0.4), 4),
                    m.prim(m.SPHERE, y(90 * t), (0.9 - 0.8 * t, 0.25, 1.1), (0.25, 1, 1), 5, 1, 0.3),
                ]
            )

    class Mural(m.Scene):  # type: ignore[misc]
        """A wall gets a mural; two balls and a box pass in front both ways, the camera sways by hand."""

        seed, shutter, noise = 321, 0.5, 0.012

        def textures(self) -> Any:
            b = m.photo("brick.png")
            k = m.decal_graffiti(
                b, 323, [(240, 60, 40), (40, 200, 220), (250, 220, 60), (90, 40, 150)], n=12, box=(40, 60, 470, 440), th=26
            )
            k = m.decal_text(k, "KEY", 110, 300, 4.5, (250, 250, 250), 18)
            a = [
                m.photo("grass.png"),
                m.stripes_dots(325, (70, 90, 160), (220, 220, 210), (200, 80, 60)),
                m.planet(327),
                m.wood(329),
            ]
            return [b, *a], [k, *a]

        def camera(self, t: float) -> Any:
            return (0.25 * math.sin(7 * t) + 0.1 * math.sin(23 * t), 1.3 + 0.05 * math.sin(17 * t), 3.6), (
                0.1 * math.sin(9 * t),
                1.15,
                0,
            )

        def light(self, t: float) -> Any:
            return (-0.3, 0.9, 0.9), (0.82, 0.8, 0.78)

        def prims(self, t: float) -> Any:
            return np.stack(
                [
                    m.prim(m.PLANE, None, (0, 1.3, -1), (2.2, 1.6, 1), 0, 1),
                    m.prim(m.PLANE, floor, (0, 0, 0), (7, 7, 1), 1, 7),
                    m.prim(m.SPHERE, z(-250 * t), (-2.2 + 4.2 * t, 0.55, 0.4), (0.45, 1, 1), 2, 1, 0.3),
                    m.prim(m.SPHERE, z(200 * t) @ y(30), (1.9 - 3.4 * t, 0.35, 1.0), (0.3, 1, 1), 3, 1, 0.3),
                    m.prim(m.BOX, y(60 * t), (1.4 - 1.2 * t, 1.2, 0.8), (0.12, 1.2, 0.12), 4),
                ]
            )

    class Gloss(m.Scene):  # type: ignore[misc]
        """A glossy vase-like ball of little texture, the light swings; a similar one beside stays. Made green."""

        seed, shutter, noise, amb = 331, 0.3, 0.01, 0.3

        def textures(self) -> Any:
            a = m.tint(m.fbm(333, base=3, octaves=4), (150, 60, 50), (190, 95, 75))
            b = m.hueshift(a, 110, 1.1)
            c = m.tint(m.fbm(337, base=3, octaves=4), (160, 70, 40), (185, 90, 70))
            r = [m.wood(335), m.tint(m.fbm(336, base=8), (90, 90, 95), (150, 150, 155)), c]
            return [a, *r], [b, *r]

        def camera(self, t: float) -> Any:
            return (0.4 * math.cos(3 * t), 1.3, 3.5), (0, 0.6, 0)

        def light(self, t: float) -> Any:
            return (math.sin(5 * t), 0.8, 0.8), (0.9, 0.88, 0.84)

        def prims(self, t: float) -> Any:
            return np.stack(
                [
                    m.prim(m.SPHERE, y(50 * t), (-0.55 + 0.25 * t, 0.6, 0.1), (0.6, 1, 1), 0, 1, 1.2),
                    m.prim(m.PLANE, floor, (0, 0, 0), (6, 6, 1), 1, 4),
                    m.prim(m.PLANE, None, (0, 2, -2), (6, 3, 1), 2, 3),
                    m.prim(m.SPHERE, y(-40 * t), (0.85 - 0.3 * t, 0.45, -0.3), (0.45, 1, 1), 3, 1, 1.0),
                ]
            )

    class Remove(m.Scene):  # type: ignore[misc]
        """A stained tablecloth waves: stain and word taken out."""

        seed, shutter, noise = 341, 0.4, 0.011

        def textures(self) -> Any:
            f = 0.85 + 0.3 * m.fbm(343, base=30)[..., None]
            base: Any = np.full((SIDE, SIDE, 3), (190, 200, 205), np.float32)
            base[:, ::64] -= 40
            base[::64] -= 40
            for k in range(0, SIDE, 64):
                base[:, k : k + 20] *= 0.86
                base[k : k + 20] *= 0.86
            clean = (base * f).clip(0, 255).astype(np.uint8)
            st = clean.copy()
            cv2.ellipse(st, (190, 220), (70, 48), 20, 0, 360, (120, 50, 40), -1, cv2.LINE_AA)
            st = m.decal_text(st, "SALE", 230, 400, 2.8, (180, 30, 40), 10)
            a = [m.photo("grass.png"), m.wood(345)]
            return [st, *a], [clean, *a]

        def camera(self, t: float) -> Any:
            return (0.3 - 0.5 * t, 1.4, 3.3), (0, 1.1, 0)

        def light(self, t: float) -> Any:
            return (0.5, 0.8, 1 - 0.5 * t), (0.85, 0.85, 0.82)

        def prims(self, t: float) -> Any:
            return np.stack(
                [
                    m.prim(m.CLOTH, y(10 * math.sin(4 * t)), (0, 1.2, 0), (1, 0.85, 1), 0, 1, 0.06, (0.12, 4.0, -7 * t)),
                    m.prim(m.PLANE, None, (0, 2, -1.5), (7, 4, 1), 1, 5),
                    m.prim(m.BOX, None, (1.1, 1, 0.3), (0.05, 1.6, 0.05), 2),
                ]
            )

    class Tumble(m.Scene):  # type: ignore[misc]
        """A toy cube tumbles before real footage, each face another. Made blue, a star on one face."""

        seed, shutter = 351, 0.35
        facemap = np.array([[0, 1, 0, 1, 0, 2]], np.int32)

        def textures(self) -> Any:
            w = m.wood(353, (150, 110, 40), (235, 200, 110))
            s = m.stripes_dots(355, (200, 150, 60), (240, 225, 180), (150, 80, 40))
            t3 = m.decal_text(w, "A", 170, 350, 7.0, (120, 30, 20), 30)

            def h(i: Any) -> Any:
                return m.hueshift(i, 180, 1.2)

            return [w, s, t3], [h(w), h(s), m.decal_star(h(t3), 256, 256, 150, (250, 230, 60), 5)]

        def camera(self, t: float) -> Any:
            return (0, 0, 4.0), (0, 0, 0)

        def light(self, t: float) -> Any:
            return (0.4, 0.7, 0.9), (0.85, 0.82, 0.8)

        def prims(self, t: float) -> Any:
            return np.stack(
                [
                    m.prim(
                        m.BOX,
                        y(20 + 95 * t) @ x(15 + 40 * t),
                        (-0.8 + 1.6 * t, 0.3 - 0.5 * t + 0.3 * math.sin(6 * t), 0.3 * t),
                        (0.5, 0.5, 0.5),
                        0,
                    )
                ]
            )

    class Twin(m.Scene):  # type: ignore[misc]
        """Two like globes drift past each other in front of a wall, only one is recoloured, a band drawn round it."""

        seed, shutter, noise, amb = 361, 0.4, 0.01, 0.35

        def textures(self) -> Any:
            a = m.planet(363)
            b = m.hueshift(m.planet(363), 150, 1.2)
            b[230:275] = (0.3 * b[230:275] + np.array((170, 150, 30))).clip(0, 255).astype(np.uint8)
            r = [m.photo("moon.png"), m.photo("gravel.png"), m.planet(367)]
            return [a, *r], [b, *r]

        def camera(self, t: float) -> Any:
            return (0.2 * math.sin(4 * t), 1, 3.9), (0, 0.8, 0)

        def light(self, t: float) -> Any:
            return (0.5, 0.8, 0.8), (0.85, 0.85, 0.82)

        def prims(self, t: float) -> Any:
            return np.stack(
                [
                    m.prim(m.SPHERE, y(-30 + 45 * t), (-0.8 + 1.5 * t, 0.8, 0.3), (0.5, 1, 1), 0, 1, 0.3),
                    m.prim(m.PLANE, None, (0, 2, -2), (6, 3, 1), 1, 4),
                    m.prim(m.PLANE, floor, (0, 0, 0), (6, 6, 1), 2, 5),
                    m.prim(m.SPHERE, y(40 * t), (0.8 - 1.4 * t, 0.7, -0.6), (0.5, 1, 1), 3, 1, 0.3),
                ]
            )

    class Van(m.Scene):  # type: ignore[misc]
        """A van-like box drives by and comes nearer, an identical one stands behind; its side recoloured, its word replaced."""

        seed, shutter, noise = 411, 0.45, 0.012
        facemap = np.array([[-1] * 6] * 2 + [[2, 2, 2, 2, 2, 3]] + [[-1] * 6] * 2, np.int32)

        def textures(self) -> Any:
            w = m.tint(m.fbm(413, base=5), (180, 180, 185), (225, 225, 230))
            n = m.decal_text(w, "BAKERY", 40, 300, 3.0, (160, 40, 40), 12)
            n[380:430] = (160, 60, 50)
            w2 = m.tint(m.fbm(413, base=5), (60, 90, 170), (105, 135, 215))
            n2 = m.decal_text(w2, "FLORIST", 15, 300, 2.9, (250, 240, 200), 12)
            n2[380:430] = (240, 200, 60)
            a = [m.photo("gravel.png"), m.photo("brick.png")]
            return [*a, w, n, m.wood(417), n], [*a, w2, n2, m.wood(417), n]

        def camera(self, t: float) -> Any:
            return (0.2 * math.sin(3 * t), 1.3, 4.2 - 0.5 * t), (0.1 * t, 0.7, 0)

        def light(self, t: float) -> Any:
            return (0.3, 0.9, 0.8), (0.85, 0.82, 0.78)

        def prims(self, t: float) -> Any:
            return np.stack(
                [
                    m.prim(m.PLANE, floor, (0, 0, 0), (8, 8, 1), 0, 7),
                    m.prim(m.PLANE, None, (0, 2, -2.6), (8, 4, 1), 1, 5),
                    m.prim(m.BOX, y(-6 + 14 * t), (-1.1 + 1.9 * t, 0.5, 0.3 + 0.4 * t), (0.8, 0.45, 0.35), 2),
                    m.prim(m.BOX, y(8), (1.0, 0.45, -1.4), (0.8, 0.45, 0.35), 5),
                    m.prim(m.BOX, None, (0.2, 1, 1.6), (0.05, 1.4, 0.05), 4),
                ]
            )

    class Window(m.Scene):  # type: ignore[misc]
        """Handheld camera past a picture on a wall, a plant of spheres before it; the picture replaced."""

        seed, shutter, noise = 421, 0.5, 0.012

        def textures(self) -> Any:
            p = m.photo("astronaut.png")
            q = m.photo("coffee.png")
            r = [
                m.tint(m.fbm(423, base=7), (150, 140, 120), (200, 190, 170)),
                m.wood(425),
                m.tint(m.fbm(427, base=10), (30, 80, 30), (90, 160, 70)),
            ]
            return [p, *r], [q, *r]

        def camera(self, t: float) -> Any:
            return (-0.6 + 1.1 * t + 0.06 * math.sin(31 * t), 1.25 + 0.05 * math.sin(23 * t), 3.4 - 0.3 * t), (
                -0.2 + 0.4 * t,
                1.2 + 0.02 * math.sin(37 * t),
                0,
            )

        def light(self, t: float) -> Any:
            return (0.4 - 0.5 * t, 0.8, 1), (0.85, 0.83, 0.8)

        def prims(self, t: float) -> Any:
            L = [
                m.prim(m.PLANE, None, (0, 1.3, -1), (0.8, 0.8, 1), 0, 1),
                m.prim(m.PLANE, None, (0, 2, -1.05), (6, 4, 1), 1, 3),
                m.prim(m.PLANE, floor, (0, 0, 0), (6, 6, 1), 2, 4),
            ]
            L += [
                m.prim(m.SPHERE, None, (x_, 0.5 + 0.25 * k, 0.6), (0.16, 1, 1), 3, 1, 0.1)
                for k, x_ in enumerate((-0.5, -0.35, -0.5, -0.4))
            ]
            return np.stack(L)

    class Toy(m.Scene):  # type: ignore[misc]
        """A striped ball bounces and turns in front of real footage; two of its stripes recoloured, a badge on it."""

        seed, shutter = 431, 0.35

        def textures(self) -> Any:
            b = m.stripes_dots(433, (210, 60, 50), (235, 230, 215), (50, 70, 150))
            c = b.copy()
            red = (b[..., 0] > 150) & (b[..., 1] < 110)
            c[red] = np.stack([b[..., 1], b[..., 0] * 0.8, b[..., 2]], -1)[red]
            return [b], [m.decal_star(c, 240, 250, 46, (250, 220, 40), 5, outline=(60, 30, 10))]

        def camera(self, t: float) -> Any:
            return (0, 0, 4.0), (0, 0, 0)

        def light(self, t: float) -> Any:
            return (0.4, 0.7, 0.9), (0.85, 0.82, 0.8)

        def prims(self, t: float) -> Any:
            return np.stack(
                [
                    m.prim(
                        m.SPHERE,
                        y(-20 + 45 * t) @ z(60 * t),
                        (0.7 - 1.3 * t, -0.5 + 0.6 * abs(math.cos(7 * t)), 0.2 * t),
                        (0.5, 1, 1),
                        0,
                        1,
                        0.4,
                    )
                ]
            )

    class Card(m.Scene):  # type: ignore[misc]
        """A playing card is carried toward the camera, tilts, and passes behind a post; its emblem replaced and its rim recoloured."""

        seed, shutter, noise = 441, 0.4, 0.011

        def textures(self) -> Any:
            c: Any = np.full((SIDE, SIDE, 3), (225, 215, 195), np.float32)
            c[:40] = c[-40:] = c[:, :40] = c[:, -40:] = (60, 90, 60)
            c = (c * (0.85 + 0.3 * m.fbm(443, base=24)[..., None])).clip(0, 255).astype(np.uint8)
            a = m.decal_text(m.decal_star(c, 256, 200, 90, (150, 40, 40), 4), "QUEEN", 110, 400, 2.4, (40, 40, 50), 9)
            d = c.copy()
            rim = np.ones((SIDE, SIDE), bool)
            rim[40:-40, 40:-40] = False
            d[rim] = m.hueshift(c, 220, 1.4)[rim]
            b = m.decal_text(
                cv2.circle(d.copy(), (256, 200), 85, (40, 60, 160), 24, cv2.LINE_AA), "KING", 150, 400, 2.6, (40, 40, 50), 9
            )
            r = [m.photo("grass.png"), m.photo("brick.png"), m.wood(447)]
            return [a, *r], [b, *r]

        def camera(self, t: float) -> Any:
            return (0.15 * math.sin(5 * t), 1.2, 3.8), (0, 1.1, 0)

        def light(self, t: float) -> Any:
            return (0.5, 0.8, 0.9), (0.85, 0.83, 0.8)

        def prims(self, t: float) -> Any:
            return np.stack(
                [
                    m.prim(
                        m.PLANE,
                        y(-30 + 50 * t) @ z(10 * math.sin(5 * t)),
                        (-0.9 + 1.6 * t, 1.1, -0.5 + 1.1 * t),
                        (0.5, 0.62, 1),
                        0,
                        1,
                        0.2,
                    ),
                    m.prim(m.PLANE, floor, (0, 0, 0), (7, 7, 1), 1, 6),
                    m.prim(m.PLANE, None, (0, 2, -2), (7, 4, 1), 2, 5),
                    m.prim(m.BOX, None, (-0.05, 1, 1.3), (0.06, 1.4, 0.06), 3),
                ]
            )

    return {
        "zoom_crate": Shrink,
        "wall_mural": Mural,
        "gloss_ball": Gloss,
        "clean_cloth": Remove,
        "tumble_cube": lambda: before(Tumble(), "rabbit-watermelon.mp4", 10),
        "twin_globes": Twin,
        "last_picture": Window,
        "last_ball": lambda: before(Toy(), "car-turn.mp4", 5),
        "last_card": Card,
        "last_van": Van,
    }
