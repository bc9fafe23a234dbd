"""A frame at its own size and depth as it is seen: source, take, retouch. For saving and editing, not for the screen. No Qt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from keyfollow import deltas
from keyfollow.errors import MediaError
from keyfollow.frames import FrameBuffer
from keyfollow.media.fit import fit_keyframe
from keyfollow.media.images import read_image
from keyfollow.media.reader import MediaReader
from keyfollow.media.source import identity, read_file
from keyfollow.take_folder import FRAMES, frame_name

from ..model import assets
from ..model.state import Media, Project

MOST_KEPT = 64 << 20
_last: tuple[tuple[object, ...], int, FrameBuffer] | None = None
"""The source (`identity`), the frame, and its picture."""


def seen_frame(media: Media, frame: int, take: str) -> FrameBuffer:
    """A source frame with the take (by folder, "" for none) laid over it where it has that frame.

    Raises:
        MediaError, StorageError: it cannot be read.
    """
    source = _source(media, frame)
    packed = Path(take, FRAMES, frame_name(frame)) if take else None
    if packed is None or not packed.exists():
        return source
    try:
        return deltas.unpack(packed.read_bytes()).compose(source)
    except OSError as e:
        raise MediaError("frame_gone", f"Frame {frame} of the take cannot be read ({e.strerror}).", "Run it again.") from e


def _source(media: Media, frame: int) -> FrameBuffer:
    """The source frame; the last one is at hand: a frame that goes to an image editor comes back from it. Its pixels cannot be written."""
    global _last
    same, last = identity(media.path), _last
    if same is not None and last is not None and last[:2] == (same, frame):
        return last[2]
    with MediaReader(media.path, rate=media.given_rate) as reader:
        source = reader.read(frame)
    source.pixels.setflags(write=False)
    if same is not None and source.pixels.nbytes <= MOST_KEPT:
        _last = (same, frame, source)
    return source


def read_picture(path: Path) -> FrameBuffer:
    """A picture file, decoded in the sandbox. Raises MediaError."""
    return read_image(read_file(path), name=path.name)


def retouched(fix: FrameBuffer, base: FrameBuffer) -> FrameBuffer:
    """`base` under the layer `fix`, whose alpha says where it counts. The alpha of `base` stays."""
    colour = FrameBuffer(np.ascontiguousarray(base.pixels[..., :3]), base.depth, base.colour)
    made = fit_keyframe(fix, colour).pixels
    if base.has_alpha:
        made = np.concatenate([made, base.pixels[..., 3:]], axis=2)
    return FrameBuffer(made, base.depth, base.colour)


def fixed(folder: Path, project: Project, media: str, frame: int, picture: FrameBuffer) -> FrameBuffer:
    """`picture`, which shows a source frame, with that frame's retouch where it has one. Raises MediaError."""
    fix = next((r for r in project.work_of(media).retouches if r.frame == frame), None)
    return picture if fix is None else retouched(read_picture(assets.picture(folder, "keyframes", fix.image)), picture)
