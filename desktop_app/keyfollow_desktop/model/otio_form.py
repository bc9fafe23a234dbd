"""A project as an OpenTimelineIO timeline, and back.

Anyone's OTIO tool sees tracks, clips, markers, and per clip its media references: `DEFAULT_MEDIA` is the source, ``take_001``… are its
takes, the active one is what the clip shows. Everything else is ours, under the one metadata key ``keyfollow``.
"""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
from keyfollow.plain import PlainError, from_plain, to_plain

from .ranges import record_frame, used
from .state import Clip, Marker, Media, Project, Rate, TakeRef, Timeline, Track, Work

KEY = "keyfollow"
SOURCE = "DEFAULT_MEDIA"
KEYFRAME = "edit keyframe"


def to_otio(project: Project, relative: dict[str, str] | None = None) -> otio.schema.Timeline:
    """Args:
    relative: by media id, the way from the project's folder to a source; kept beside the absolute path.
    """
    timeline = project.timeline
    made = otio.schema.Timeline(name=project.name)
    made.metadata[KEY] = {
        "media": {
            name: {**to_plain(media), "relative": (relative or {}).get(name, "")} for name, media in project.media.items()
        },
        # as text: OTIO's JSON reader may change the last bits of a number, and what changed makes a take out of date
        "work": {name: json.dumps(to_plain(work)) for name, work in project.work.items()},
        "rate": list(timeline.rate),
        "marked": None if timeline.marked is None else list(timeline.marked),
    }
    rate = float(timeline.fps)
    references = {name: _references(project, media) for name, media in project.media.items()}
    for track in timeline.tracks:
        made.tracks.append(_track_out(project, track, rate, references))
    for marker in timeline.markers:
        made.tracks.markers.append(
            otio.schema.Marker(name=marker.text, marked_range=_frames(marker.frame, 1, rate), color=marker.colour.upper())
        )
    return made


def from_otio(timeline: otio.schema.Timeline) -> tuple[Project, dict[str, str]]:
    """A project that `to_otio` wrote, also after another tool moved or trimmed its clips; and the relative paths.

    Clips that carry nothing of ours are left out: `interchange` imports those.

    Raises:
        PlainError: what is under our key is not ours.
    """
    ours = _ours(timeline)
    if not ours:
        raise PlainError("it holds nothing of Keyfollow's")
    media = {name: from_plain(Media, data, f"media.{name}") for name, data in _mapping(ours, "media").items()}
    relative = {name: str(data.get("relative", "")) for name, data in _mapping(ours, "media").items()}
    work = {name: from_plain(Work, _json(data), f"work.{name}") for name, data in _texts(ours, "work").items()}
    empty = from_plain(Timeline, {"rate": ours.get("rate"), "marked": ours.get("marked")}, "timeline")
    if min(empty.rate) <= 0 or any(min(m.rate) <= 0 or m.frames <= 0 for m in media.values()):
        raise PlainError("a rate or a length is not above 0")
    tracks = tuple(_track_in(track, media, empty.rate) for track in timeline.tracks if isinstance(track, otio.schema.Track))
    markers = sorted((_marker_in(m, empty) for m in timeline.tracks.markers), key=lambda m: m.frame)
    project = Project(timeline.name, media, work, replace(empty, tracks=tracks, markers=tuple(markers)))
    return project, relative


# --- out ---------------------------------------------------------------------------------------------------------------------


def _references(project: Project, media: Media) -> dict[str, Any]:
    """A source and its takes as the kwargs of references; every clip needs objects of its own."""
    whole = otio.opentime.TimeRange(
        otio.opentime.RationalTime(0, float(media.fps)), otio.opentime.RationalTime(media.frames, float(media.fps))
    )
    out: dict[str, Any] = {SOURCE: {"target_url": _url(media.path), "available_range": whole}}
    for take in project.work_of(media.id).takes:
        part = _frames(take.start, take.stop - take.start, float(media.fps))
        out[take_key(take)] = {"target_url": f"takes/{take.id}", "available_range": part, "metadata": {KEY: {"take": take.id}}}
    return out


