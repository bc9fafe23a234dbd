from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.base import Array
from keyfollow_daemon.engines.patch.changes import change_mask
from keyfollow_daemon.engines.patch.explained import redrawn
from keyfollow_daemon.engines.patch.pixels import values


def told(keyframe: FrameBuffer, source: FrameBuffer) -> bool:
    return redrawn(keyframe, source, change_mask(values(keyframe), values(source)))


def grade(picture: Any) -> Any:
    return picture * (1.1, 1.0, 0.8) + 9


def vignette(picture: Any) -> Any:
    y, x = np.mgrid[-1:1:144j, -1:1:192j]
    return picture * (1.1 - 0.4 * (x * x + y * y))[..., None] + 3


def logo(picture: Any) -> Any:
    out = np.clip(grade(picture), 0, 255).astype(np.uint8)
    return np.asarray(cv2.putText(out, "LOGO", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 0, 0), 2))


def jpeg(picture: Any) -> Any:
    _, data = cv2.imencode(".jpg", np.clip(grade(picture), 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 85])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def patch(picture: Any) -> Any:
    out = picture.astype(np.float32)
    out[30:90, 40:110] = 255 - out[30:90, 40:110]
    return out


def sketch(picture: Any) -> Any:
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.repeat((255 + 8 * np.minimum(luma - cv2.GaussianBlur(luma, (0, 0), 2), 0))[..., None], 3, axis=2)


def poster(picture: Any) -> Any:
    return picture // 64 * 64 + 32


def strokes(picture: Any) -> Any:
    rng = np.random.default_rng(2)
    out = picture.astype(np.float32) + 4
    for x, y in rng.integers(0, (192, 144), (400, 2)).tolist():
        colour = [float(v) for v in picture[y, x] * rng.uniform(0.6, 1.4)]
        cv2.line(out, (x - 6, y - 4), (x + 6, y + 4), colour, 2)
    return out


@pytest.mark.parametrize(
    ("edit", "style"),
    [
        (grade, False),
        (vignette, False),
        (logo, False),
        (jpeg, False),
        (patch, False),
        (sketch, True),
        (poster, True),
        (strokes, True),
    ],
    ids=lambda x: getattr(x, "__name__", str(x)),
)
def test_only_a_redrawn_picture_is_one(picture: Array, edit: Any, style: bool) -> None:
    after = np.clip(np.rint(edit(picture)), 0, 255).astype(np.uint8)
    assert told(FrameBuffer(after), FrameBuffer(picture)) == style


def test_an_untouched_keyframe_is_not(picture: Array) -> None:
    assert not told(FrameBuffer(picture), FrameBuffer(picture))


@pytest.mark.parametrize("dtype", ["uint16", "float16"])
def test_resolution_and_depth_do_not_matter(picture: Array, dtype: str) -> None:
    pictures = []
    for image in (np.clip(sketch(picture), 0, 255), picture):
        big = np.asarray(cv2.resize(image, (640, 480), interpolation=cv2.INTER_LINEAR)).astype(np.float32)
        pictures.append(FrameBuffer((big * 257 if dtype == "uint16" else big / 255).astype(dtype)))
    assert told(pictures[0], pictures[1])
