"""The timeline, or one clip of it, as a file: takes laid over their sources, written by the SDK's media writer. No Qt, any thread."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from keyfollow import deltas
from keyfollow.errors import UsageError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.media.info import MediaInfo
from keyfollow.media.mixing import MIXED, Piece, mix
from keyfollow.media.prepare import Delivery, deliver
from keyfollow.media.reader import MediaReader
from keyfollow.media.targets import Codec
from keyfollow.media.writer import Images, Writer, open_writer
from keyfollow.take_folder import FRAMES, frame_name

from ..model.ranges import source_position, used
from ..model.selection import Seen, fading, seen
from ..model.state import Clip, Media, Project, TakeRef, Timeline
from .conform import Form, common_form, conform, dissolved
from .frame_pictures import fixed
from .worker import Progress, go_on


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
    """What to write.

    Args:
        clip: its id; None means the timeline.
        takes: the folders of takes by id.
        handles: frames beside what a clip shows, as far as its source has them.
        span: record frames of the timeline, half-open; None means all of it.
        size: of the timeline's picture; None means the first clip's.
        folder: the project's, which holds the retouches.
    """

    project: Project
    out: Path
    form: Format
    delivery: Delivery = "full"
    clip: str | None = None
    takes: dict[str, str] = field(default_factory=dict)
    handles: int = 0
    span: tuple[int, int] | None = None
    size: tuple[int, int] | None = None
    folder: Path = Path()


def video_clips(project: Project) -> list[Clip]:
    """The clips that can be seen."""
    return [c for t in project.timeline.tracks if t.kind == "video" and not t.muted for c in t.clips]


def sounding(project: Project) -> list[Clip]:
    """The clips that can be heard: those on tracks that are not muted whose source has sound."""
    return [c for t in project.timeline.tracks if not t.muted for c in t.clips if project.source(c.media).sound]


def with_sound(project: Project, clip: str | None, delivery: Delivery) -> bool:
    """Whether the file will have sound: a clip alone its source's, the timeline that of all its clips."""
    if delivery != "full":
        return False
    return bool(sounding(project)) if clip is None else project.source(project.find(clip)[1].media).sound


def suggested_name(project: Project, clip: str | None) -> str:
    """The name without its ending: ``{clip}_{take:v003}``, or the project's."""
    if clip is None:
        return project.name or "Untitled"
    found = project.find(clip)[1]
    media = project.source(found.media)
    take = _take(media, project, found.take)
    return Path(found.name or media.name).stem + (f"_v{take.version:03d}" if take is not None else "")


def write(export: Export, progress: Progress, cancelled: Callable[[], bool]) -> None:
    """Write the file, whole or not at all.

    Args:
        progress: told how many frames are written, of how many.

    Raises:
        UsageError: ``empty_timeline``, ``output_is_source``, ``take_unfinished``, or the writer's own.
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
    alone = len(clips) == 1 and clips[0].start == 0 and export.span is None and export.size is None
    if export.clip is None and not (alone and len(sounding(project)) <= 1):
        _write_timeline(export, progress, cancelled)
        return
    # a timeline of one clip is that clip: its frames keep their own times, its sound is copied
    clip = clips[0] if export.clip is None else project.find(export.clip)[1]
    media = project.source(clip.media)
    part = used(clip, media, project.timeline)
    frames = FrameRange(max(0, part.start - export.handles), min(media.frames, part.stop + export.handles))
    write_source(export, media, clip.take, frames, progress, cancelled)


def write_source(
    export: Export, media: Media, take: str, frames: FrameRange, progress: Progress, cancelled: Callable[[], bool]
) -> None:
    """`frames` of a source with a take laid over it, at their own times, with their own sound. Raises as `write`."""
    sound = media.path if media.sound and export.delivery == "full" else None
    layer = _Shown(export, media, take)
    with MediaReader(media.path, rate=media.given_rate) as reader, _open(export, reader.info, frames, sound) as writer:
        for count, source in enumerate(reader.frames(frames)):
            go_on(cancelled)
            number = frames.start + count
            writer.write(number, deliver(export.delivery, layer.over(number, source), source))
            progress(count + 1, len(frames))
        writer.finish()


def _open(export: Export, info: MediaInfo, frames: FrameRange, sound: str | None) -> Writer:
    images = not export.form.suffix
    return open_writer(
        str(export.out) + ("/" if images else ""),
        info,
        frames=frames,
        delivery=export.delivery,
        audio_from=sound,
        codec=export.form.codec,
        images=export.form.images,
        prefix=f"{suggested_name(export.project, export.clip)}_",
    )


def _write_timeline(export: Export, progress: Progress, cancelled: Callable[[], bool]) -> None:
    """What is seen at every record frame, at the timeline's rate; gaps are black. With the sound of all clips."""
    project, timeline = export.project, export.project.timeline
    first, stop = export.span or (0, timeline.length)
    with ExitStack() as stack:
        readers: dict[str, MediaReader] = {}
        for clip in sorted(video_clips(project), key=lambda c: c.start):
            if clip.media not in readers:
                media = project.source(clip.media)
                readers[clip.media] = stack.enter_context(MediaReader(media.path, rate=media.given_rate))
        infos = [r.info for r in readers.values()]
        form = common_form(infos, export.size)
        info = _info(form, infos[0], timeline, stop)
        sound = None
        if with_sound(project, None, export.delivery) and export.form.suffix:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="keyfollow-sound-"))
            sound = _mixed(project, readers, first, stop, Path(folder) / "mix.wav", cancelled)
            info = replace(info, audio=(MIXED,))
        writer = stack.enter_context(_open(export, info, FrameRange(first, stop), sound))
        black = FrameBuffer(np.zeros((form.height, form.width, form.channels), form.dtype), form.depth, info.colour)
        for count, record in enumerate(range(first, stop)):
            go_on(cancelled)
            source = edited = black
            if (found := seen(project, record)) is not None:
                source = readers[found.clip.media].read(found.frame)
                edited = _conformed(export, found, source, form)
                if (fade := fading(project, record)) is not None:
                    under = fade.under
                    same = under.clip.media == found.clip.media and under.frame == found.frame
                    base = source if same else readers[under.clip.media].read(under.frame)
                    edited = dissolved(_conformed(export, under, base, form), edited, fade.share)
                    source = dissolved(conform(base, form), conform(source, form), fade.share)
                source = conform(source, form)
            writer.write(record, deliver(export.delivery, edited, source))
            progress(count + 1, stop - first)
        writer.finish()