def take_key(take: TakeRef) -> str:
    """The name of a take's media reference: ``take_003``."""
    return f"take_{take.version:03d}"


def _track_out(project: Project, track: Track, rate: float, references: dict[str, Any]) -> otio.schema.Track:
    kind = otio.schema.TrackKind.Video if track.kind == "video" else otio.schema.TrackKind.Audio
    made = otio.schema.Track(name=track.name, kind=kind, metadata={KEY: {"id": track.id, "locked": track.locked}})
    made.enabled = not track.muted
    items: list[Any] = []
    at = 0
    for clip in track.clips:
        if clip.start > at:
            items.append(otio.schema.Gap(source_range=_frames(0, clip.start - at, rate)))
        elif clip.dissolve and items:
            items.append(_dissolve_out(clip, rate))
        items.append(_clip_out(project, clip, rate, references[clip.media]))
        at = clip.stop
    made.extend(items)
    return made


def _clip_out(project: Project, clip: Clip, rate: float, references: dict[str, Any]) -> otio.schema.Clip:
    media = project.source(clip.media)
    fps = float(media.fps)
    start = clip.source_start
    made = otio.schema.Clip(
        name=clip.name or media.name,
        source_range=otio.opentime.TimeRange(
            otio.opentime.RationalTime(float(start), fps), otio.opentime.RationalTime(clip.length, rate)
        ),
        metadata={
            KEY: {"id": clip.id, "media": clip.media, "name": clip.name, "source_start": [start.numerator, start.denominator]}
        },
    )
    active = next((take_key(t) for t in project.work_of(clip.media).takes if t.id == clip.take), SOURCE)
    made.set_media_references({key: otio.schema.ExternalReference(**kwargs) for key, kwargs in references.items()}, active)
    shown = used(clip, media, project.timeline)
    for keyframe in project.work_of(clip.media).keyframes:
        if (
            shown.start <= keyframe.frame < shown.stop
            and record_frame(clip, media, project.timeline, keyframe.frame) is not None
        ):
            made.markers.append(
                otio.schema.Marker(
                    name=KEYFRAME, marked_range=_frames(keyframe.frame, 1, fps), metadata={KEY: {"keyframe": True}}
                )
            )
    return made


def _dissolve_out(clip: Clip, rate: float) -> otio.schema.Transition:
    return otio.schema.Transition(
        transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
        in_offset=otio.opentime.RationalTime(0, rate),
        out_offset=otio.opentime.RationalTime(min(clip.dissolve, clip.length), rate),
    )


def _url(path: str) -> str:
    return Path(path).as_uri() if Path(path).is_absolute() else path


def _frames(start: int, length: int, rate: float) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(length, rate))


# --- in ----------------------------------------------------------------------------------------------------------------------


def _track_in(track: otio.schema.Track, media: dict[str, Media], rate: Rate) -> Track:
    ours = _ours(track)
    clips = _clips_in(track, media, rate)
    return Track(
        str(ours.get("id") or f"otio-{track.name}"),
        "audio" if track.kind == otio.schema.TrackKind.Audio else "video",
        track.name,
        clips,
        muted=not track.enabled,
        locked=ours.get("locked") is True,
    )


