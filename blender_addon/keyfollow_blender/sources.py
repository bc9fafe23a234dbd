"""A strip made ready for work: its clip known to the daemon, and which source frame each scene frame shows.

What has no file that the daemon could read is rendered first (`bake`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from keyfollow.edits import Clip
from keyfollow.errors import KeyfollowError, UsageError
from keyfollow.wire import ClipIs

from . import app, bake, clips, compat


@dataclass(frozen=True, slots=True)
class Ready:
    """A strip that can be worked on.

    Args:
        frames: which source frames the scene frames from one to another (not included) show.
        baked: why the strip was rendered first; empty if it was not.
    """

    clip: Clip
    info: ClipIs
    frames: clips.Frames
    baked: str = ""

    def frame_at(self, scene_frame: int) -> int:
        return self.frames(scene_frame, scene_frame + 1)[0]

    @property
    def keyframe_suffix(self) -> str:
        return ".exr" if self.info.dtype == "float16" else ".png"


def prepare(scene: Any, strip: Any, then: Callable[[Ready], None], otherwise: Callable[[KeyfollowError], None]) -> None:
    """Find out about a strip's source; `then` may be called at once or from a later tick."""
    try:
        source = clips.describe(scene, strip)
        if source.clip is None:
            bake.bake(scene, strip, lambda images: prepare_baked(scene, strip, images, source.bake, then, otherwise), otherwise)
            return
        clip = source.clip
        if source.numbers is None:
            clips.movie_rate(strip)  # here, where a button was pressed: too long for the timer
    except (KeyfollowError, OSError) as e:
        otherwise(e if isinstance(e, KeyfollowError) else _unreadable(e))
        return

    def known(info: ClipIs) -> None:
        try:
            ready = Ready(clip, info, clips.timing(scene, strip, source, info))
        except (ReferenceError, OSError) as e:  # meanwhile the strip may be gone, or its file
            otherwise(_unreadable(e) if isinstance(e, OSError) else gone())
            return
        then(ready)

    app.clip_is(clip, known, otherwise)


def known(scene: Any, strip: Any) -> Ready | None:
    """What is known already, for the panel; None where the daemon would have to be asked or something rendered."""
    try:
        source = clips.describe(scene, strip)
        if source.clip is None:
            images = bake.there(strip)
            info = app.known_clip(images.clip) if images else None
            return _baked(strip, images, info, source.bake) if images and info else None
        info = app.known_clip(source.clip)
        return Ready(source.clip, info, clips.timing(scene, strip, source, info)) if info else None
    except (KeyfollowError, OSError):
        return None


def prepare_baked(
    scene: Any,
    strip: Any,
    images: bake.Images,
    why: str,
    then: Callable[[Ready], None],
    otherwise: Callable[[KeyfollowError], None],
) -> None:
    app.clip_is(images.clip, lambda info: then(_baked(strip, images, info, why)), otherwise)


def _baked(strip: Any, images: bake.Images, info: ClipIs, why: str) -> Ready:
    first = round(compat.content(strip)[0]) + images.offset
    return Ready(images.clip, info, partial(_of_rendered, first, info.frames - 1), why)


@lru_cache(maxsize=4)
def _of_rendered(first: int, last: int, left: int, right: int) -> tuple[int, ...]:
    return tuple(min(max(t - first, 0), last) for t in range(left, right))


def _unreadable(error: OSError) -> UsageError:
    return UsageError("cannot_read", str(error), "Check the strip's files.")


def gone() -> UsageError:
    return UsageError("strip_gone", "The strip is not there any more.", "Undo its removal, or select another strip.")
