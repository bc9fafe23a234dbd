"""The picture of docs/engines/patch.md: what the engine makes of one frame of the example clip, step by step.

    python examples/patch_pictures.py [folder]        (default: docs/images)

Above: the keyframe as it was painted; a frame; how that moves (hue is the direction, strength the speed). Below: the painted keyframe's own
pixels where the correspondence has them, which is not what is delivered; how sure that is, black to white; the result.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import keyfollow
import numpy as np
import numpy.typing as npt
from keyfollow.frames import FrameRange
from keyfollow.media.images import read_image
from keyfollow.media.reader import MediaReader
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_daemon.engines.base import Edit, EditKeyframe, Frames, InversionSpec
from keyfollow_daemon.engines.patch.engine import PatchEngine
from keyfollow_daemon.engines.patch.info import describe
from keyfollow_daemon.engines.patch.inversion import Flows
from keyfollow_daemon.engines.patch.keymodel import key_model
from keyfollow_daemon.engines.patch.pixels import grid, sample
from keyfollow_daemon.engines.patch.track import Tracks
from keyfollow_daemon.media.clip import ClipFrames

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
quality: Any = importlib.import_module("patch_quality")
"""Runs the engine without a daemon."""

Image = npt.NDArray[Any]
FRAME = 58
"""The fir is passing before the balloon."""
SHOWN = (slice(0, 330), slice(190, 560))
"""Rows and columns around the balloon."""
FASTEST_PX = 6.0
SPACE_PX = 6
cv: Any = cv2


def in_colours(flow: Image) -> Image:
    """``(h, w, 2)`` px as ``(h, w, 3)`` uint8 RGB."""
    length, angle = cv.cartToPolar(flow[..., 0], flow[..., 1])
    strength = np.clip(255.0 * length / FASTEST_PX, 0, 255)
    hsv = np.dstack([angle * (90.0 / np.pi), strength, np.full_like(strength, 255)])
    out: Image = cv.cvtColor(hsv.astype(np.uint8), cv.COLOR_HSV2RGB)
    return out


def steps(clip: Frames, keyframe: EditKeyframe, scratch: Path) -> list[Image]:
    """The six pictures, ``(h, w, 3)`` uint8 RGB, of the clip's size."""
    ctx, info = quality.Surroundings(InversionStore(scratch, 1 << 30)), describe()
    settings = info.resolve({})
    spec = InversionSpec(info.id, info.version, {s.name: settings[s.name] for s in info.settings if s.source_only})
    span = FrameRange(keyframe.frame, FRAME + 1)
    engine = PatchEngine()
    inversion = engine.invert(clip, span, spec, ctx)
    edit = Edit(span, [FRAME], [keyframe], settings=settings)
    result = next(iter(engine.propagate(clip, inversion, edit, ctx))).image

    source, (width, height) = clip[FRAME], clip.size
    flows = Flows(clip, spec, ctx, inversion)
    tracks = Tracks(flows, ctx.check, draft=False)
    model = key_model(keyframe.image, clip[keyframe.frame], -1.0)
    tracks.look_at(keyframe.frame, model.decals, model.changed, model.gaps)
    seen = tracks.sight(keyframe.frame, FRAME).told().seen
    scale = np.float32(width / seen.offset.shape[1])
    offset = scale * cv.resize(seen.offset, (width, height), interpolation=cv.INTER_LINEAR)
    carried = sample(keyframe.image.pixels.astype(np.float32), grid(height, width) + offset).astype(np.uint8)
    motion = in_colours(scale * cv.resize(seen.motion, (width, height), interpolation=cv.INTER_LINEAR))
    sure = np.rint(255 * cv.resize(seen.confidence, (width, height), interpolation=cv.INTER_LINEAR)).astype(np.uint8)
    return [keyframe.image.pixels, source.pixels, motion, carried, np.dstack([sure] * 3), result.pixels]


def sheet(pictures: Sequence[Image], across: int) -> Image:
    """Pictures side by side, `across` in a row, on white."""
    framed = [
        cv.copyMakeBorder(p[SHOWN], 0, SPACE_PX, 0, SPACE_PX, cv.BORDER_CONSTANT, value=(255, 255, 255)) for p in pictures
    ]
    rows = [np.hstack(framed[first : first + across]) for first in range(0, len(framed), across)]
    out: Image = np.vstack(rows)[:-SPACE_PX, :-SPACE_PX]
    return out


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    example = Path(keyfollow.__file__).parent / "example"
    with tempfile.TemporaryDirectory() as scratch:
        told = json.loads((example / "example.json").read_text())
        keyframe = EditKeyframe(told["frame"], read_image((example / "keyframe.png").read_bytes()))
        clip = ClipFrames(MediaReader(example / "clip.mp4"))
        try:
            picture = sheet(steps(clip, keyframe, Path(scratch)), 3)
        finally:
            clip.close()
    cv.imwrite(str(folder / "patch-steps.png"), picture[..., ::-1])


if __name__ == "__main__":
    main()
