"""Changes of the timeline: place, insert, split, trim, slip, move, remove, ripple, markers, tracks, in and out.

Each function takes a `Project` and returns the next; what cannot be done is a UsageError and changes nothing. Clips on one track never
overlap: `place` and `move` write over what lies there, as editors expect; `insert` pushes it to the right.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from dataclasses import replace
from fractions import Fraction
from math import floor

from keyfollow.errors import UsageError

from .ranges import record_length, source_position
from .state import Clip, Marker, Project, Timeline, Track, TrackKind, new_id


def add_track(project: Project, kind: TrackKind = "video", name: str = "") -> tuple[Project, str]:
    """Add a track above the others of its kind. Returns the project and the track's id."""
    tracks = project.timeline.tracks
    number = sum(t.kind == kind for t in tracks) + 1
    made = Track(new_id(), kind, name or f"{'V' if kind == 'video' else 'A'}{number}")
    return _timeline(project, tracks=(*tracks, made)), made.id


def remove_track(project: Project, track: str) -> Project:
    """Remove a track with its clips. Raises UsageError ``no_such_track``, ``track_locked``."""
    gone = _open(project, track)
    return _timeline(project, tracks=tuple(t for t in project.timeline.tracks if t is not gone))


def without_empty_tracks(project: Project) -> Project:
    """`project` without the tracks that hold no clip; at least one stays."""
    tracks = project.timeline.tracks
    kept = tuple(t for t in tracks if t.clips) or tracks[:1]
    return project if kept == tracks else _timeline(project, tracks=kept)


def set_track(
    project: Project, track: str, *, name: str | None = None, muted: bool | None = None, locked: bool | None = None
) -> Project:
    """Rename, mute or lock a track. Raises UsageError ``no_such_track``."""
    old = _track(project, track)
    new = replace(
        old,
        name=old.name if name is None else name,
        muted=old.muted if muted is None else muted,
        locked=old.locked if locked is None else locked,
    )
    return _tracks(project, {track: new})


def place(project: Project, track: str, media: str, start: int, *, source_start: int = 0, length: int | None = None) -> Project:
    """Put a source on a track, over whatever lies there; the first clip of a project gives the timeline its rate.

    Args:
        length: record frames; all of the source from `source_start` without.

    Raises:
        UsageError: ``no_such_track``, ``track_locked``, ``no_such_media``, ``outside_source``, ``before_start``.
    """
    project, clip = _new_clip(project, media, start, source_start, length)
    return _tracks(project, {track: _over(project, _open(project, track), clip)})


def lay(project: Project, media: str, start: int | None = None, track: str = "") -> Project:
    """Put all of a source on the lowest video track that is open (a new one where none is), at the end, unless said otherwise.

    Raises:
        UsageError: as `place`.
    """
    if not track:
        tracks = [t for t in project.timeline.tracks if t.kind == "video" and not t.locked]
        if tracks:
            track = tracks[0].id
        else:
            project, track = add_track(project)
    return place(project, track, media, project.timeline.length if start is None else start)


def insert(
    project: Project, track: str, media: str, start: int, *, source_start: int = 0, length: int | None = None
) -> Project:
    """As `place`, but what lies at and after `start` on that track moves right; a clip across `start` is split."""
    project, clip = _new_clip(project, media, start, source_start, length)
    opened = _cut_at(project, _open(project, track), start)
    moved = [replace(c, start=c.start + clip.length) if c.start >= start else c for c in opened.clips]
    return _tracks(project, {track: _with(opened, [*moved, clip])})


def split(project: Project, at: int, clips: Collection[str] | None = None) -> Project:
    """Cut the clips under record frame `at` in two: all on unlocked tracks, or those in `clips`. Takes and names stay on both.

    Raises:
        UsageError: ``nothing_to_split``.
    """
    changed = {}
    for track in project.timeline.tracks:
        under = clip_at(track, at)
        if under is not None and under.start < at and (not track.locked if clips is None else under.id in clips):
            changed[track.id] = _cut_at(project, _open(project, track.id), at)
    if not changed:
        raise UsageError("nothing_to_split", "No clip lies across the playhead.", "Move the playhead inside a clip.")
    return _tracks(project, changed)


def trim(project: Project, clip: str, *, start: int | None = None, stop: int | None = None) -> Project:
    """Move a clip's edges to these record frames, as far as its neighbours and its source reach; at least one frame is left.

    The picture under the other edge does not move. Raises UsageError ``no_such_clip``, ``track_locked``.
    """
    track, old = project.find(clip)
    _open(project, track.id)
    n = track.clips.index(old)
    floor = track.clips[n - 1].stop if n else 0
    ceiling = track.clips[n + 1].start if n + 1 < len(track.clips) else None
    new = old
    if start is not None:
        wanted = min(max(start, floor), old.stop - 1)
        new = _from(project, old, wanted)
    if stop is not None:
        wanted = max(stop, new.start + 1)
        if ceiling is not None:
            wanted = min(wanted, ceiling)
        media = project.source(old.media)
        most = record_length(media, project.timeline, media.frames - new.source_start)
        new = replace(new, length=min(wanted - new.start, most))
    return _tracks(project, {track.id: _with(track, [*track.clips[:n], new, *track.clips[n + 1 :]])})


