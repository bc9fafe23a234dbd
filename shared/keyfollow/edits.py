"""One tree of dataclasses that holds everything a run needs.

    EditRequest ── Clip
        ├── Keyframe… ── Blob
        ├── Mask… ───── Blob or path
        └── range, engine, settings, prompts, seed, quality

All of it is plain data (`plain.to_plain` / `plain.from_plain`): it travels on the wire, lies in the job store, and becomes the
take's `Recipe`. Pictures are never inside: a `Blob` names bytes that the daemon holds by their SHA-256.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .frames import FrameRange

SettingValue = int | float | bool | str
Quality = Literal["draft", "final"]
MaskRole = Literal["edit", "protect", "front"]


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that a client put into the daemon's store.

    `form` is ``"file"`` for an image file as a person saved it (decoded only in the sandbox) or ``"frame"`` for pixels packed
    by `deltas.pack`. `name` is for messages to people only.
    """

    sha256: str
    size: int
    form: Literal["file", "frame"] = "file"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Clip:
    """The source: a path (video file, folder of numbered images, printf pattern) or uploaded frames, exactly one of them.

    `rate` is (numerator, denominator) in frames per second; needed for uploaded frames, overrides 24 for image sequences,
    and must stay None for videos, which know their own.
    """

    path: str | None = None
    frames: tuple[Blob, ...] = ()
    rate: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Keyframe:
    """The edited picture of source frame `frame`; same size as the clip. It may lie outside the range and still drives it."""

    frame: int
    image: Blob


@dataclass(frozen=True, slots=True)
class Mask:
    """Where the edit may go (`edit`), must not go (`protect`), or what passes in front (`front`).

    A still given on source frame `frame` is propagated with the picture; a `video` path gives every frame its own.
    White (luma, or alpha where the picture has one) is inside.
    """

    role: MaskRole = "edit"
    frame: int | None = None
    image: Blob | None = None
    video: str | None = None


@dataclass(frozen=True, slots=True)
class EditRequest:
    """Everything that decides the result of a run, and nothing else (priority and delivery are the job's and the client's)."""

    clip: Clip
    keyframes: tuple[Keyframe, ...] = ()
    masks: tuple[Mask, ...] = ()
    range: FrameRange | None = None
    engine: str = "patch"
    settings: dict[str, SettingValue] = field(default_factory=dict)
    prompt: str = ""
    source_prompt: str = ""
    model: str | None = None
    seed: int = 0
    quality: Quality = "final"
    cache: str | None = None
    """An inversion cache announced by an earlier run; None lets the daemon find what fits."""
