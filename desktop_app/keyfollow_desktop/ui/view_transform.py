"""How log and HDR footage is shown: from a camera's curve and colours to Rec. 709, or by a .cube. What is made of it stays untouched. No Qt.

A curve is inverted to scene light (1.0 is a white card), brought to Rec. 709 primaries, its highlights rolled off, and encoded by BT.709's own
curve. The curves are those of their makers' white papers: Sony "S-Gamut3.Cine/S-Log3" (2014), ARRI "LogC3" (2017) and "LogC4" (2022),
Panasonic "V-Log/V-Gamut" (2014), Canon "Canon Log" (2012, in ACES' form); PQ and HLG are ITU-R BT.2100, shown with white at 203 cd/m²
(BT.2408).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from keyfollow.errors import MediaError
from keyfollow.frames import Pixels

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Primaries = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
WHITE = (0.3127, 0.3290)
REC709: Primaries = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
REC2020: Primaries = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
SHOULDER = 0.75
"""Light above which highlights are rolled off."""
MAX_CUBE = 129
MAX_CUBE_BYTES = 64 << 20


def _slog3(x: Doubles) -> Doubles:
    code = x * 1023
    return np.where(
        code >= 171.2102946929,
        10 ** ((code - 420) / 261.5) * (0.18 + 0.01) - 0.01,
        (code - 95) * 0.01125 / (171.2102946929 - 95),
    )


def _logc3(x: Doubles) -> Doubles:
    """At EI 800."""
    cut, a, b, c, d, e, f = 0.010591, 5.555556, 0.052272, 0.247190, 0.385537, 5.367655, 0.092809
    return np.where(x > e * cut + f, (10 ** ((x - d) / c) - b) / a, (x - f) / e)


def _logc4(x: Doubles) -> Doubles:
    a, b, c = (2**18 - 16) / 117.45, (1023 - 95) / 1023, 95 / 1023
    s = 7 * np.log(2) * 2 ** (7 - 14 * c / b) / (a * b)
    t = (2 ** (14 * (-c / b) + 6) - 64) / a
    return np.where(x >= 0, (2 ** (14 * (x - c) / b + 6) - 64) / a, x * s + t)


def _vlog(x: Doubles) -> Doubles:
    b, c, d = 0.00873, 0.241514, 0.598206
    return np.where(x < 0.181, (x - 0.125) / 5.6, 10 ** ((x - d) / c) - b)


def _clog(x: Doubles) -> Doubles:
    off = (x - 0.12512248) / 0.45310179
    return 0.9 * np.where(x < 0.12512248, -(10**-off - 1), 10**off - 1) / 10.1596


def _pq(x: Doubles) -> Doubles:
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = np.maximum(x, 0) ** (1 / m2)
    return 10000 / 203 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)


def _hlg(x: Doubles) -> Doubles:
    """Of a display of 1000 cd/m²; its gamma is taken per channel."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    light = np.where(x <= 0.5, np.maximum(x, 0) ** 2 / 3, (np.exp((x - c) / a) + b) / 12)
    return 1000 / 203 * light**1.2


@dataclass(frozen=True, slots=True)
class Curve:
    """`invert` takes what is stored to light. `coded`: it counts code values of 1023, of which video stores 64 to 940; else it counts from
    the video's black to its white. `shown`: what it gives is the light of a display, not of a scene."""

    name: str
    invert: Callable[[Doubles], Doubles]
    primaries: Primaries
    coded: bool = False
    shown: bool = False


CURVES = {
    "slog3": Curve("S-Log3 / S-Gamut3.Cine", _slog3, ((0.766, 0.275), (0.225, 0.800), (0.089, -0.087)), coded=True),
    "logc3": Curve("LogC3 / ARRI Wide Gamut 3", _logc3, ((0.684, 0.313), (0.221, 0.848), (0.0861, -0.102))),
    "logc4": Curve("LogC4 / ARRI Wide Gamut 4", _logc4, ((0.7347, 0.2653), (0.1424, 0.8576), (0.0991, -0.0308))),
    "vlog": Curve("V-Log / V-Gamut", _vlog, ((0.730, 0.280), (0.165, 0.840), (0.100, -0.030)), coded=True),
    "clog": Curve("C-Log / BT.709", _clog, REC709, coded=True),
    "pq": Curve("PQ / BT.2020", _pq, REC2020, shown=True),
    "hlg": Curve("HLG / BT.2020", _hlg, REC2020, shown=True),
}
"""By the name that a project keeps."""


def shown(pixels: Pixels, view: str, full_range: bool = False) -> Pixels:
    """8-bit pixels ``(h, w, 3|4)`` as a view shows them; `view` is a name of `CURVES` or the path of a .cube.

    Raises:
        MediaError: ``bad_cube``.
    """
    if (curve := CURVES.get(view)) is not None:
        made = _by_curve(pixels[..., :3], curve, full_range)
    else:
        made = _by_cube(_unit(pixels[..., :3]), _cube(view, Path(view).stat().st_mtime_ns if Path(view).is_file() else 0))
    if pixels.shape[2] == 3:
        return made
    return np.concatenate([made, np.rint(_unit(pixels[..., 3:]) * 255).astype(np.uint8)], axis=2)


def _unit(pixels: Pixels) -> Floats:
    if pixels.dtype.kind == "f":
        return np.clip(pixels.astype(np.float32), 0, 1)
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