def roll(project: Project, left: str, right: str, frames: int) -> Project:
    """Move the edit between two clips of one source that meet, by source frames; as far as both have pictures.

    Raises:
        UsageError: ``no_such_clip``, ``track_locked``.
    """
    _, clip = project.find(right)
    by = round(frames * project.timeline.fps / project.source(clip.media).fps)
    if by > 0:
        by = min(by, clip.length - 1)
        return trim(trim(project, right, start=clip.start + by), left, stop=clip.start + by)
    by = max(by, 1 - project.find(left)[1].length)
    return trim(trim(project, left, stop=clip.start + by), right, start=clip.start + by)


def slip(project: Project, clip: str, by: int) -> Project:
    """Show other source frames in the same place: `by` source frames later, as far as the source reaches."""
    track, old = project.find(clip)
    _open(project, track.id)
    media = project.source(old.media)
    shown = source_position(old, media, project.timeline, old.stop - 1) - old.source_start + 1
    start = max(Fraction(0), min(old.source_start + by, media.frames - shown))
    return _replace_clip(project, track, old, replace(old, source_start=start))


def move(project: Project, clips: Collection[str], by: int, track: str | None = None) -> Project:
    """Move clips by record frames, together, over whatever lies there; onto `track` when it is given (one clip's own kind).

    Raises:
        UsageError: ``no_such_clip``, ``track_locked``, ``wrong_track``, ``before_start``.
    """
    found = [project.find(c) for c in clips]
    if any(c.start + by < 0 for _, c in found):
        raise UsageError("before_start", "A clip would lie before the start.", "Move it less far to the left.")
    goal = None if track is None else _open(project, track)
    if goal is not None and any(t.kind != goal.kind for t, _ in found):
        raise UsageError("wrong_track", f"{goal.name} holds {goal.kind} only.", "Choose a track of the clip's own kind.")
    changed = {t.id: _open(project, t.id) for t, _ in found}
    for source, clip in found:
        changed[source.id] = _with(changed[source.id], [c for c in changed[source.id].clips if c.id != clip.id])
    for source, clip in found:
        onto = goal or source
        changed[onto.id] = _over(project, changed.get(onto.id, onto), replace(clip, start=clip.start + by))
    return _tracks(project, changed)


def remove(project: Project, clips: Collection[str]) -> Project:
    """Take clips off the timeline; gaps stay. Raises UsageError ``no_such_clip``, ``track_locked``."""
    changed: dict[str, Track] = {}
    for track, clip in [project.find(c) for c in clips]:
        now = changed.get(track.id) or _open(project, track.id)
        changed[track.id] = _with(now, [c for c in now.clips if c.id != clip.id])
    return _tracks(project, changed)


def ripple_delete(project: Project, clips: Collection[str]) -> Project:
    """Take clips off and close the gaps they leave, on their own tracks."""
    gone = [project.find(c) for c in clips]
    changed = {}
    for track in {t.id: t for t, _ in gone}.values():
        holes = [c for t, c in gone if t.id == track.id]
        kept = [c for c in _open(project, track.id).clips if c not in holes]
        moved = [replace(c, start=c.start - sum(h.length for h in holes if h.start < c.start)) for c in kept]
        changed[track.id] = _with(track, moved)
    return _tracks(project, changed)


def show_take(project: Project, clips: Collection[str], take: str) -> Project:
    """Let clips show this take of their source, or the source itself for "". Raises UsageError ``no_such_take``."""
    for name in clips:
        track, clip = project.find(name)
        if take and all(t.id != take for t in project.work_of(clip.media).takes):
            raise UsageError(
                "no_such_take", "This take was made from another source.", "Choose one from the list of its own takes."
            )
        project = _replace_clip(project, track, clip, replace(clip, take=take))
    return project


def set_dissolve(project: Project, clip: str, frames: int) -> Project:
    """Let a clip come out of the one before it over so many record frames, at most its own length; 0 is a cut.

    Raises:
        UsageError: ``nothing_to_dissolve`` where no clip ends at its start; ``no_such_clip``, ``track_locked``.
    """
    track, old = project.find(clip)
    _open(project, track.id)
    if frames > 0 and clip_at(track, old.start - 1) is None:
        raise UsageError(
            "nothing_to_dissolve", "No clip ends where this one begins.", "Put one right before it, or split a clip."
        )
    return _replace_clip(project, track, old, replace(old, dissolve=min(max(0, frames), old.length)))


def set_marker(project: Project, marker: Marker) -> Project:
    """Add a marker, or replace the one on its frame."""
    kept = [m for m in project.timeline.markers if m.frame != marker.frame]
    return _timeline(project, markers=tuple(sorted([*kept, marker], key=lambda m: m.frame)))


