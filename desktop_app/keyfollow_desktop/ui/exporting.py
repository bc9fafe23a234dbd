"""The timeline, or one clip of it, as a file: takes laid over their sources, written by the SDK's media writer. No Qt, any thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from keyfollow import deltas
from keyfollow.errors import Cancelled, UsageError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.media.info import MediaInfo
from keyfollow.media.prepare import Delivery, deliver
from keyfollow.media.reader import MediaReader
from keyfollow.media.targets import Codec
from keyfollow.media.writer import Images, open_writer
from keyfollow.take_folder import FRAMES, frame_name

from ..model.ranges import used
from ..model.selection import seen
from ..model.state import Clip, Media, Project, TakeRef
from .frame_pictures import fixed

Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Format:
    """One entry of the export dialog. `suffix` "" means a folder of images."""

    name: str
    suffix: str
    codec: Codec | None = None
    images: Images | None = None
    alpha: bool = False


FORMATS = (
    Format("H.264 (.mp4)", ".mp4", "h264"),
    Format("H.265 (.mp4)", ".mp4", "h265"),
    Format("ProRes (.mov)", ".mov", "prores", alpha=True),
    Format("FFV1, lossless (.mkv)", ".mkv", "ffv1", alpha=True),
    Format("PNG images (folder)", "", images="png", alpha=True),
    Format("TIFF images (folder)", "", images="tif", alpha=True),
    Format("OpenEXR images (folder)", "", images="exr", alpha=True),
)


@dataclass(frozen=True, slots=True)
class Export:
    """What to write. `clip` None means all of the timeline; `takes` are the folders of takes by id, `folder` is the project's."""

    project: Project
    out: Path
    form: Format
    delivery: Delivery = "full"
    clip: str | None = None
    takes: dict[str, str] | None = None
    folder: Path = Path()


def video_clips(project: Project) -> list[Clip]:
    """The clips that can be seen."""
    return [c for t in project.timeline.tracks if t.kind == "video" and not t.muted for c in t.clips]


def with_sound(project: Project, clip: str | None, delivery: Delivery) -> bool:
    """Whether the file will have sound: a clip alone has its source's."""
    clips = video_clips(project)
    one = project.find(clip)[1] if clip else (clips[0] if len(clips) == 1 else None)
    return one is not None and delivery == "full" and project.source(one.media).sound


def write(export: Export, progress: Progress, cancelled: Callable[[], bool]) -> None:
    """Write the file, whole or not at all.

    Args:
        progress: told how many frames are written, of how many.

    Raises:
        UsageError: ``empty_timeline``, ``output_is_source``, ``take_unfinished``, ``sizes_differ``, or the writer's own.
        MediaError, StorageError: a source or a take cannot be read, the disk is full.
        Cancelled.
    """
    project = export.project
    clips = video_clips(project)
    if not clips:
        raise UsageError("empty_timeline", "There is nothing on the timeline.", "Put a clip on it first.")
    for media in project.media.values():
        if export.out.exists() and Path(media.path).exists() and export.out.samefile(media.path):
            raise UsageError("output_is_source", f"{export.out.name} is a source of this project.", "Choose another name.")
    if export.clip is not None:
        _write_clip(export, project.find(export.clip)[1], progress, cancelled)
    elif len(clips) == 1 and clips[0].start == 0:
        _write_clip(export, clips[0], progress, cancelled)
    else:
        _write_timeline(export, progress, cancelled)


def _target(export: Export) -> str:
    return str(export.out) + ("/" if not export.form.suffix else "")


