"""What an engine is, and what it is handed. Engines know nothing of sockets, jobs or takes.

An engine reads frames, computes an inversion (from the source alone, cached), and yields edited frames. The only thing that calls
back up is the `Context`: cancelled?, progress, cache, checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from keyfollow.edits import SettingValue
from keyfollow.frames import FrameBuffer, FrameRange

Array = npt.NDArray[Any]
Tensors = Mapping[str, Array]
Preview = Callable[[], npt.NDArray[np.uint8]]
"""Makes a picture ``(h, w, 3)`` uint8 RGB of what is being made, for `Context.progress`; of any size: it is shown small."""


class Frames(Protocol):
    """Random access to the decoded source, bounded in memory. Frame numbers are source frames, always."""

    @property
    def count(self) -> int:
        """Frames in the whole clip."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""

    def __getitem__(self, frame: int) -> FrameBuffer:
        """One frame. Cheap near the last one read (either direction); never changes what a later read returns."""

    def digest(self, frame: int) -> bytes:
        """`FrameBuffer.digest` of the frame (32 bytes), computed once."""


class Cache(Protocol):
    """The inversion cache as an engine sees it: whole entries or nothing."""

    def load(self, key: str) -> dict[str, Array] | None:
        """The tensors of an entry, checked against its SHA-256; None when absent or damaged (a damaged entry is removed)."""

    def save(self, key: str, tensors: Tensors) -> None:
        """Commit an entry atomically."""


class Context(Protocol):
    """The one thing an engine may call back."""

    @property
    def cache(self) -> Cache: ...

    @property
    def plan(self) -> int:
        """Steps to go down the engine's memory ladder: 0, or 1 when this run follows one that ran out of memory."""

    def check(self) -> None:
        """Call at every step: raises `Cancelled` when someone cancelled or paused, and tells the watchdog that work moves on."""

    def progress(self, phase: str, done: int, total: int, preview: Preview | None = None) -> None:
        """`phase` is a word a person understands: Reading, Preparing, Propagating. A figure in brackets may follow it, which does not make it
        another phase: Training (loss 0.12). What an earlier attempt at the run did counts as done.

        `preview` shows what is being made. It is called at most once a second, and less often the longer it takes."""

    def note(self, sentence: str) -> None:
        """Tell the person, now and in the take's report, something about how this run goes; the same sentence once."""

    def checkpoint(self, name: str, tensors: Tensors) -> None:
        """Keep state that a resumed run starts from (diffusion steps, training); committed atomically."""

    def restore(self, name: str) -> dict[str, Array] | None:
        """What `checkpoint` kept for this job, if anything."""


@dataclass(frozen=True, slots=True)
class InversionSpec:
    """All that an inversion may depend on: the source-only part of a request. Never the edit, never the range."""

    engine: str
    version: str
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    model_revision: str = ""
    dtype: str = ""
    prompt: str = ""
    draft: bool = False
    model: str | None = None
    """Folder of the weights. It only says where they lie: `model_revision` says what they are."""


@dataclass(frozen=True, slots=True)
class EditKeyframe:
    """A decoded, checked keyframe: same size and dtype as the source."""

    frame: int
    image: FrameBuffer


@dataclass(frozen=True, slots=True)
class EditMask:
    """A decoded mask: ``(h, w)`` float32 in 0…1, 1 inside; on source frame `frame`. `role` as in `keyfollow.edits.Mask`."""

    role: str
    frame: int
    weight: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Edit:
    """The edit as an engine gets it.

    Args:
        range: frames that belong to the run.
        wanted: frames still to be made, a subset of `range`, ascending (the others are finished already).
        keyframes: ascending by frame, at least one; some may lie outside `range`.
        masks: stills given on some frames, ascending; `mask_video(frame)`-style masks arrive as one `EditMask` per wanted frame.
        settings: complete and checked (`EngineInfo.resolve`).
    """

    range: FrameRange
    wanted: Sequence[int]
    keyframes: Sequence[EditKeyframe]
    masks: Sequence[EditMask] = ()
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    prompt: str = ""
    source_prompt: str = ""
    model: str | None = None
    seed: int = 0
    draft: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class EditedFrame:
    """One result.

    Args:
        image: same size, dtype and channels as the source frame.
        confidence: 0…1, how sure the engine is of what it changed in this frame.
        traced: ``(h, w)`` bool; where the automatic mask is traced back to the keyframes' own change. Changed pixels in areas that
            do not touch it are reported as stray. None where a person's mask decides.
        mask: ``(h, w)`` float32 0…1, the person's mask as propagated to this frame; None without one. Where it is 0 the image must
            equal the source bit for bit.
        certainty: `confidence` by place, ``(rows, columns)`` uint8, 255 = sure, spread over the picture, at most 128 x 128; None if the
            engine does not say.
        reached: False where no keyframe has a say, since a cut lies between: then the image is the source.
    """

    frame: int
    image: FrameBuffer
    confidence: float
    traced: npt.NDArray[np.bool_] | None = None
    mask: npt.NDArray[np.float32] | None = None
    certainty: npt.NDArray[np.uint8] | None = None
    reached: bool = True


class Inversion(Protocol):
    """What `invert` made; opaque but for the chunk keys that it consists of, in order."""

    @property
    def keys(self) -> Sequence[str]: ...


class Engine(Protocol):
    """A method of propagation, loaded only inside a worker."""

    def invert(self, frames: Frames, span: FrameRange, spec: InversionSpec, ctx: Context) -> Inversion:
        """Compute (or find in `ctx.cache`) everything about `span` that depends on the source alone."""

    def propagate(self, frames: Frames, inversion: Inversion, edit: Edit, ctx: Context) -> Iterator[EditedFrame]:
        """Yield each of `edit.wanted` exactly once, nearest keyframe outward where the method allows it."""
