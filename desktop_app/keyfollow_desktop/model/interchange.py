"""Timelines out to other editors and in from them: OpenTimelineIO, EDL (CMX 3600) and Final Cut Pro 7 XML, by OTIO's adapters.

What is written shows, per clip, the media that the clip shows: its take where it has one. EDL holds one video track and one rate, so there
the tracks are flattened as they are seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlparse

import opentimelineio as otio
from keyfollow.atomic import storage_errors, write_atomic
from keyfollow.errors import KeyfollowError, UsageError

from .otio_form import KEY, SOURCE, add_clip, rate_of, record_time, to_otio
from .state import Clip, Marker, Media, Project, Rate, Timeline, Track, new_id

ADAPTERS = {".otio": "otio_json", ".edl": "cmx_3600", ".xml": "fcp_xml"}
MAX_BYTES = 256 << 20

Describe = Callable[[str], Media]
"""Looks at a path: `media.probe` and `relink.fingerprint` behind it. Raises MediaError when it cannot."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The media file that stands for a take in other editors: source frames `start` to `stop`, half-open."""

    path: str
    start: int
    stop: int


Delivered = Callable[[str], Rendered | None]
"""What was rendered of a take (by its id), None where nothing was."""


def export(project: Project, target: Path, delivered: Delivered = lambda take: None, *, sound: bool = False) -> None:
    """Write the timeline to `target`; the suffix says how (.otio, .edl, .xml).

    Times of media are those of their own start timecodes, as other editors relink by; without one they count from 0.

    Args:
        sound: write each clip's own sound on a track of its own, as editors do that take it for a thing apart.

    Raises:
        UsageError: ``unknown_format``, ``empty_timeline``, or ``cannot_export`` with what the format cannot say.
        StorageError: ``disk_full``, ``cannot_write``.
    """
    adapter = _adapter(target)
    if not project.timeline.length:
        raise UsageError("empty_timeline", "There is nothing on the timeline.", "Put a clip on it first.")
    made = to_otio(project)
    _name_takes(made, delivered)
    for clip in made.find_clips():
        media = project.source(clip.metadata[KEY]["media"])
        _from_timecode(clip, media)
        _name_reel(clip, media)
    if sound:
        _add_sound(made, project)
    if adapter != "otio_json":
        _at_one_rate(made, float(project.timeline.fps))
    if adapter == "cmx_3600":
        made = _flattened(made)
    options = {"rate": float(project.timeline.fps)} if adapter == "cmx_3600" else {}
    try:
        text: str = otio.adapters.write_to_string(made, adapter, **options)
    except (otio.exceptions.OTIOError, ValueError, KeyError, TypeError) as e:
        raise UsageError(
            "cannot_export",
            f"This timeline cannot be written as {target.suffix}: {e}.",
            "Write it as .otio, which holds everything.",
        ) from e
    with storage_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(target, text.encode())