def _clips_in(track: otio.schema.Track, media: dict[str, Media], rate: Rate) -> tuple[Clip, ...]:
    clips: list[Clip] = []
    at = Fraction(0)
    fps = Fraction(*rate)
    transition: otio.schema.Transition | None = None
    for item in track:
        if isinstance(item, otio.schema.Transition):
            transition = item
            continue
        over, transition = transition, None
        length = record_time(item.duration(), fps)
        start, at = at, at + length
        ours = _ours(item)
        source = media.get(str(ours.get("media")))
        if not isinstance(item, otio.schema.Clip) or source is None or not item.source_range:
            continue
        first, stop = round(start), round(at)
        if stop > first:
            reference = item.active_media_reference_key
            take = str(_ours(item.media_reference).get("take", "")) if reference != SOURCE and item.media_reference else ""
            clip = Clip(
                str(ours.get("id")),
                source.id,
                first,
                stop - first,
                _source_start(item, ours, source),
                take,
                str(ours.get("name", "")),
            )
            add_clip(clips, clip, over, source, fps)
    return tuple(clips)


def add_clip(clips: list[Clip], clip: Clip, over: otio.schema.Transition | None, source: Media, fps: Fraction) -> None:
    """Put `clip` behind `clips`; a transition `over` the cut before it, whatever its kind, is a dissolve that begins with the clip.

    Others centre a dissolve on the cut: then the cut moves to its beginning, as far as the source reaches.
    """
    before = clips[-1] if clips else None
    if over is not None and before is not None and before.stop == clip.start:
        early = max(0, min(round(record_time(over.in_offset, fps)), before.length - 1))
        earlier = clip.source_start - early * source.fps / fps
        if early and earlier >= 0:
            clips[-1] = replace(before, length=before.length - early)
            clip = replace(clip, start=clip.start - early, length=clip.length + early, source_start=earlier)
        else:
            early = 0
        late = max(0, round(record_time(over.out_offset, fps)))
        clip = replace(clip, dissolve=min(early + late, clip.length))
    clips.append(clip)


def _source_start(item: otio.schema.Clip, ours: dict[str, Any], source: Media) -> Fraction:
    """What the range says; exactly as we wrote it, unless another tool has moved it."""
    said = item.source_range.start_time.rescaled_to(float(source.fps)).value
    exact = ours.get("source_start")
    if isinstance(exact, list) and len(exact) == 2 and all(isinstance(n, int) for n in exact) and exact[1] > 0:
        kept = Fraction(*exact)
        if abs(float(kept) - said) < 1e-3:
            return kept
    return Fraction(said).limit_denominator(1001)


def record_time(time: otio.opentime.RationalTime, fps: Fraction) -> Fraction:
    """A time of OTIO's in record frames, exactly where it counts frames at the record's own rate."""
    if abs(time.rate - float(fps)) < 1e-6:
        return Fraction(time.value).limit_denominator(1001)
    return Fraction(time.value).limit_denominator(1001) / rate_of(time.rate) * fps


def rate_of(rate: float) -> Fraction:
    """The exact rate behind a float: 29.97… is 30000/1001."""
    for base in (1, 1001):
        exact = Fraction(round(rate * base), base) if base == 1 else Fraction(round(rate * base / 1000) * 1000, base)
        if exact > 0 and abs(float(exact) - rate) < 1e-3:
            return exact
    return Fraction(rate).limit_denominator(100000)


def _marker_in(marker: otio.schema.Marker, timeline: Timeline) -> Marker:
    return Marker(
        max(0, round(record_time(marker.marked_range.start_time, timeline.fps))),
        marker.name,
        str(marker.color or "blue").lower(),
    )


def _ours(thing: Any) -> dict[str, Any]:
    data = _plain(thing.metadata.get(KEY))
    return data if isinstance(data, dict) else {}


def _mapping(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
        raise PlainError(f"{key} must be a mapping of mappings")
    return value


def _texts(data: dict[str, Any], key: str) -> dict[str, str]:
    value = data.get(key)
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise PlainError(f"{key} must be a mapping of texts")
    return value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as e:
        raise PlainError(f"it holds what is no JSON ({e})") from e


def _plain(value: Any) -> Any:
    """OTIO's own containers as dicts and lists."""
    if isinstance(value, otio._otio.AnyDictionary):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, otio._otio.AnyVector):
        return [_plain(v) for v in value]
    return value
