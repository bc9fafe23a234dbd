"""The values that make up a project. All of them are immutable; every change is a function that returns another `Project`.

    Project
    ├── media       the bin: a `Media` per source, by id
    ├── work        what a person did to a source, by the same id, in source frames: a `Work`
    │               ├── Keyframe…, Mask…, Retouch…     pictures, named by file in the project's folders
    │               ├── TakeRef…                       what runs made of it
    │               └── Settings, cuts
    └── timeline    Track… ── Clip…, Marker…, in and out

Keyframes, masks and takes belong to the *source*, in source frames, never to a clip on the timeline: splitting, trimming, slipping or
copying a clip loses none of them. Frames on the timeline ("record frames") are whole numbers at `Timeline.rate`; ranges are half-open.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from keyfollow.edits import MaskRole, Quality, SettingValue
from keyfollow.errors import UsageError

SCHEMA = 1
"""Version of the project file. A newer one opens read-only."""

Rate = tuple[int, int]
TrackKind = Literal["video", "audio"]
Preset = Literal["local", "style", "shape"]


def new_id() -> str:
    """A fresh id of 12 hexadecimal digits, for what is made in this project."""
    return secrets.token_hex(6)


@dataclass(frozen=True, slots=True)
class Media:
    """A source in the bin: a file, or the folder or printf pattern of an image sequence.

    `digest` is `relink.fingerprint`'s and survives a move; `frames`, `width`, `height` and `rate` are as `media.probe` found them.
    `given_rate` is the rate a person chose for an image sequence. `reel` is the name by which other editors know the tape or card. `view`
    is how it is shown, never what is made of it: a name of `ui.view_transform.CURVES`, the path of a .cube, or "" for as it is;
    `full_range` says that its values are code values from 0 on, not from 64 of 1023.
    """

    id: str
    name: str
    path: str
    digest: str
    width: int
    height: int
    frames: int
    rate: Rate
    sound: bool = False
    given_rate: Rate | None = None
    timecode: str = ""
    reel: str = ""
    view: str = ""
    full_range: bool = False

    @property
    def fps(self) -> Fraction:
        return Fraction(*self.rate)


@dataclass(frozen=True, slots=True)
class Keyframe:
    """An edited picture of source frame `frame`. `image` and `layers` (the editor's own file) are names in `keyframes/`."""

    frame: int
    image: str
    layers: str = ""


@dataclass(frozen=True, slots=True)
class Mask:
    """Where an edit may go, must not go, or what passes in front; see `keyfollow.edits.Mask`.

    `image` is a name in `masks/`, painted on source frame `frame`; `video` is a path outside that gives each frame its own. Grow (below 0:
    shrink) and feather are in source pixels, opacity is 0…1.
    """

    id: str
    role: MaskRole = "edit"
    frame: int | None = None
    image: str = ""
    video: str = ""
    invert: bool = False
    grow: float = 0.0
    feather: float = 0.0
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Retouch:
    """A fix of one frame that does not propagate and survives re-runs; `image` is a name in `keyframes/`."""

    frame: int
    image: str


@dataclass(frozen=True, slots=True)
class TakeRef:
    """A take of the daemon as the project keeps it. `inputs` is `work_edits.inputs_of` when it was started: unlike now, it is out of date.

    `start`, `stop` are source frames; `version` counts takes of one source from 1 and is never used twice.
    """

    id: str
    version: int
    quality: Quality
    engine: str
    start: int
    stop: int
    inputs: str
    created: float
    name: str = ""
    note: str = ""
    star: bool = False
    pin: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """How the next run of a source is made. `values` are the engine's own settings, as far as a person chose them."""

    engine: str = "patch"
    preset: Preset = "local"
    prompt: str = ""
    source_prompt: str = ""
    model: str | None = None
    seed: int = 0
    values: dict[str, SettingValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Work:
    """What a person did to one source. `cuts` are the first frames of its shots but the first; all tuples are sorted by frame or age."""

    keyframes: tuple[Keyframe, ...] = ()
    masks: tuple[Mask, ...] = ()
    retouches: tuple[Retouch, ...] = ()
    takes: tuple[TakeRef, ...] = ()
    settings: Settings = field(default_factory=Settings)
    cuts: tuple[int, ...] = ()
    versions: int = 0
    """How many takes it ever had."""


NOTHING_DONE = Work()


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of a source on a track: `length` record frames from `start`, showing the source from `source_start`.

    `source_start` counts source frames and need not be whole where the rates differ: so a split moves no picture, not by one frame.
    `take` is the id of the take that it shows, "" for the source itself. `dissolve` is over how many record frames it comes out of the clip
    that ends where it starts; where none does it is a cut.
    """

    id: str
    media: str
    start: int
    length: int
    source_start: Fraction = Fraction(0)
    take: str = ""
    name: str = ""
    dissolve: int = 0

    @property
    def stop(self) -> int:
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Marker:
    frame: int
    text: str = ""
    colour: str = "blue"


@dataclass(frozen=True, slots=True)
class Track:
    """Clips sorted by `start`, none over another. Tracks are listed from the lowest to the topmost; the topmost picture is seen."""

    id: str
    kind: TrackKind = "video"
    name: str = ""
    clips: tuple[Clip, ...] = ()
    muted: bool = False
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """`marked` is in and out, half-open, in record frames; None where a person set none."""

    rate: Rate = (24, 1)
    tracks: tuple[Track, ...] = ()
    markers: tuple[Marker, ...] = ()
    marked: tuple[int, int] | None = None

    @property
    def fps(self) -> Fraction:
        return Fraction(*self.rate)

    @property
    def length(self) -> int:
        """Record frames up to the end of the last clip."""
        return max((t.clips[-1].stop for t in self.tracks if t.clips), default=0)


@dataclass(frozen=True, slots=True)
class Project:
    name: str = ""
    media: dict[str, Media] = field(default_factory=dict)
    work: dict[str, Work] = field(default_factory=dict)
    timeline: Timeline = field(default_factory=Timeline)

    def source(self, media: str) -> Media:
        """Raises UsageError ``no_such_media``."""
        if media not in self.media:
            raise UsageError("no_such_media", "This clip's source is not in the bin.", "Import it again.")
        return self.media[media]

    def work_of(self, media: str) -> Work:
        """What was done to a source; an empty `Work` where nothing was yet."""
        return self.work.get(media, NOTHING_DONE)

    def find(self, clip: str) -> tuple[Track, Clip]:
        """A clip and its track.

        Raises:
            UsageError: ``no_such_clip``.
        """
        for track in self.timeline.tracks:
            for candidate in track.clips:
                if candidate.id == clip:
                    return track, candidate
        raise UsageError("no_such_clip", "That clip is no longer on the timeline.", "Select another one.")