def _write_clip(export: Export, clip: Clip, progress: Progress, cancelled: Callable[[], bool]) -> None:
    """The source frames that a clip uses, at their own times, with their own sound."""
    project = export.project
    media = project.source(clip.media)
    span = used(clip, media, project.timeline)
    sound = media.path if with_sound(project, clip.id, export.delivery) else None
    with MediaReader(media.path, rate=media.given_rate) as reader:
        options = {"codec": export.form.codec, "images": export.form.images}
        with open_writer(
            _target(export),
            reader.info,
            frames=span,
            delivery=export.delivery,
            audio_from=sound,
            **options,  # type: ignore[arg-type]
        ) as writer:
            for count, source in enumerate(reader.frames(span)):
                _go_on(cancelled)
                edited = _edited(export, clip, span.start + count, source)
                writer.write(span.start + count, deliver(export.delivery, edited, source))
                progress(count + 1, len(span))
            writer.finish()


def _write_timeline(export: Export, progress: Progress, cancelled: Callable[[], bool]) -> None:
    """What is seen at every record frame, at the timeline's rate; gaps are black. Without sound."""
    project = export.project
    length = project.timeline.length
    with ExitStack() as stack:
        readers: dict[str, MediaReader] = {}
        for clip in video_clips(project):
            if clip.media not in readers:
                media = project.source(clip.media)
                readers[clip.media] = stack.enter_context(MediaReader(media.path, rate=media.given_rate))
        forms = {(r.info.width, r.info.height, r.info.dtype, r.info.channels) for r in readers.values()}
        if len(forms) > 1:
            raise UsageError(
                "sizes_differ",
                "The clips differ in size or depth.",
                "Export them one by one: select a clip and choose This clip.",
            )
        first = next(iter(readers.values())).info
        info = MediaInfo(
            "uploaded",
            first.width,
            first.height,
            length,
            project.timeline.rate,
            (project.timeline.rate[1], project.timeline.rate[0]),
            tuple(range(length)),
            first.dtype,
            first.channels,
            first.depth,
            first.codec,
            first.pixel_format,
            first.colour,
            last_duration=1,
        )
        writer = stack.enter_context(
            open_writer(
                _target(export),
                info,
                frames=FrameRange(0, length),
                delivery=export.delivery,
                codec=export.form.codec,
                images=export.form.images,
            )
        )
        for record, (clip_or_none, source) in enumerate(_seen_frames(project, readers, first)):
            _go_on(cancelled)
            found = seen(project, record)
            edited = source if clip_or_none is None or found is None else _edited(export, clip_or_none, found.frame, source)
            writer.write(record, deliver(export.delivery, edited, source))
            progress(record + 1, length)
        writer.finish()


def _seen_frames(
    project: Project, readers: dict[str, MediaReader], form: MediaInfo
) -> Iterator[tuple[Clip | None, FrameBuffer]]:
    black = FrameBuffer(np.zeros((form.height, form.width, form.channels), form.dtype), form.depth, form.colour)
    for record in range(project.timeline.length):
        found = seen(project, record)
        if found is None:
            yield None, black
        else:
            yield found.clip, readers[found.clip.media].read(found.frame)


def _edited(export: Export, clip: Clip, frame: int, source: FrameBuffer) -> FrameBuffer:
    return fixed(export.folder, export.project, clip.media, frame, _taken(export, clip, frame, source))


def _taken(export: Export, clip: Clip, frame: int, source: FrameBuffer) -> FrameBuffer:
    take = _take(export.project.source(clip.media), export.project, clip.take)
    if take is None or not take.start <= frame < take.stop:
        return source
    path = Path((export.takes or {}).get(take.id, ""), FRAMES, frame_name(frame))
    try:
        packed = path.read_bytes()
    except OSError as e:
        raise UsageError(
            "take_unfinished",
            f"Frame {frame} of the take shown by {clip.name or 'a clip'} is not made yet.",
            "Wait for its job, or show another take.",
        ) from e
    return deltas.unpack(packed).compose(source)


def _take(media: Media, project: Project, take: str) -> TakeRef | None:
    return next((t for t in project.work_of(media.id).takes if t.id == take), None)


def _go_on(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled("export_cancelled", "The export was cancelled.", "Nothing was written.")
