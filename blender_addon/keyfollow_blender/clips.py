"""From a strip to the clip that the daemon reads, and to which of its frames each scene frame shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import bpy
from keyfollow.edits import Clip
from keyfollow.errors import MediaError, UsageError
from keyfollow.wire import ClipIs

from . import compat, folders
from .timing import Timing, begun, playback_rate

_NUMBERED = re.compile(r"^(.*?)(\d+)(\.[^.]+)$")
_rates: dict[tuple[str, int, int], float] = {}
_counts: dict[tuple[str, int, int], int] = {}


@dataclass(frozen=True, slots=True)
class Source:
    """A strip's media.

    Args:
        clip: as the daemon opens it.
        numbers: of an image strip: source frame of each of its images; None for a movie.
        bake: why the strip has to be rendered first, a sentence; then `clip` is None.
    """

    clip: Clip | None
    numbers: tuple[int, ...] | None = None
    bake: str = ""


def describe(scene: Any, strip: Any) -> Source:
    """What a strip's pixels come from.

    Raises:
        MediaError: ``media_not_found``.
    """
    if len(strip.retiming_keys) > 2 if hasattr(strip, "retiming_keys") else False:
        return Source(None, bake="Its speed varies: what the strip shows is rendered first")
    if strip.type == "MOVIE":
        path = _absolute(strip.filepath)
        if not Path(path).is_file():
            raise _gone(path)
        return Source(Clip(path))
    if strip.type == "IMAGE":
        return _images(scene, strip)
    return Source(None, bake=f"A {strip.type.lower()} strip has no file: what it shows is rendered first")


Frames = Callable[[int, int], tuple[int, ...]]
"""From scene frames, the last one not included, to the source frames that they show."""


def timing(scene: Any, strip: Any, source: Source, clip: ClipIs) -> Frames:
    """Which source frames a strip shows."""
    start, length = compat.content(strip)
    skipped, cut = compat.trims(strip)
    scene_fps = scene.render.fps / scene.render.fps_base
    fps = movie_rate(strip) if source.numbers is None else 0.0
    total = len(source.numbers) if source.numbers is not None else clip.frames
    varies = bool(clip.pts) and fps > 0
    if varies:
        total = _counted(_absolute(strip.filepath))
    frames = max(1, total - skipped - cut)
    keys = [k.timeline_frame for k in strip.retiming_keys] if hasattr(strip, "retiming_keys") else []
    rate = 1.0
    if fps > 0 and not keys:
        rate = playback_rate(frames, length, fps, scene_fps)
    play = Timing(
        start=start,
        length=length,
        frames=frames,
        skipped=skipped,
        rate=rate,
        reverse=strip.use_reverse_frames,
        strobe=strip.strobe,
        retimed=(keys[0], keys[-1]) if len(keys) == 2 else None,
        movie=source.numbers is None,
        reaches_end=compat.FIVE,
        sticky=compat.FIVE,
        left=compat.edges(strip)[0],
    )
    if source.numbers is not None:
        return partial(_of_images, play, source.numbers)
    if not varies:
        return partial(_of_movie, play, clip.frames - 1)
    exact = clip.rate[0] / clip.rate[1]
    told = exact if abs(exact / fps - 1) < 1e-6 else fps  # Blender tells its rate in single precision
    return partial(_of_moments, play, clip.pts, clip.time_base, told)


# kept, because a panel asks twice a second: for an hour of frames it is 30 ms of work each time
@lru_cache(maxsize=4)
def _of_images(play: Timing, numbers: tuple[int, ...], left: int, right: int) -> tuple[int, ...]:
    return tuple(numbers[min(n, len(numbers) - 1)] for n in play.frames_at(left, right))


@lru_cache(maxsize=4)
def _of_movie(play: Timing, last: int, left: int, right: int) -> tuple[int, ...]:
    return tuple(min(n, last) for n in play.frames_at(left, right))


@lru_cache(maxsize=4)
def _of_moments(
    play: Timing, pts: tuple[int, ...], time_base: tuple[int, int], fps: float, left: int, right: int
) -> tuple[int, ...]:
    return tuple(begun(pts, time_base, fps, play.frames_at(left, right)))


def movie_rate(strip: Any) -> float:
    """A movie strip's frames per second as Blender takes them, read once for each version of the file.

    Blender opens the file anew whenever it is asked: 50 ms at 1080p, too long for the timer.
    """
    key = _version(_absolute(strip.filepath))
    if key not in _rates:
        _rates[key] = float(strip.fps)
    return _rates[key]


def _counted(path: str) -> int:
    """How many frames Blender counts in a movie: where the rate varies they are moments, not pictures. Only its own reader knows."""
    key = _version(path)
    if key not in _counts:
        movie = bpy.data.movieclips.load(path)
        _counts[key] = int(movie.frame_duration)
        bpy.data.movieclips.remove(movie)
    return _counts[key]


def _version(path: str) -> tuple[str, int, int]:
    found = Path(path).stat()
    return path, found.st_size, found.st_mtime_ns


def _images(scene: Any, strip: Any) -> Source:
    """Images of one numbered series, in any order; anything else is rendered."""
    folder = Path(_absolute(strip.directory))
    names = [e.filename for e in strip.elements]
    rate = _rate(scene)
    if not names:
        raise UsageError("no_images", "The strip has no images.", "Point it to its files.")
    there = _files(folder, folder.stat().st_mtime_ns if folder.is_dir() else 0)
    missing = next((n for n in dict.fromkeys(names) if n not in there), None)
    if missing is not None:
        raise _gone(str(folder / missing))
    if len(set(names)) == 1:
        return Source(Clip(str(folder / names[0]), rate=rate), (0,) * len(names))
    pattern, numbers, why = _series(tuple(names), there)
    return Source(None, bake=why) if why else Source(Clip(str(folder / pattern), rate=rate), numbers)


@lru_cache(maxsize=16)  # the panel asks twice a second, and there may be thousands
def _files(folder: Path, mtime_ns: int) -> frozenset[str]:
    return folders.names(folder)


@lru_cache(maxsize=16)
def _series(names: tuple[str, ...], there: frozenset[str]) -> tuple[str, tuple[int, ...], str]:
    """The pattern of a numbered series and the frame of each name in it, or why there is none."""
    parts = [_NUMBERED.match(n) for n in names]
    kinds = {(m[1], m[3], len(m[2])) for m in parts if m is not None}
    if None in parts or len(kinds) != 1 or "%" in names[0]:
        return "", (), "Its images are not one numbered series: what the strip shows is rendered first"
    ((head, tail, digits),) = kinds
    series = re.compile(rf"{re.escape(head)}(\d{{{digits},}}){re.escape(tail)}")
    found = sorted(int(m[1]) for n in there if (m := series.fullmatch(n)))
    if found[-1] - found[0] + 1 != len(found):
        return "", (), "Its numbered images have gaps: what the strip shows is rendered first"
    return f"{head}%0{digits}d{tail}", tuple(int(m[2]) - found[0] for m in parts if m is not None), ""


def _rate(scene: Any) -> tuple[int, int]:
    """The scene's frames per second as a fraction: images have no rate of their own."""
    base = scene.render.fps_base
    if abs(base - 1.001) < 1e-6:
        return scene.render.fps * 1000, 1001
    return round(scene.render.fps * 1000), round(base * 1000)


def _absolute(path: str) -> str:
    return str(Path(bpy.path.abspath(path)).absolute())


def _gone(path: str) -> MediaError:
    return MediaError("media_not_found", f"There is no file {path}.", "Point the strip to where the file is now.")