def _conformed(export: Export, found: Seen, source: FrameBuffer, form: Form) -> FrameBuffer:
    """What a clip shows of its source frame, in the timeline's form."""
    return conform(_Shown(export, export.project.source(found.clip.media), found.clip.take).over(found.frame, source), form)


def _info(form: Form, like: MediaInfo, timeline: Timeline, length: int) -> MediaInfo:
    """The timeline as footage: one frame a tick, counted from 00:00:00:00 as its ruler does; tagged as its first clip is."""
    return MediaInfo(
        "uploaded",
        form.width,
        form.height,
        length,
        timeline.rate,
        (timeline.rate[1], timeline.rate[0]),
        tuple(range(length)),
        form.dtype,
        form.channels,
        form.depth,
        like.codec,
        like.pixel_format,
        like.colour,
        timecode="00:00:00:00",
        last_duration=1,
    )


def _mixed(
    project: Project, readers: dict[str, MediaReader], first: int, stop: int, out: Path, cancelled: Callable[[], bool]
) -> str:
    """The sound of record frames `first` to `stop`, all clips together, as a file that counts from the timeline's start."""
    fps = project.timeline.fps
    pieces = []
    for clip in sounding(project):
        start, end = max(clip.start, first), min(clip.stop, stop)
        if start >= end:
            continue
        media = project.source(clip.media)
        reader = readers.get(clip.media)
        # a source's sound counts from its file's zero, which need not be its first picture
        begins = reader.info.seconds(0) if reader is not None else Fraction(0)
        into = begins + source_position(clip, media, project.timeline, start) / media.fps
        pieces.append(Piece(media.path, into, start / fps, (end - start) / fps))
    mix(pieces, stop / fps, out, lambda: go_on(cancelled))
    return str(out)


class Layer:
    """A take (or none) as it lies over its source; `folder` is the take's, `name` what errors call it."""

    def __init__(self, take: TakeRef | None, folder: Path, name: str) -> None:
        self._take, self._folder, self._name = take, folder, name

    def over(self, frame: int, source: FrameBuffer) -> FrameBuffer:
        """Source frame `frame` with the take; as it is beyond the take's range. Raises UsageError ``take_unfinished``."""
        if self._take is None or not self._take.start <= frame < self._take.stop:
            return source
        try:
            packed = (self._folder / FRAMES / frame_name(frame)).read_bytes()
        except OSError as e:
            raise UsageError(
                "take_unfinished",
                f"Frame {frame} of the take shown of {self._name} is not made yet.",
                "Wait for its job, or show another take.",
            ) from e
        return deltas.unpack(packed).compose(source)


class _Shown(Layer):
    """A take over its source, with the retouches of single frames over both."""

    def __init__(self, export: Export, media: Media, take: str) -> None:
        super().__init__(_take(media, export.project, take), Path(export.takes.get(take, "")), media.name)
        self._export, self._media = export, media.id

    def over(self, frame: int, source: FrameBuffer) -> FrameBuffer:
        return fixed(self._export.folder, self._export.project, self._media, frame, super().over(frame, source))


def _take(media: Media, project: Project, take: str) -> TakeRef | None:
    return next((t for t in project.work_of(media.id).takes if t.id == take), None)
