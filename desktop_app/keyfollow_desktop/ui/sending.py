"""The timeline for another program: what takes were made of becomes media, beside it a timeline that relinks at the same frames. No Qt.

    NAME for Resolve/    media/…_v003.mov, NAME.otio, NAME.edl, NAME.xml
    NAME for Premiere/   media/…_v003.mov, NAME.xml
    NAME for Blender/    media/…_v003.mov, NAME.otio, open_in_blender.py

Sources without a take are pointed at where they lie; only takes are written.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Literal

from keyfollow.atomic import storage_errors, write_atomic
from keyfollow.errors import UsageError
from keyfollow.frames import FrameRange

from ..model import interchange
from ..model.interchange import Rendered
from ..model.ranges import HANDLES, source_position, used
from ..model.state import Clip, Media, Project, TakeRef
from .exporting import FORMATS, Export, video_clips, write_source
from .worker import Progress

Program = Literal["Resolve", "Premiere", "Blender"]
TIMELINES: dict[Program, tuple[str, ...]] = {
    "Resolve": (".otio", ".edl", ".xml"),
    "Premiere": (".xml",),
    "Blender": (".otio",),
}
PRORES = next(f for f in FORMATS if f.codec == "prores")
SCRIPT = "open_in_blender.py"


@dataclass(frozen=True, slots=True)
class Part:
    """Source frames of one take that the timeline shows, with handles."""

    media: Media
    take: TakeRef
    frames: FrameRange

    @property
    def name(self) -> str:
        return f"{Path(self.media.name).stem}_v{self.take.version:03d}{PRORES.suffix}"


def send(
    project: Project,
    takes: dict[str, str],
    pictures: Path,
    folder: Path,
    program: Program,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> Path:
    """Write everything into ``folder/NAME for PROGRAM``; the file to open there.

    Args:
        takes: the folders of takes by id.
        pictures: the project's folder, which holds the retouches.

    Raises:
        UsageError: ``empty_timeline``, ``mixed_rates`` for Blender, ``take_unfinished``.
        MediaError, StorageError, Cancelled: as `exporting.write`.
    """
    clips = video_clips(project)
    if not clips:
        raise UsageError("empty_timeline", "There is nothing on the timeline.", "Put a clip on it first.")
    if program == "Blender":
        _check_rates(project, clips)
    name = project.name or "Untitled"
    out = folder / f"{name} for {program}"
    with storage_errors(out):
        (out / "media").mkdir(parents=True, exist_ok=True)
    parts = rendered_parts(project)
    total, before = sum(len(p.frames) for p in parts), 0
    for part in parts:
        export = Export(project, out / "media" / part.name, PRORES, takes=takes, folder=pictures)

        def told(done: int, _: int, before: int = before) -> None:
            progress(before + done, total)

        write_source(export, part.media, part.take.id, part.frames, told, cancelled)
        before += len(part.frames)
    rendered = {p.take.id: Rendered(str(out / "media" / p.name), p.frames.start, p.frames.stop) for p in parts}
    for suffix in TIMELINES[program]:
        interchange.export(project, out / f"{name}{suffix}", rendered.get, sound=suffix != ".edl")
    if program == "Blender":
        script = out / SCRIPT
        write_atomic(script, blender_script(project, rendered).encode())
        return script
    return out / f"{name}{TIMELINES[program][0]}"


def rendered_parts(project: Project) -> list[Part]:
    """One part per take that is shown, so that several clips of it share a file."""
    spans: dict[str, tuple[Media, TakeRef, int, int]] = {}
    into = {clip.start: clip.dissolve for clip in video_clips(project)}
    for clip in video_clips(project):
        media = project.source(clip.media)
        take = next((t for t in project.work_of(media.id).takes if t.id == clip.take), None)
        if take is not None:
            part = used(clip, media, project.timeline)
            # what the next clip comes out of is seen beyond this one's end
            end = part.stop + ceil(into.get(clip.stop, 0) * media.fps / project.timeline.fps)
            _, _, start, stop = spans.get(take.id, (media, take, part.start, end))
            spans[take.id] = (media, take, min(start, part.start), max(stop, end))
    return [
        Part(media, take, FrameRange(max(0, start - HANDLES), min(media.frames, stop + HANDLES)))
        for media, take, start, stop in spans.values()
    ]


def _check_rates(project: Project, clips: list[Clip]) -> None:
    for clip in clips:
        media = project.source(clip.media)
        if media.fps != project.timeline.fps:
            raise UsageError(
                "mixed_rates",
                f"{media.name} runs at another rate than the timeline, which Blender's sequencer cannot show frame for frame.",
                "Export the whole timeline as one file instead.",
            )


def blender_script(project: Project, rendered: dict[str, Rendered]) -> str:
    """A script that Blender runs (``blender --python``): a scene whose sequencer shows the same frames at the same places."""
    timeline = project.timeline
    strips = []
    tracks = [t for t in timeline.tracks if t.kind == "video" and not t.muted]
    for level, track in enumerate(tracks):
        for clip in track.clips:
            media = project.source(clip.media)
            made = rendered.get(clip.take)
            first = int(source_position(clip, media, timeline, clip.start)) - (made.start if made else 0)
            path = made.path if made else media.path
            strips.append([clip.name or media.name, path, 2 * level + 1, clip.start, clip.length, first, media.sound])
    said = {
        "name": project.name or "Untitled",
        "rate": list(timeline.rate),
        "length": timeline.length,
        "size": _size(project),
        "strips": strips,
        "markers": [[m.frame, m.text] for m in timeline.markers],
    }
    return BLENDER.replace("@said@", json.dumps(json.dumps(said)))


def _size(project: Project) -> list[int]:
    first = min(video_clips(project), key=lambda c: c.start)
    media = project.source(first.media)
    return [media.width, media.height]


BLENDER = '''"""Written by Keyfollow: blender --python open_in_blender.py"""

import json

import bpy

said = json.loads(@said@)
scene = bpy.data.scenes.new(said["name"])
if bpy.context.window is not None:
    bpy.context.window.scene = scene
rate, base = said["rate"]
scene.render.fps = round(rate / base)
scene.render.fps_base = scene.render.fps * base / rate
scene.render.resolution_x, scene.render.resolution_y = said["size"]
# Blender counts from 1
scene.frame_start, scene.frame_end = 1, max(1, said["length"])
editor = scene.sequence_editor_create()
strips = editor.strips if hasattr(editor, "strips") else editor.sequences


def put(strip, start, length, first):
    strip.frame_offset_start = first
    strip.frame_offset_end = max(0, strip.frame_duration - first - length)
    strip.frame_start = start + 1 - first


for name, path, channel, start, length, first, sound in said["strips"]:
    put(strips.new_movie(name, path, channel, start + 1), start, length, first)
    if sound:
        try:
            put(strips.new_sound(name, path, channel + 1, start + 1), start, length, first)
        except RuntimeError as e:  # a Blender that was built without sound
            print("Keyfollow:", e)
for frame, text in said["markers"]:
    scene.timeline_markers.new(text or "marker", frame=frame + 1)
'''