def read(path: Path, describe: Describe, rate: Rate = (24, 1)) -> Project:
    """A project from another editor's timeline. Media that `describe` cannot open are there as missing, to be relinked.

    Args:
        rate: of an EDL, which doesn't say its own; the others do.

    Raises:
        UsageError: ``unknown_format``, ``no_such_file``, ``cannot_import``.
    """
    adapter = _adapter(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError("cannot_import", f"{path.name} is larger than 256 MiB.", "Export less of the timeline.")
        options = {"rate": float(Fraction(*rate))} if adapter == "cmx_3600" else {}
        read_in = otio.adapters.read_from_string(path.read_text("utf-8", errors="replace"), adapter, **options)
    except OSError as e:
        raise UsageError("no_such_file", f"{path} cannot be read ({e.strerror or e}).", "Choose another file.") from e
    except UsageError:
        raise
    except Exception as e:
        # the adapters let through whatever their parsers raise
        raise _not_read(path, e) from e
    timeline = next(iter(read_in), None) if isinstance(read_in, otio.schema.SerializableCollection) else read_in
    if not isinstance(timeline, otio.schema.Timeline):
        raise _not_read(path, "it holds no timeline")
    try:
        return _Reader(timeline, describe).project()
    except (ValueError, TypeError, AttributeError, otio.exceptions.OTIOError) as e:
        raise _not_read(path, e) from e


def _not_read(path: Path, why: object) -> UsageError:
    return UsageError(
        "cannot_import", f"{path.name} cannot be read as a timeline: {why}.", "Export it again, as .otio if possible."
    )


def _adapter(path: Path) -> str:
    adapter = ADAPTERS.get(path.suffix.lower())
    if adapter is None:
        raise UsageError(
            "unknown_format", f"{path.name} is no timeline format.", "Give a name that ends in .otio, .edl or .xml."
        )
    return adapter


# --- out ---------------------------------------------------------------------------------------------------------------------


def _name_takes(timeline: otio.schema.Timeline, delivered: Delivered) -> None:
    """Point each active take's reference at the file that was delivered of it, and name the take where editors look."""
    for clip in timeline.find_clips():
        key = clip.active_media_reference_key
        if key == SOURCE:
            continue
        rendered = delivered(clip.media_reference.metadata[KEY]["take"])
        if rendered is not None:
            rate = clip.media_reference.available_range.start_time.rate
            clip.media_reference.target_url = Path(rendered.path).as_uri()
            clip.media_reference.available_range = otio.opentime.TimeRange(
                otio.opentime.RationalTime(rendered.start, rate),
                otio.opentime.RationalTime(rendered.stop - rendered.start, rate),
            )
            clip.media_reference.metadata[KEY]["rendered"] = True
        clip.name = f"{clip.name} {key}"


def _from_timecode(clip: otio.schema.Clip, media: Media) -> None:
    """Count the clip's range and its active media as the file itself does: from its start timecode, or from its own first frame."""
    reference = clip.media_reference
    rate = float(media.fps)
    code = frames_of(media)
    # a file that was rendered of a part begins at that part; it carries a timecode only where its source has one
    part = "rendered" in reference.metadata.get(KEY, {})
    own = reference.available_range.start_time if part and code is None else None
    shift = otio.opentime.RationalTime(code or 0, rate) - (own or otio.opentime.RationalTime(0, rate))
    for holder, name in ((clip, "source_range"), (reference, "available_range")):
        old = getattr(holder, name)
        setattr(holder, name, otio.opentime.TimeRange(old.start_time + shift.rescaled_to(old.start_time.rate), old.duration))
    for marker in clip.markers:
        old = marker.marked_range
        marker.marked_range = otio.opentime.TimeRange(old.start_time + shift.rescaled_to(old.start_time.rate), old.duration)


def _name_reel(clip: otio.schema.Clip, media: Media) -> None:
    """Where each adapter looks for it. In an EDL, whose events have to have one, the file's name stands for it."""
    clip.metadata["cmx_3600"] = {"reel": re.sub("[^A-Za-z0-9_-]", "", media.reel or Path(media.name).stem)[:8] or "AX"}
    if media.reel:
        for reference in clip.media_references().values():
            reference.metadata["fcp_xml"] = {"timecode": {"reel": {"name": media.reel}}}


def frames_of(media: Media) -> int | None:
    """The frame number of a source's start timecode, None without one that its rate has."""
    if not media.timecode:
        return None
    try:
        return int(otio.opentime.from_timecode(media.timecode.replace(".", ";"), float(media.fps)).value)
    except ValueError:
        return None


def _add_sound(timeline: otio.schema.Timeline, project: Project) -> None:
    for track in list(timeline.video_tracks()):
        twin = otio.schema.Track(name=f"A {track.name}", kind=otio.schema.TrackKind.Audio)
        twin.enabled = track.enabled
        for item in track:
            if isinstance(item, otio.schema.Transition):
                continue
            heard = isinstance(item, otio.schema.Clip) and project.source(item.metadata[KEY]["media"]).sound
            twin.append(item.deepcopy() if heard else otio.schema.Gap(duration=item.duration()))
        for clip in twin.find_clips():
            del clip.markers[:]
        timeline.tracks.append(twin)


def _at_one_rate(timeline: otio.schema.Timeline, rate: float) -> None:
    """All times in frames of the record: other editors expect one rate per sequence."""

    def whole(time: otio.opentime.RationalTime) -> otio.opentime.RationalTime:
        return otio.opentime.RationalTime(float(round(time.rescaled_to(rate).value)), rate)

    def span(range_: otio.opentime.TimeRange) -> otio.opentime.TimeRange:
        return otio.opentime.TimeRange(whole(range_.start_time), whole(range_.duration))

    for track in timeline.tracks:
        for item in track:
            if isinstance(item, otio.schema.Transition):
                item.in_offset, item.out_offset = whole(item.in_offset), whole(item.out_offset)
                continue
            if item.source_range:
                item.source_range = span(item.source_range)
            if isinstance(item, otio.schema.Clip):
                for marker in item.markers:
                    marker.marked_range = span(marker.marked_range)
                references = item.media_references()
                for reference in references.values():
                    if reference.available_range:
                        reference.available_range = span(reference.available_range)


def _flattened(timeline: otio.schema.Timeline) -> otio.schema.Timeline:
    seen = [t for t in timeline.video_tracks() if t.enabled]
    if not seen:
        raise UsageError("cannot_export", "An EDL needs a video track that is not muted.", "Unmute one, or write .otio.")
    made = otio.schema.Timeline(name=timeline.name)
    made.tracks.append(otio.algorithms.flatten_stack(seen) if len(seen) > 1 else seen[0].deepcopy())
    return made


# --- in ----------------------------------------------------------------------------------------------------------------------


class _Reader:
    def __init__(self, timeline: otio.schema.Timeline, describe: Describe) -> None:
        self._timeline = timeline
        self._describe = describe
        self._media: dict[str, Media] = {}
        self._paths: dict[str, str] = {}

    def project(self) -> Project:
        timeline = self._timeline
        fps = rate_of(self._rate())
        empty = Timeline((fps.numerator, fps.denominator))
        tracks = tuple(self._track(t, empty) for t in timeline.tracks if isinstance(t, otio.schema.Track))
        markers = tuple(
            Marker(max(0, round(record_time(m.marked_range.start_time, fps))), m.name, str(m.color or "blue").lower())
            for m in timeline.tracks.markers
        )
        made = replace(empty, tracks=tracks, markers=tuple(sorted(markers, key=lambda m: m.frame)))
        return Project(timeline.name, self._media, {}, made)

    def _rate(self) -> float:
        if self._timeline.global_start_time is not None and self._timeline.global_start_time.rate > 1:
            return float(self._timeline.global_start_time.rate)
        rates = [c.duration().rate for c in self._timeline.find_clips()]
        if not rates:
            raise ValueError("it has no clips")
        return float(max(set(rates), key=rates.count))

    def _track(self, track: otio.schema.Track, timeline: Timeline) -> Track:
        clips: list[Clip] = []
        at = record_time(otio.opentime.RationalTime(0, 1), timeline.fps)
        transition: otio.schema.Transition | None = None
        for item in track:
            if isinstance(item, otio.schema.Transition):
                transition = item
                continue
            over, transition = transition, None
            start, at = at, at + record_time(item.duration(), timeline.fps)
            if isinstance(item, otio.schema.Clip) and round(at) > round(start):
                media = self._source(item)
                first = item.trimmed_range().start_time
                reference = item.media_reference
                if reference and reference.available_range and not first < reference.available_range.start_time:
                    # cameras count from their own timecode; we count frames of the file
                    first = first - reference.available_range.start_time
                elif (code := frames_of(media)) is not None and record_time(first, media.fps) >= code:
                    first = first - otio.opentime.RationalTime(code, float(media.fps)).rescaled_to(first.rate)
                length = round(at) - round(start)
                clip = Clip(new_id(), media.id, round(start), length, record_time(first, media.fps), name=item.name)
                add_clip(clips, clip, over, media, timeline.fps)
        kind: Literal["video", "audio"] = "audio" if track.kind == otio.schema.TrackKind.Audio else "video"
        return Track(new_id(), kind, track.name, tuple(clips), muted=not track.enabled)

    def _source(self, clip: otio.schema.Clip) -> Media:
        path = _path_of(clip.media_reference) or clip.name
        if path not in self._paths:
            media = self._look(path, clip)
            self._paths[path] = media.id
            self._media[media.id] = media
        return self._media[self._paths[path]]

    def _look(self, path: str, clip: otio.schema.Clip) -> Media:
        try:
            return self._describe(path)
        except KeyfollowError:
            range_ = clip.media_reference.available_range if clip.media_reference else None
            range_ = range_ or clip.trimmed_range()
            fps = rate_of(range_.duration.rate)
            frames = max(1, round(range_.duration.value))
            return Media(new_id(), Path(path).name or clip.name, path, "", 0, 0, frames, (fps.numerator, fps.denominator))


def _path_of(reference: Any) -> str:
    url = getattr(reference, "target_url", "") or ""
    parts = urlparse(url)
    return unquote(parts.path) if parts.scheme == "file" else url