# --- curves ------------------------------------------------------------------------------------------------------------------


def _by_curve(pixels: Pixels, curve: Curve, full_range: bool) -> npt.NDArray[np.uint8]:
    codes = np.rint(_unit(pixels) * 65535).astype(np.uint16) if pixels.dtype.kind == "f" else pixels
    light = _inverted(curve, codes.dtype.itemsize, full_range)[codes] @ _to_709(curve.primaries).T
    high = light > SHOULDER
    light[high] = SHOULDER + (1 - SHOULDER) * (1 - np.exp((SHOULDER - light[high]) / (1 - SHOULDER)))
    table = _encoded(curve.shown)
    made: npt.NDArray[np.uint8] = table[(np.clip(light, 0, 1) * (len(table) - 1) + 0.5).astype(np.uint16)]
    return made


@lru_cache(8)
def _inverted(curve: Curve, width: int, full_range: bool) -> Floats:
    """Light by stored value."""
    most = 256**width - 1
    values = np.arange(most + 1) / most
    if curve.coded and not full_range:
        values = (values * 876 + 64) / 1023
    return curve.invert(values).astype(np.float32)


@lru_cache(2)
def _encoded(display: bool) -> npt.NDArray[np.uint8]:
    """8 bit by light in 65536 steps: scenes by BT.709's curve, the light of a display by the inverse of BT.1886's."""
    light = np.arange(65536) / 65535
    scene = np.where(light < 0.018, 4.5 * light, 1.099 * light**0.45 - 0.099)
    return np.rint(255 * (light ** (1 / 2.4) if display else scene)).astype(np.uint8)


@lru_cache(8)
def _to_709(primaries: Primaries) -> Floats:
    return (np.linalg.inv(_to_xyz(REC709)) @ _to_xyz(primaries)).astype(np.float32)


def _to_xyz(primaries: Primaries) -> Doubles:
    """Linear RGB with these primaries and D65 white to CIE XYZ (SMPTE RP 177)."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in primaries]).T
    x, y = WHITE
    return columns * np.linalg.solve(columns, np.array((x / y, 1, (1 - x - y) / y)))


# --- .cube -------------------------------------------------------------------------------------------------------------------


@lru_cache(4)
def _cube(path: str, changed: int) -> tuple[Floats, Floats, Floats]:
    """A file's table ``(blue, green, red, 3)``, or ``(values, 3)`` for one dimension, and its domain. `changed` is when it was written."""
    try:
        if Path(path).stat().st_size > MAX_CUBE_BYTES:
            raise ValueError("it is too large")
        return read_cube(Path(path).read_text("utf-8", errors="replace"))
    except (OSError, ValueError) as e:
        raise MediaError("bad_cube", f"{path} cannot be used as a look-up table: {e}.", "Choose another view.") from e


def read_cube(text: str) -> tuple[Floats, Floats, Floats]:
    """A .cube file's table and the lower and upper end of its domain (Adobe, Cube LUT Specification 1.0).

    Raises:
        ValueError: it is none.
    """
    size, flat = 0, False
    domain = {"DOMAIN_MIN": (0.0, 0.0, 0.0), "DOMAIN_MAX": (1.0, 1.0, 1.0)}
    rows = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#") or words[0] == "TITLE":
            continue
        if words[0] in ("LUT_3D_SIZE", "LUT_1D_SIZE"):
            size, flat = int(words[1]), words[0] == "LUT_1D_SIZE"
        elif words[0] in domain:
            domain[words[0]] = _three(words[1:])
        elif words[0][0] in "+-.0123456789":
            rows.append(_three(words))
    if not 2 <= size <= (65536 if flat else MAX_CUBE) or len(rows) != (size if flat else size**3):
        raise ValueError("its size is not the one that it names")
    table = np.array(rows, np.float32)
    low, high = (np.array(domain[name], np.float32) for name in ("DOMAIN_MIN", "DOMAIN_MAX"))
    if not (np.isfinite(table).all() and (high > low).all()):
        raise ValueError("its values are no numbers")
    return table if flat else table.reshape(size, size, size, 3), low, high


def _three(words: list[str]) -> tuple[float, float, float]:
    red, green, blue = map(float, words)
    return red, green, blue


def _by_cube(values: Floats, cube: tuple[Floats, Floats, Floats]) -> npt.NDArray[np.uint8]:
    """Linear between the table's points."""
    table, low, high = cube
    size = len(table)
    at = np.clip((values - low) / (high - low), 0, 1) * (size - 1)
    first = np.minimum(at.astype(np.int32), size - 2)
    part = at - first
    if table.ndim == 2:
        channels = np.arange(3)
        made = table[first, channels] * (1 - part) + table[first + 1, channels] * part
    else:
        points = table.reshape(-1, 3)
        index = (first[..., 2] * size + first[..., 1]) * size + first[..., 0]
        made = np.zeros_like(values)
        for corner in range(8):
            steps = [corner >> n & 1 for n in range(3)]
            weight = np.prod([part[..., n] if steps[n] else 1 - part[..., n] for n in range(3)], axis=0)
            made += weight[..., None] * points[index + (steps[2] * size + steps[1]) * size + steps[0]]
    rounded: npt.NDArray[np.uint8] = np.rint(np.clip(made, 0, 1) * 255).astype(np.uint8)
    return rounded
