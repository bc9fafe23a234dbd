"""What clients show: engines and their settings, estimates, progress, jobs, takes, caches.

The settings schema is the one source of the inspector, the Blender panel, the CLI help and the docs.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, cast

from .edits import Quality, SettingValue
from .errors import UsageError
from .frames import FrameRange

PresetId = Literal["local", "style", "shape"]
SettingKind = Literal["int", "float", "bool", "choice", "text"]
JobState = Literal["queued", "running", "paused", "done", "failed", "cancelled"]
TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
PREVIEW_SIDE, PREVIEW_BYTES = 256, 48 << 10
"""Most pixels along a side of `Progress.preview`, and its most bytes."""
ENDED: frozenset[JobState] = frozenset(("done", "failed", "cancelled"))


@dataclass(frozen=True, slots=True)
class Setting:
    """One knob of an engine. `low` and `high` bound numbers inclusively; `source_only` says that inversion depends on it."""

    name: str
    kind: SettingKind
    default: SettingValue
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    advanced: bool = False
    source_only: bool = False

    def check(self, value: SettingValue) -> SettingValue:
        """`value` as this setting's type.

        Raises:
            UsageError: ``bad_setting`` when it does not fit.
        """
        good = {
            "int": isinstance(value, int) and not isinstance(value, bool),
            "float": isinstance(value, (int, float)) and not isinstance(value, bool),
            "bool": isinstance(value, bool),
            "choice": value in self.choices,
            "text": isinstance(value, str),
        }[self.kind]
        if good and self.kind in ("int", "float"):
            number = cast(float, value)
            # the largest float as a bound refuses infinity, NaN, and whole numbers that float() cannot hold
            low = -sys.float_info.max if self.low is None else self.low
            high = sys.float_info.max if self.high is None else self.high
            good = low <= number <= high
        if not good:
            raise UsageError("bad_setting", f"{self.name} = {value!r} is not possible.", f"Give {self.expected()}.")
        return float(value) if self.kind == "float" else value

    def parse(self, text: str) -> SettingValue:
        """The value that a person typed, e.g. after ``--set name=``."""
        value: SettingValue = text
        with suppress(ValueError, KeyError):
            if self.kind == "int":
                value = int(text)
            elif self.kind == "float":
                value = float(text)
            elif self.kind == "bool":
                value = TRUTH[text.lower()]
        return self.check(value)

    def expected(self) -> str:
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        if self.kind == "bool":
            return "true or false"
        if self.kind == "text":
            return "text"
        name = {"int": "a whole number", "float": "a number"}[self.kind]
        low, high = ("" if v is None else f"{v:.15g}" for v in (self.low, self.high))
        if low and high:
            return f"{name} from {low} to {high}"
        return name + (f" of at least {low}" if low else "") + (f" of at most {high}" if high else "")


PRESETS: dict[PresetId, str] = {"local": "Local change", "style": "Style", "shape": "Shape change"}
"""Kinds of edit, by what a person reads; the same for every engine."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Settings that suit one kind of edit; every setting that is not named has its default."""

    id: PresetId
    help: str
    settings: dict[str, SettingValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """An engine as clients see it, whether or not it can run here."""

    id: str
    name: str
    version: str
    summary: str
    settings: tuple[Setting, ...] = ()
    needs_weights: bool = False
    needs_prompt: bool = False
    needs_keyframe: bool = True
    missing: tuple[str, ...] = ()
    """What this installation still lacks for it, each a sentence; empty when it can run."""
    presets: tuple[Preset, ...] = ()
    piecewise: bool = False
    """A few frames cost it little more than their share of the range, so that drafts can begin with those that are looked at."""

    def resolve(self, given: Mapping[str, SettingValue]) -> dict[str, SettingValue]:
        """All settings: `given`, checked, over the defaults.

        Raises:
            UsageError: ``unknown_setting`` or ``bad_setting``.
        """
        known = {s.name: s for s in self.settings}
        for name in given:
            if name not in known:
                raise UsageError(
                    "unknown_setting",
                    f"The engine {self.id} has no setting called {name}.",
                    f"It has: {', '.join(sorted(known)) or 'none'}.",
                )
        return {s.name: s.check(given[s.name]) if s.name in given else s.default for s in self.settings}


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will cost. `frames_prepared` of `frames` are already in the inversion cache."""

    seconds: float
    ram_bytes: int
    disk_bytes: int
    frames: int
    frames_prepared: int = 0
    vram_bytes: int = 0
    works_at: tuple[int, int] | None = None
    delivers: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """`phase` is a word a person understands; `eta_s` is None until there is something to go by.

    `preview` is a small, rough picture of what the phase is making, a JPEG within `PREVIEW_SIDE` and `PREVIEW_BYTES`; only while a job
    runs, and only where the engine has one to show.
    """

    phase: str
    done: int
    total: int
    eta_s: float | None = None
    preview: bytes | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it is kept with a job (see `errors.KeyfollowError.to_plain`)."""

    kind: str
    code: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job as clients see it. Times are seconds since the epoch (UTC)."""

    id: str
    state: JobState
    engine: str
    source: str
    quality: Quality
    take: str | None
    created: float
    position: float
    attempts: int = 0
    progress: Progress | None = None
    failure: Failure | None = None
    label: str = ""
    range: FrameRange | None = None
    """Frames of the run; None means the whole clip."""
    notes: tuple[str, ...] = ()
    """What a person should know of how it runs, a sentence each: that memory is short and what is done about it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did, measured, not promised.

    `changed_outside_mask` counts pixels that differ from the decoded source where the person's mask is 0 (None without such a
    mask); `stray_frame` / `stray_pixels` name the largest changed area that the automatic mask cannot trace back to the keyframes.
    `confidence` maps source frame (as text) to 0…1. `notes` are the job's.
    """

    frames: int
    seconds: dict[str, float] = field(default_factory=dict)
    cache_hits: int = 0
    cache_misses: int = 0
    cache: str | None = None
    automatic_mask: bool = True
    changed_share: float = 0.0
    changed_outside_mask: int | None = None
    stray_pixels: int = 0
    stray_frame: int | None = None
    confidence: dict[str, float] = field(default_factory=dict)
    suggested_keyframe: int | None = None
    summary: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Take:
    """The edited frames of one run. Finals are never overwritten."""

    id: str
    job: str
    source: str
    engine: str
    quality: Quality
    created: float
    start: int
    stop: int
    size_bytes: int
    complete: bool
    claimed_by: str | None = None
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """An inversion cache: what a run computed from the source alone, named so that a later run can ask for it."""

    id: str
    engine: str
    source: str
    start: int
    stop: int
    entries: int
    size_bytes: int
    saves_s: float
    created: float
    last_used: float
    pinned: bool = False
