"""The frames of a clip as engines read them: by number, near ones cheap in either direction, memory bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

from keyfollow.deltas import unpack
from keyfollow.errors import UsageError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.media.info import MediaInfo
from keyfollow.media.reader import MediaReader

BUDGET_BYTES = 256 << 20
MIN_FRAMES = 4
Read = Callable[[FrameRange], Iterator[FrameBuffer]]


class ClipFrames:
    """`engines.base.Frames` over a `MediaReader`, or over frames that a client uploaded. One thread at a time.

    Frames given out are read-only: a later read returns the same pixels.

    Args:
        reader: closed by `close`.
        budget_bytes: how much of decoded frames is kept, but at least 4 frames.
    """

    def __init__(self, reader: MediaReader, *, budget_bytes: int = BUDGET_BYTES) -> None:
        self._set_up(reader.info, reader.frames, reader.close, budget_bytes)

    @classmethod
    def uploaded(
        cls, names: Sequence[str], fetch: Callable[[str], bytes], rate: tuple[int, int], *, budget_bytes: int = BUDGET_BYTES
    ) -> ClipFrames:
        """Over frames packed whole by `keyfollow.deltas.pack`.

        Args:
            names: one per frame, at least one; `fetch` gives the bytes of each.
            rate: frames per second.

        Raises:
            StorageError: ``corrupt_frame``; here for the first frame, on reading for any other.
            UsageError: on reading, ``bad_frame`` when a frame is not of the first one's form.
        """
        first = unpack(fetch(names[0])).compose(None)
        info = MediaInfo.of_frames(first, len(names), rate)

        def read(frames: FrameRange) -> Iterator[FrameBuffer]:
            return (_conformed(unpack(fetch(names[n])).compose(None), info, n) for n in frames)

        clip = cls.__new__(cls)
        clip._set_up(info, read, lambda: None, budget_bytes)
        return clip

    def _set_up(self, info: MediaInfo, read: Read, close: Callable[[], None], budget_bytes: int) -> None:
        self.info = info
        self._read, self._close = read, close
        self._capacity = max(MIN_FRAMES, budget_bytes // info.frame_bytes)
        self._kept: OrderedDict[int, FrameBuffer] = OrderedDict()
        self._digests: dict[int, bytes] = {}
        self._last = -1
        self._stream: Iterator[FrameBuffer] | None = None
        self._streamed = -1

    @property
    def count(self) -> int:
        return self.info.frames

    @property
    def size(self) -> tuple[int, int]:
        return self.info.width, self.info.height

    def __len__(self) -> int:
        return self.info.frames

    def __getitem__(self, frame: int) -> FrameBuffer:
        """One frame.

        Raises:
            UsageError: ``frame_out_of_range``.
            MediaError: the source does not give it.
        """
        if not 0 <= frame < self.info.frames:
            raise UsageError(
                "frame_out_of_range",
                f"The clip has frames 0 to {self.info.frames - 1}; there is no frame {frame}.",
                "Choose a frame within the clip.",
            )
        if frame not in self._kept:
            self._fetch(frame)
        self._last = frame
        self._kept.move_to_end(frame)
        return self._kept[frame]

    def digest(self, frame: int) -> bytes:
        """`FrameBuffer.digest` of the frame, computed when it was first read."""
        if frame not in self._digests:
            self[frame]
        return self._digests[frame]

    def close(self) -> None:
        self._kept.clear()
        self._stream = None
        self._close()

    def _fetch(self, frame: int) -> None:
        piece = self._capacity // 2
        if frame == self._last + 1:
            self._forward(frame)
            return
        self._stream = None
        if self._last - piece <= frame < self._last:
            # going backward: decoders only go forward, so a piece that ends here is read at once
            for n, picture in enumerate(
                self._read(FrameRange(max(0, frame - piece + 1), frame + 1)), max(0, frame - piece + 1)
            ):
                self._keep(n, picture)
        else:
            self._keep(frame, next(iter(self._read(FrameRange(frame, frame + 1)))))

    def _forward(self, frame: int) -> None:
        """Read on in a stream, which decodes ahead while the caller works."""
        if self._stream is None or self._streamed != frame:
            self._stream = self._read(FrameRange(frame, self.info.frames))
        self._keep(frame, next(self._stream))
        self._streamed = frame + 1

    def _keep(self, frame: int, picture: FrameBuffer) -> None:
        picture.pixels.setflags(write=False)
        if frame not in self._digests:
            self._digests[frame] = picture.digest()
        self._kept[frame] = picture
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)


def _conformed(picture: FrameBuffer, info: MediaInfo, frame: int) -> FrameBuffer:
    if picture.pixels.shape != (info.height, info.width, info.channels) or picture.pixels.dtype.name != info.dtype:
        raise UsageError(
            "bad_frame",
            f"Uploaded frame {frame} is {picture.pixels.shape} {picture.pixels.dtype}, unlike the others.",
            "Upload frames of one size, depth and number of channels.",
        )
    return picture
