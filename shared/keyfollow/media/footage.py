"""A video file inside the sandbox child: its frames counted from packets, and read by number.

Packets of well-behaved codecs in QuickTime and Matroska files are one shown frame each, so that reading them (no decoding) gives
every PTS; anything else is decoded once through. Either way the numbering is by PTS, and a frame whose PTS is not where it was
counted is an error, never a shorter clip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from .container import missing_of_riff, open_container, video_stream
from .decoded import display_matrix, form_of, rotation, tags
from .limits import MAX_FRAMES, MAX_PIXELS, WHOLE_FRAME_PACKETS
from .problems import problem

Ticks = npt.NDArray[np.int64]
Alive = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Index:
    """PTS of every frame, ascending, and of those that decoding can start at; `last` is the last frame's duration (0: unknown).

    `ordinal`: the file's timestamps are of no use for finding frames; they are counted from the beginning and `pts` is 0, 1, 2…
    """

    pts: Ticks
    keys: Ticks
    last: int
    ordinal: bool = False


class Footage:
    """The video stream of an open file.

    Args:
        fd: a regular file; read, never closed.
        alive: called at every packet that made progress.
    """

    def __init__(self, fd: int, alive: Alive) -> None:
        self._fd, self._alive = fd, alive
        self._index: Index | None = None
        self._running: Iterator[tuple[int, VideoFrame]] | None = None
        self._next = 0
        self._container, self._stream = self._open()

    def _open(self) -> tuple[InputContainer, VideoStream]:
        container = open_container(self._fd)
        stream = video_stream(container)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = 2
        for other in container.streams:
            if other is not stream:
                other.discard = Discard.all
        return container, stream

    def _reopen(self) -> None:
        self._container.close()
        self._container, self._stream = self._open()

    @property
    def index(self) -> Index:
        if self._index is None:
            self._index = self._count()
        return self._index

    def probe(self) -> tuple[dict[str, Any], Ticks]:
        """The fields of `MediaInfo`, and PTS of every frame.

        Raises:
            MediaError: ``media_no_video``, ``media_truncated``, ``media_too_large``, ``media_unsupported``.
        """
        index, first = self.index, self.frame(0)
        # only now: reading the first frame opens the container anew
        container, stream = self._container, self._stream
        form, matrix = form_of(first.format), display_matrix(first)
        sides = (first.width, first.height) if matrix[0] else (first.height, first.width)
        rate = _rate(index, stream)
        base = 1 / rate if index.ordinal else stream.time_base or 1 / rate
        told = (container.metadata, *(s.metadata for s in container.streams))
        timecode, reel = (next((m[tag] for m in told if tag in m), "") for tag in ("timecode", "reel_name"))
        colour = tags(first)
        return {
            "kind": "video",
            "width": sides[0],
            "height": sides[1],
            "frames": len(index.pts),
            "rate": [rate.numerator, rate.denominator],
            "time_base": [base.numerator, base.denominator],
            "pts": [],
            "last_duration": index.last,
            "dtype": form.dtype,
            "channels": form.channels,
            "depth": form.depth,
            "codec": stream.codec_context.codec.canonical_name,
            "pixel_format": first.format.name,
            "colour": {k: getattr(colour, k) for k in ("matrix", "range", "primaries", "transfer")},
            "rotation": rotation(matrix),
            "timecode": timecode[:32],
            "reel": reel[:64],
            "audio": [
                {
                    "codec": s.codec_context.codec.canonical_name,
                    "rate": s.codec_context.sample_rate,
                    "layout": s.codec_context.layout.name,
                }
                for s in container.streams.audio
                if s.codec_context is not None
            ],
        }, index.pts

    def frame(self, number: int) -> VideoFrame:
        """Frame `number`, decoded; the one after the last is the cheapest.

        Raises:
            MediaError: ``media_truncated`` when it is not there.
        """
        if self._running is None or number != self._next:
            self._running = self._from(number)
        found = next(self._running, None)
        if found is None or found[0] != number:
            self._running = None
            raise problem(
                "media_truncated",
                f"frame {number} of {len(self.index.pts)} does not decode",
                remedy="Copy or export it again, or choose a range without the damage.",
            )
        self._next = number + 1
        return found[1]

    def _from(self, number: int) -> Iterator[tuple[int, VideoFrame]]:
        """Frames in order, beginning at `number`; less when some do not decode."""
        index = self.index
        if not index.ordinal and number > 0:
            usable = index.keys[index.keys <= index.pts[number]]
            # an open GOP, or a container that seeks by other stamps, may need an earlier start
            for key in usable[: -3 if len(usable) > 3 else None : -1].tolist():
                self._seek(key)
                numbered = self._numbered()
                first = next(numbered, None)
                if first is not None and first[0] <= number:
                    yield from _skip(first, numbered, number)
                    return
        self._reopen()
        numbered = self._numbered()
        first = next(numbered, None)
        if first is not None:
            yield from _skip(first, numbered, number)

    def _seek(self, pts: int) -> None:
        try:
            self._container.seek(pts, stream=self._stream, backward=True)
        except FFmpegError:
            self._reopen()

    def _numbered(self) -> Iterator[tuple[int, VideoFrame]]:
        """Decoded frames from here on with their numbers; those that were not counted are left out."""
        index = self.index
        for ordinal, frame in enumerate(self._decoded()):
            if index.ordinal:
                yield ordinal, frame
            elif frame.pts is not None:
                at = int(np.searchsorted(index.pts, frame.pts))
                if at < len(index.pts) and index.pts[at] == frame.pts:
                    yield at, frame

    def _decoded(self, strict: bool = False) -> Iterator[VideoFrame]:
        """Frames from here on. A packet that does not decode is an error if `strict`, once a frame came out before it.

        Streams that were cut out of longer ones may begin with packets that nothing can decode.
        """
        failures = 0
        begun = False
        for packet in self._container.demux(self._stream):
            try:
                frames = packet.decode()
            except FFmpegError:
                if strict and begun:
                    raise
                # the frame is missing: whoever asked for it is told
                failures += 1
                if failures > 100:
                    return
                continue
            self._alive()
            begun = begun or bool(frames)
            for frame in frames:
                if frame.width * frame.height > MAX_PIXELS:
                    raise problem("media_too_large", f"{frame.width} x {frame.height}")
                yield frame

    def _count(self) -> Index:
        if missing := missing_of_riff(self._fd):
            raise problem("media_truncated", f"{missing} bytes at its end are missing")
        found = None
        try:
            if self._stream.codec_context.codec.canonical_name in WHOLE_FRAME_PACKETS and _indexed(self._container):
                found = self._from_packets()
            if found is None:
                self._reopen()
                found = self._from_decoding()
        except FFmpegError as e:
            raise problem("media_truncated", str(e.strerror)) from e
        if not len(found.pts):
            raise problem("media_no_video", "no frame decodes")
        return found

    def _from_packets(self) -> Index | None:
        """The index without decoding more than the first frame; None when the packets do not tell."""
        stamps: list[int] = []
        keys: list[int] = []
        lengths: list[int] = []
        packets = 0
        for packet in self._container.demux(self._stream):
            if not packet.size:
                continue
            packets += 1
            if packet.is_corrupt:
                raise problem("media_truncated", f"packet {packets} is cut off")
            if packets > MAX_FRAMES:
                raise problem("media_too_large", f"more than {MAX_FRAMES} frames")
            self._alive()
            if packet.pts is None:
                return None
            if not packet.is_discard:
                stamps.append(packet.pts)
                lengths.append(packet.duration or 0)
            if packet.is_keyframe:
                keys.append(packet.pts)
        if "mov" in self._container.format.name and packets < len(self._stream.index_entries):
            raise problem("media_truncated", f"{packets} of {len(self._stream.index_entries)} frames are there")
        pts = np.sort(np.array(stamps, np.int64))
        if (np.diff(pts) <= 0).any():
            return None
        self._reopen()
        first = next(self._decoded(), None)
        if first is None or first.pts is None:
            return None
        # pictures that lead an open GOP at the very start refer to what was cut away: no decoder shows them
        pts = pts[pts >= first.pts]
        if not len(pts) or pts[0] != first.pts:
            return None
        last = _last_duration(stamps, lengths, self._stream)
        self._check_length(int(pts[-1]) + last, last)
        return Index(pts, np.sort(np.array(keys, np.int64)), last)

    def _check_length(self, end: int, frame: int) -> None:
        """Matroska files do not count their frames, but most say how long each stream is: one that ends a frame early was cut."""
        promised = _clock_seconds(self._stream.metadata.get("DURATION", ""))
        base = self._stream.time_base
        if promised is not None and base is not None and end * base < promised - max(frame, 1) * base / 2 - Fraction(1, 500):
            raise problem("media_truncated", f"it ends after {float(end * base):.2f} s of {float(promised):.2f}")

    def _from_decoding(self) -> Index:
        stamps: list[int] = []
        keys: list[int] = []
        count = last = 0
        trusted = True
        for frame in self._decoded(strict=True):
            count += 1
            if count > MAX_FRAMES:
                raise problem("media_too_large", f"more than {MAX_FRAMES} frames")
            if frame.pts is None or (stamps and frame.pts <= stamps[-1]):
                trusted = False
                continue
            stamps.append(frame.pts)
            last = frame.duration or 0
            if frame.key_frame:
                keys.append(frame.pts)
        if trusted:
            return Index(np.array(stamps, np.int64), np.array(keys, np.int64), last)
        return Index(np.arange(count, dtype=np.int64), np.zeros(0, np.int64), 1, ordinal=True)


def _indexed(container: InputContainer) -> bool:
    return any(name in container.format.name for name in ("mov", "matroska"))


def _clock_seconds(text: str) -> Fraction | None:
    """``"00:01:02.500000000"`` as seconds; None when it is not of that form."""
    parts = text.split(":")
    try:
        hours, minutes, seconds = (Fraction(part) for part in parts)
    except (ValueError, ZeroDivisionError):
        return None
    return hours * 3600 + minutes * 60 + seconds


def _last_duration(stamps: list[int], lengths: list[int], stream: VideoStream) -> int:
    """How long the last shown frame lasts; `stamps` and `lengths` of the packets as stored.

    With reordering a packet's length is a distance between decoding times, so that only the stream's own end tells.
    """
    if lengths[-1] and (stamps[-1] == max(stamps) or len(set(lengths)) == 1):
        return lengths[-1]
    return max(0, (stream.start_time or 0) + (stream.duration or 0) - max(stamps))


def _skip(
    first: tuple[int, VideoFrame], rest: Iterator[tuple[int, VideoFrame]], number: int
) -> Iterator[tuple[int, VideoFrame]]:
    if first[0] >= number:
        yield first
    for found in rest:
        if found[0] >= number:
            yield found


def _rate(index: Index, stream: VideoStream) -> Fraction:
    """Frames per second: exact when the PTS are evenly spaced, else what the container or the codec names."""
    steps = np.diff(index.pts)
    if stream.time_base and not index.ordinal and len(steps) and (steps == steps[0]).all():
        return 1 / (int(steps[0]) * Fraction(stream.time_base))
    named = stream.guessed_rate or stream.average_rate or stream.base_rate
    return Fraction(named) if named and 0 < named <= 100_000 else Fraction(25)
