"""A finished video and the sound of its source into one file. Runs in the sandbox child, which may write into that file only.

A whole clip's sound is copied, packet by packet, where the container takes it as it is; a part of it, or any other, is decoded, cut
at sample accuracy and encoded again without loss.
"""

from __future__ import annotations

import heapq
import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Discard, Stream

from . import sound
from .container import open_container, video_stream

_COPIED = {
    "mp4": frozenset(("aac", "alac", "mp3", "ac3", "eac3", "opus", "flac")),
    "mov": frozenset(
        ("aac", "alac", "mp3", "ac3", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le")
    ),
    "matroska": frozenset(
        ("aac", "alac", "mp3", "ac3", "eac3", "opus", "flac", "vorbis", "pcm_s16le", "pcm_s24le", "pcm_f32le")
    ),
}
Timed: TypeAlias = "tuple[Fraction, Packet[Any]]"


class Span(NamedTuple):
    """The part of the source's time that the video shows: seconds as exact fractions.

    `whole`: it is the whole clip, so that sound after the last frame belongs to it too.
    """

    whole: bool
    start: tuple[int, int]
    stop: tuple[int, int]


class Form(NamedTuple):
    """The file to be made: FFmpeg's muxer, its options, the file's metadata, nominal frames per second."""

    muxer: str
    options: dict[str, str]
    metadata: dict[str, str]
    rate: tuple[int, int]


class OutputFile(io.FileIO):
    """A file that FFmpeg writes through Python; it remembers what the system refused."""

    failure: OSError | None = None

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        size = len(view)
        try:
            while view:
                view = view[super().write(view) or 0 :]
        except OSError as e:
            self.failure = e
            raise
        return size


def mux(files: dict[str, int], span: Span, form: Form, alive: Callable[[], None]) -> None:
    """Write the video of ``files["video"]`` with the sound of ``files["source"]`` into ``files["out"]``.

    Raises:
        MediaError: the sound cannot be read.
        OSError: the output cannot be written.
    """
    out = OutputFile(files["out"], "wb", closefd=False)
    try:
        with av.open(out, "w", format=form.muxer, options=form.options) as target:
            target.metadata.update(form.metadata)
            tracks = [_picture(open_container(files["video"]), target, Fraction(*form.rate), form.metadata)]
            with open_container(files["source"]) as source:
                known = [s.index for s in source.streams.audio if s.codec_context is not None]
            tracks += [_sound(open_container(files["source"]), index, target, form.muxer, span) for index in known]
            for _, packet in heapq.merge(*tracks, key=lambda timed: timed[0]):
                target.mux_one(packet)
                alive()
    except FFmpegError:
        if out.failure is not None:
            raise out.failure from None
        raise


def _picture(video: InputContainer, target: OutputContainer, rate: Fraction, metadata: dict[str, str]) -> Iterator[Timed]:
    stream = video_stream(video)
    shown = target.add_stream_from_template(stream)
    # a copy loses both; timecode tracks are made from the rate
    shown.metadata.update(metadata)
    shown.codec_context.framerate = rate
    shown.codec_context.codec_tag = stream.codec_context.codec_tag
    return _copied(video, stream, shown)


def _sound(source: InputContainer, index: int, target: OutputContainer, muxer: str, span: Span) -> Iterator[Timed]:
    stream = source.streams[index]
    assert isinstance(stream, AudioStream)
    for other in source.streams:
        if other is not stream:
            other.discard = Discard.all
    codec = stream.codec_context.codec.canonical_name
    alike = ("matroska" if muxer == "matroska" else "mov") in source.format.name
    if span.whole and not span.start[0] and alike and codec in _COPIED[muxer]:
        return _copied(source, stream, target.add_stream_from_template(stream))
    return _recoded(source, stream, target, muxer, span)


def _copied(container: InputContainer, stream: Stream, out: Stream) -> Iterator[Timed]:
    def packets() -> Iterator[Timed]:
        for packet in container.demux(stream):
            if packet.dts is not None:
                time = packet.dts * packet.time_base
                packet.stream = out
                yield time, packet

    return packets()


def _recoded(source: InputContainer, stream: AudioStream, target: OutputContainer, muxer: str, span: Span) -> Iterator[Timed]:
    context = stream.codec_context
    rate = context.sample_rate
    layout = sound.named_layout(context.layout.name, len(context.layout.channels))
    codec, sample_type = sound.encoder(muxer, sound.SAMPLE_TYPES[context.format.name.rstrip("p")])
    out = target.add_stream(codec, rate=rate, layout=layout)
    assert isinstance(out, AudioStream)
    if codec == "alac":
        out.codec_context.format = "s16p" if sample_type == "int16" else "s32p"
    start, stop = Fraction(*span.start), None if span.whole else Fraction(*span.stop)

    def packets() -> Iterator[Timed]:
        written = 0
        for samples in sound.cut(source.decode(stream), start, stop):
            frame = sound.audio_frame(sound.converted(samples, sample_type), layout, rate, written)
            written += len(samples)
            yield from _timed(out.encode(frame), Fraction(written, rate))
        yield from _timed(out.encode(None), Fraction(written, rate))

    return packets()


def _timed(packets: list[Packet[AudioStream]], time: Fraction) -> Iterator[Timed]:
    return ((time, packet) for packet in packets)
