"""What a mask covers: its picture or video, inverted, grown, feathered, made fainter. For the daemon, and for the screen. No Qt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from keyfollow.edits import MaskRole
from keyfollow.errors import UsageError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.media.fit import mask_weight
from keyfollow.media.reader import MediaReader

from ..model import assets
from ..model.state import Mask, Media
from .frame_pictures import read_picture

Weight = npt.NDArray[np.float32]
ARGUMENTS: dict[MaskRole, str] = {"edit": "masks", "protect": "protect", "front": "in_front"}
"""What the SDK calls the roles."""
SHAPED = "shaped"
PICTURES = (".png", ".tif", ".tiff", ".exr", ".jpg", ".jpeg", ".webp", ".bmp")


def is_plain(mask: Mask) -> bool:
    """Whether it counts as it was given."""
    return not mask.invert and mask.grow == 0 and mask.feather == 0 and mask.opacity == 1


def shaped(weight: Weight, mask: Mask) -> Weight:
    """A weight ``(h, w)`` 0…1 as the mask's settings make it: inverted, then grown, then feathered, then made fainter."""
    import cv2

    out: Any = 1 - weight if mask.invert else weight
    radius = round(abs(mask.grow))
    if radius:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        # beyond the border a mask goes on as it is at the border: shrinking must not open a gap there
        out = (cv2.dilate if mask.grow > 0 else cv2.erode)(out, kernel, borderType=cv2.BORDER_REPLICATE)
    if mask.feather > 0:
        out = cv2.GaussianBlur(out, (0, 0), mask.feather / 2, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(out * np.float32(mask.opacity), np.float32)


def weight_at(folder: Path, mask: Mask, frame: int) -> Weight | None:
    """What a mask covers on a source frame; None where it is painted on another. Raises MediaError."""
    if mask.image:
        if mask.frame != frame:
            return None
        return shaped(mask_weight(read_picture(assets.picture(folder, "masks", mask.image))), mask)
    with MediaReader(mask.video) as reader:
        return shaped(mask_weight(reader.read(min(frame, reader.info.frames - 1))), mask)


def area_at(folder: Path, masks: Iterable[Mask], frame: int) -> Weight | None:
    """Where all masks together let the edit go on a frame: areas to edit united, less what is protected or in front. None: no mask here."""
    allowed: Weight | None = None
    kept: Weight | None = None
    for mask in masks:
        weight = weight_at(folder, mask, frame)
        if weight is None:
            continue
        if mask.role == "edit":
            allowed = weight if allowed is None else np.maximum(allowed, weight)
        else:
            kept = weight if kept is None else np.maximum(kept, weight)
    if kept is None:
        return allowed
    return (1 - kept) if allowed is None else allowed * (1 - kept)


def for_run(folder: Path, masks: Iterable[Mask]) -> dict[str, Any]:
    """The masks as arguments of the SDK's `propagate`. Takes as long as a mask video is: not for the UI thread.

    Raises:
        MediaError, StorageError, UsageError: a mask cannot be read, or its shaped copy not be written.
    """
    given: dict[str, list[Any]] = {}
    for mask in masks:
        part: Any
        if mask.video:
            part = mask.video if is_plain(mask) else str(_shaped_video(folder, mask))
        else:
            path = assets.picture(folder, "masks", mask.image)
            part = {mask.frame: path if is_plain(mask) else _grey(shaped(mask_weight(read_picture(path)), mask))}
        given.setdefault(ARGUMENTS[mask.role], []).append(part)
    return given


def _shaped_video(folder: Path, mask: Mask) -> Path:
    """A lossless copy of a mask video with the settings applied; made once for the same file and settings."""
    from keyfollow.media.writer import open_writer  # imports FFmpeg, which the window's start must not wait for

    seen = Path(mask.video).stat() if Path(mask.video).exists() else None
    stamp = (seen.st_size, seen.st_mtime_ns) if seen else ()
    key = hashlib.sha256(repr((mask.video, stamp, replace(mask, id=""))).encode()).hexdigest()[:24]
    out = folder / "masks" / SHAPED / f"{key}.mkv"
    if out.exists():
        return out
    out.parent.mkdir(parents=True, exist_ok=True)
    with MediaReader(mask.video) as reader:
        span = FrameRange(0, reader.info.frames)
        with open_writer(str(out), reader.info, frames=span, delivery="matte", codec="ffv1") as writer:
            for n, frame in enumerate(reader.frames(span)):
                writer.write(n, _grey(shaped(mask_weight(frame), mask), frame))
            writer.finish()
    return out


def _grey(weight: Weight, like: FrameBuffer | None = None) -> FrameBuffer:
    """A weight as a grey picture: at 16 bits, or in the form of `like`."""
    white, dtype = (65535.0, np.dtype(np.uint16)) if like is None else (like.white, like.pixels.dtype)
    plane = weight * np.float32(white)
    plane = (np.rint(plane) if dtype.kind == "u" else plane).astype(dtype)
    return FrameBuffer(np.repeat(plane[..., None], 3, axis=2), 16 if like is None else like.depth)


def new_file_mask(mask: Mask, path: str, media: Media, adopt: Callable[[Path], str]) -> Mask:
    """`mask` with the content of a file: a picture becomes its still, a video or a folder of images its video.

    Raises:
        UsageError: ``wrong_size``, ``mask_length``.
        MediaError: it cannot be read.
    """
    given = Path(path)
    still = given.suffix.lower() in PICTURES and not given.is_dir()
    if still:
        picture = read_picture(given)
        size, frames = (picture.width, picture.height), media.frames
    else:
        with MediaReader(path) as reader:
            size, frames = (reader.info.width, reader.info.height), reader.info.frames
    if size != (media.width, media.height):
        raise UsageError(
            "wrong_size",
            f"{given.name} is {size[0]}×{size[1]}, the clip {media.width}×{media.height}.",
            "Render the mask at the clip's size.",
        )
    if frames != media.frames:
        raise UsageError(
            "mask_length",
            f"{given.name} has {frames} frames, the clip {media.frames}.",
            "Render one mask frame for every frame of the clip.",
        )
    if still:
        return replace(mask, image=adopt(given), video="")
    return replace(mask, frame=None, image="", video=str(given.absolute()))
