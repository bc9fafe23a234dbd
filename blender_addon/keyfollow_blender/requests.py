"""From what the panel holds to an `EditRequest`: pictures hashed, masks and settings checked where that needs no media."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from keyfollow.edits import Blob, EditRequest, Keyframe, Mask
from keyfollow.errors import UsageError
from keyfollow.frames import FrameRange

from . import compat, engines, folders, keyframes, preferences, state
from .plan import Plan
from .sources import Ready
from .timing import is_plain

HANDLES = 12
"""Frames made beyond a trimmed strip's edges, so that moving a cut a little needs no run."""
UNKNOWN = Blob("0" * 64, 0)
"""Stands for a picture where only the cost is asked."""


@dataclass(slots=True)
class Pictures:
    """Files of a request, by their SHA-256."""

    files: dict[str, Path] = field(default_factory=dict)

    def add(self, path: Path) -> Blob:
        """Raises `UsageError` ``cannot_read``."""
        sha256 = keyframes.digest(path)
        if not sha256:
            raise UsageError("cannot_read", f"{path} cannot be read.", "Choose the picture again.")
        size = path.stat().st_size
        self.files[sha256] = path
        return Blob(sha256, size, "file", path.name)


def scene_range(scene: Any, strip: Any) -> tuple[int, int]:
    """Scene frames that a run covers, half-open: what the person chose, as far as the strip shows it.

    Raises:
        UsageError: ``empty_range``.
    """
    left, right = compat.edges(strip)
    kept = strip.keyfollow
    if kept.range == "SCENE":
        first, last = (
            (scene.frame_preview_start, scene.frame_preview_end)
            if scene.use_preview_range
            else (scene.frame_start, scene.frame_end)
        )
        left, right = max(left, first), min(right, last + 1)
    elif kept.range == "TYPED":
        left, right = max(left, kept.start), min(right, kept.stop)
    if left >= right:
        raise UsageError("empty_range", "The strip shows nothing in this range.", "Choose another range.")
    return left, right


def handles(strip: Any, left: int, right: int) -> tuple[int, int]:
    """Scene frames that the strip hides before and after its edges and that a run makes too; none where the person gave a range."""
    if strip.keyfollow.range != "STRIP":
        return 0, 0
    start, length = compat.content(strip)
    return max(0, min(HANDLES, left - math.ceil(start))), max(0, min(HANDLES, math.floor(start) + length - right))


def lacks(kept: Any) -> str:
    """What a strip's panel must be given before anything can run, a sentence; empty when nothing is missing."""
    info = engines.info(kept.engine)
    if info is not None and info.missing:
        return " ".join(info.missing)
    if not kept.keyframes:
        if info is None or info.needs_keyframe:
            return "Edit a keyframe first."
        if not kept.prompt:
            return "Edit a keyframe first, or say in the prompt what the result shows."
    if info is not None and info.needs_weights and not kept.model:
        return "Choose the folder of the engine's model."
    return ""


def plan(scene: Any, strip: Any, ready: Ready, quality: str) -> Plan:
    """Raises `UsageError` ``empty_range``."""
    kept = strip.keyfollow
    left, right = scene_range(scene, strip)
    before, after = (0, 0) if ready.baked else handles(strip, left, right)  # what was rendered ends where the strip does
    frames = ready.frames(left - before, right + after)
    suffix = {"tiff": ".tif", "png": ".png"}[preferences.get().form]
    baked = ready.baked
    if not baked and not _span(frames)[1]:
        baked = "Speed and frame rate are in the result's images: retime the source, then propagate again"
    return Plan(
        clip=ready.clip,
        offset=left - round(compat.content(strip)[0]),
        frames=frames,
        suffix=".exr" if ready.info.dtype == "float16" else suffix,
        baked=baked,
        looks=not ready.baked,
        show="edit" if kept.deliver == "edit" else "full",
        quality=quality,
        handles=(before, after),
    )


@lru_cache(maxsize=4)  # as what the frames are worked out from
def _span(frames: tuple[int, ...]) -> tuple[FrameRange, bool]:
    """Between which source frames these lie, and whether they are simply one after the other."""
    return FrameRange(min(frames), max(frames) + 1), is_plain(frames)


def build(strip: Any, wanted: Plan, pictures: Pictures | None) -> EditRequest:
    """The request for a plan; without `pictures` none is read, which is enough for an estimate.

    Raises:
        UsageError: ``cannot_read``.
    """
    kept = strip.keyfollow

    def blob(path: str) -> Blob:
        return pictures.add(folders.found(path)) if pictures is not None else UNKNOWN

    masks = [
        Mask(m.role, video=str(folders.found(m.path))) if m.video else Mask(m.role, frame=m.frame, image=blob(m.path))
        for m in kept.masks
    ]
    return EditRequest(
        clip=wanted.clip,
        keyframes=tuple(Keyframe(k.frame, blob(k.path)) for k in sorted(kept.keyframes, key=lambda k: k.frame)),
        masks=tuple(masks),
        range=_span(wanted.frames)[0],
        engine=kept.engine,
        settings=state.chosen_settings(kept),
        prompt=kept.prompt,
        source_prompt=kept.source_prompt,
        model=str(folders.found(kept.model)) if kept.model else None,
        seed=kept.seed,
        quality="draft" if wanted.quality == "draft" else "final",
    )
