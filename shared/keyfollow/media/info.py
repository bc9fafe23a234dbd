"""What is known about a piece of footage before a frame of it is decoded. Plain data: it travels on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from ..frames import Colour, FrameBuffer


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """One sound stream: codec name, samples per second, channel layout (``"stereo"``)."""

    codec: str
    rate: int
    layout: str


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """A clip, as `media.probe` found it.

    Args:
        kind: a video file, numbered images, or frames that a client uploaded.
        width, height: in pixels as shown, after the rotation flag was applied.
        frames: exact number of frames that decode.
        rate: nominal frames per second as an exact fraction.
        time_base: seconds per PTS tick as an exact fraction.
        pts: presentation time of every frame in ticks, ascending; holds for variable rates too.
        dtype, channels, depth: form of the decoded source (see `frames.FrameBuffer`).
        pixel_format: FFmpeg's name of the stored format.
        rotation: degrees clockwise that were applied (0, 90, 180, 270).
        first_number: number in the name of an image sequence's first file (frame 0).
        timecode, reel: start timecode and reel name as tagged, empty without one.
        last_duration: ticks that the last frame is shown; 0 when the file does not say.
    """

    kind: Literal["video", "images", "uploaded"]
    width: int
    height: int
    frames: int
    rate: tuple[int, int]
    time_base: tuple[int, int]
    pts: tuple[int, ...]
    dtype: str
    channels: int
    depth: int
    codec: str = ""
    pixel_format: str = ""
    colour: Colour = field(default_factory=Colour)
    rotation: int = 0
    first_number: int = 0
    timecode: str = ""
    reel: str = ""
    last_duration: int = 0
    audio: tuple[AudioInfo, ...] = ()

    @classmethod
    def of_frames(cls, first: FrameBuffer, count: int, rate: tuple[int, int]) -> MediaInfo:
        """Of a clip that is no file: `count` frames like `first`."""
        return cls(
            kind="uploaded",
            width=first.width,
            height=first.height,
            frames=count,
            rate=rate,
            time_base=(rate[1], rate[0]),
            pts=tuple(range(count)),
            dtype=first.pixels.dtype.name,
            channels=first.channels,
            depth=first.depth,
            colour=first.colour,
            last_duration=1,
        )

    @property
    def fps(self) -> Fraction:
        return Fraction(*self.rate)

    def seconds(self, frame: int) -> Fraction:
        """When `frame` is shown, exactly, from the file's own zero."""
        return self.pts[frame] * Fraction(*self.time_base)

    def end(self, stop: int) -> int:
        """The tick at which frame ``stop - 1`` ends: where the next begins, or after the last frame's duration."""
        if stop < self.frames:
            return self.pts[stop]
        nominal = round(1 / (self.fps * Fraction(*self.time_base)))
        return self.pts[-1] + (self.last_duration or max(1, nominal))

    @property
    def frame_bytes(self) -> int:
        """Bytes of one decoded frame."""
        return self.width * self.height * self.channels * {"uint8": 1, "uint16": 2, "float16": 2}[self.dtype]