def remove_marker(project: Project, frame: int) -> Project:
    return _timeline(project, markers=tuple(m for m in project.timeline.markers if m.frame != frame))


def mark(project: Project, start: int | None, stop: int | None) -> Project:
    """Set in and out (half-open); the side that is None is the timeline's own end; both None remove them.

    Raises:
        UsageError: ``empty_range``.
    """
    if start is None and stop is None:
        return _timeline(project, marked=None)
    first, last = start or 0, project.timeline.length if stop is None else stop
    if not 0 <= first < last:
        raise UsageError("empty_range", "In must lie before out.", "Move the playhead, then set in or out again.")
    return _timeline(project, marked=(first, last))


def snap(project: Project, frame: int, within: int, ignoring: Collection[str] = (), also: Iterable[int] = ()) -> int:
    """The nearest edge, marker, in, out, start or frame in `also` at most `within` record frames away; else `frame` itself."""
    timeline = project.timeline
    edges = [0, *(timeline.marked or ()), *also, *(m.frame for m in timeline.markers)]
    for track in timeline.tracks:
        # only clips near the frame: a timeline may hold ten thousand
        first = max(0, bisect_left(track.clips, frame - within, key=lambda c: c.stop))
        for clip in track.clips[first:]:
            if clip.start > frame + within:
                break
            if clip.id not in ignoring:
                edges += (clip.start, clip.stop)
    nearest = min(edges, key=lambda edge: (abs(edge - frame), edge))
    return nearest if abs(nearest - frame) <= within else frame


def clip_at(track: Track, record: int) -> Clip | None:
    """The clip of a track that shows record frame `record`."""
    n = bisect_right(track.clips, record, key=lambda c: c.start) - 1
    return track.clips[n] if n >= 0 and record < track.clips[n].stop else None


# --- parts -------------------------------------------------------------------------------------------------------------------


def _new_clip(project: Project, media: str, start: int, source_start: int, length: int | None) -> tuple[Project, Clip]:
    source = project.source(media)
    if start < 0:
        raise UsageError("before_start", "A clip cannot lie before the start.", "Drop it further to the right.")
    if not 0 <= source_start < source.frames:
        raise UsageError(
            "outside_source", f"{source.name} has no frame {source_start}.", f"It has {source.frames} frames, counted from 0."
        )
    if not any(t.clips for t in project.timeline.tracks):
        project = _timeline(project, rate=source.rate)
    most = record_length(source, project.timeline, source.frames - source_start)
    return project, Clip(new_id(), media, start, min(length or most, most), Fraction(source_start), name=source.name)


def _track(project: Project, track: str) -> Track:
    for candidate in project.timeline.tracks:
        if candidate.id == track:
            return candidate
    raise UsageError("no_such_track", "That track is no longer there.", "Choose another one.")


def _open(project: Project, track: str) -> Track:
    found = _track(project, track)
    if found.locked:
        raise UsageError("track_locked", f"{found.name} is locked.", "Unlock the track, then try again.")
    return found


def _from(project: Project, clip: Clip, start: int) -> Clip:
    """`clip` from record frame `start` on, its pictures where they were; as far left as the source reaches."""
    media, timeline = project.source(clip.media), project.timeline
    start = max(start, clip.start - floor(clip.source_start * timeline.fps / media.fps))
    position = source_position(clip, media, timeline, start)
    return replace(clip, start=start, length=clip.stop - start, source_start=position)


def _cut_at(project: Project, track: Track, at: int) -> Track:
    clip = clip_at(track, at)
    if clip is None or clip.start == at:
        return track
    right = replace(_from(project, clip, at), id=new_id(), dissolve=0)
    left = replace(clip, length=at - clip.start, dissolve=min(clip.dissolve, at - clip.start))
    return _with(track, [left, *(c for c in track.clips if c is not clip), right])


def _over(project: Project, track: Track, new: Clip) -> Track:
    """`track` with `new` laid over what is there; what is covered in part keeps its uncovered sides."""
    track = _cut_at(project, _cut_at(project, track, new.start), new.stop)
    return _with(track, [*(c for c in track.clips if c.stop <= new.start or c.start >= new.stop), new])


def _with(track: Track, clips: Iterable[Clip]) -> Track:
    return replace(track, clips=tuple(sorted(clips, key=lambda c: c.start)))


def _replace_clip(project: Project, track: Track, old: Clip, new: Clip) -> Project:
    return _tracks(project, {track.id: replace(track, clips=tuple(new if c is old else c for c in track.clips))})


def _tracks(project: Project, changed: dict[str, Track]) -> Project:
    return _timeline(project, tracks=tuple(changed.get(t.id, t) for t in project.timeline.tracks))


def _timeline(project: Project, **fields: object) -> Project:
    timeline: Timeline = replace(project.timeline, **fields)  # type: ignore[arg-type]
    return replace(project, timeline=timeline)
