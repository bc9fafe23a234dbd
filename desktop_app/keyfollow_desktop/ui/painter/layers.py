"""What a painting begins with and what becomes of it: pictures of the project in, pictures of the project out. Not for the UI thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from keyfollow.frames import Pixels
from keyfollow.media.fit import fit_keyframe, mask_weight

from ...model import assets, work_edits
from ...model.state import Keyframe, Mask, Project, Retouch
from ..frame_pictures import read_picture, retouched, seen_frame

if TYPE_CHECKING:
    from .canvas import Canvas, Plane

About = Literal["keyframe", "retouch", "mask"]


@dataclass(frozen=True, slots=True)
class Opened:
    """What is painted: the edit or the retouch of a source frame, or a mask on it; begun from the take that was seen, "" for the source."""

    about: About
    media: str
    frame: int
    mask: Mask
    take: str = ""


def load(project: Project, folder: Path, opened: Opened, take_folder: str) -> Canvas:
    """The layers to begin with: the frame's keyframe or retouch where it has one, else the take, else the source.

    Raises:
        MediaError, StorageError: something cannot be read.
        KeyError: the project has no such source.
    """
    from .canvas import Canvas

    media, work, frame = project.media[opened.media], project.work_of(opened.media), opened.frame
    keyframe = next((k for k in work.keyframes if k.frame == frame), None)
    retouch = next((r for r in work.retouches if r.frame == frame), None)
    source = seen_frame(media, frame, "")
    shown = seen_frame(media, frame, take_folder) if take_folder else source
    painted = None if not opened.mask.image else read_picture(assets.picture(folder, "masks", opened.mask.image))
    plane = None if painted is None else np.rint(mask_weight(painted) * 255).astype(np.uint8)
    if opened.about == "retouch":
        base = shown
        if keyframe is not None and not take_folder:
            base = fit_keyframe(read_picture(assets.picture(folder, "keyframes", keyframe.image)), source)
        fix = None if retouch is None else read_picture(assets.picture(folder, "keyframes", retouch.image))
        return Canvas(base, None if fix is None else retouched(fix, base), plane)
    if keyframe is not None:
        shown = read_picture(assets.picture(folder, "keyframes", keyframe.image))
    return Canvas(source, None if shown is source else shown, plane, show_mask=opened.about == "mask")


def save(canvas: Canvas, folder: Path, opened: Opened) -> dict[Plane, str]:
    """Write what was painted into the project's folder; names by layer. Raises StorageError."""
    from keyfollow.media.encode_image import encode_image  # imports FFmpeg, which the window's start must not wait for

    names: dict[Plane, str] = {}
    if "edit" in canvas.painted:
        pixels = _clean(canvas.edit) if opened.about == "retouch" else canvas.result().pixels
        suffix = ".exr" if pixels.dtype == np.float16 else ".png"
        names["edit"] = assets.adopt_bytes(folder, "keyframes", encode_image(suffix, pixels), suffix)
    if "mask" in canvas.painted:
        grey = np.repeat(canvas.mask[..., None], 3, axis=2)
        names["mask"] = assets.adopt_bytes(folder, "masks", encode_image(".png", grey), ".png")
    return names


def put(project: Project, opened: Opened, names: dict[Plane, str]) -> Project:
    """The project with what `save` wrote."""
    if "edit" in names:
        if opened.about == "retouch":
            project = work_edits.set_retouch(project, opened.media, Retouch(opened.frame, names["edit"]))
        else:
            project = work_edits.set_keyframe(project, opened.media, Keyframe(opened.frame, names["edit"]))
    if "mask" in names:
        project = work_edits.set_mask(project, opened.media, replace(opened.mask, frame=opened.frame, image=names["mask"]))
    return project


def _clean(pixels: Pixels) -> Pixels:
    """A layer without the colours that its transparent places still remember."""
    out = pixels.copy()
    out[out[..., 3] == 0] = 0
    return out
