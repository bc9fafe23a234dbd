"""The footage of a run: its frames, keyframes and masks, decoded and checked."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, overload

import numpy as np
import numpy.typing as npt
from keyfollow import deltas
from keyfollow.checks import MASK_SIZE, check_size
from keyfollow.edits import Blob, EditRequest
from keyfollow.errors import UsageError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.media.fit import fit_keyframe, mask_weight
from keyfollow.media.images import read_image
from keyfollow.media.info import MediaInfo
from keyfollow.media.reader import MediaReader
from keyfollow.media.source import identity

from keyfollow_daemon.engines.base import EditKeyframe, EditMask
from keyfollow_daemon.executors.base import Stopped
from keyfollow_daemon.jobs.identity import source_identity
from keyfollow_daemon.media.blobs import BlobStore
from keyfollow_daemon.media.clip import ClipFrames


class Sources:
    """What a request refers to. Closes its readers when left."""

    def __init__(self, request: EditRequest, pictures: Mapping[str, Future[FrameBuffer]], frames: ClipFrames) -> None:
        self._request = request
        self._pictures = pictures
        self._mask_videos: list[MediaReader] = []
        self.frames = frames
        self.media: MediaInfo = frames.info
        self.name = request.clip.path or f"{self.media.frames} uploaded frames"
        self.identity = source_identity(request)
        self.from_file = request.clip.path is not None

    def keyframes(self) -> list[EditKeyframe]:
        """Ascending by frame, in the source's own form.

        Raises:
            UsageError: ``wrong_size``.
            MediaError: a picture cannot be read.
        """
        made = []
        for key in sorted(self._request.keyframes, key=lambda k: k.frame):
            picture = self._pictures[key.image.sha256].result()
            check_size(f"Keyframe {key.frame}", (picture.width, picture.height), self.media)
            made.append(EditKeyframe(key.frame, fit_keyframe(picture, self.frames[key.frame])))
        return made

    def masks(self, span: FrameRange) -> Sequence[EditMask]:
        """Stills as given; a mask video as one mask per frame of `span`, decoded when it is asked for.

        Raises:
            UsageError: ``wrong_size``, ``mask_length``.
            MediaError: a mask cannot be read.
        """
        stills: list[EditMask] = []
        videos: list[tuple[str, MediaReader, int]] = []
        for mask in self._request.masks:
            if mask.video is not None:
                reader, offset = self._mask_video(mask.video, span)
                videos.append((mask.role, reader, offset))
            elif mask.image is not None and mask.frame is not None:
                picture = self._pictures[mask.image.sha256].result()
                check_size(f"The mask on frame {mask.frame}", (picture.width, picture.height), self.media, MASK_SIZE)
                stills.append(EditMask(mask.role, mask.frame, mask_weight(picture)))
        return MaskList(stills, videos, span)

    def _mask_video(self, path: str, span: FrameRange) -> tuple[MediaReader, int]:
        reader = MediaReader(path)
        self._mask_videos.append(reader)
        if (reader.info.width, reader.info.height) != (self.media.width, self.media.height):
            raise UsageError(
                "wrong_size",
                f"The mask video is {reader.info.width}x{reader.info.height}, the clip {self.media.width}x{self.media.height}.",
                "Render the mask at the clip's size.",
            )
        if reader.info.frames == self.media.frames:
            return reader, 0
        if reader.info.frames == len(span):
            return reader, span.start
        raise UsageError(
            "mask_length",
            f"The mask video has {reader.info.frames} frames; the clip has {self.media.frames}, the range {len(span)}.",
            "Render one mask frame per frame of the clip, or of the range.",
        )

    def __enter__(self) -> Sources:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        REST.leave(_identity(self._request) if kind in (None, Stopped) else None, self.frames)
        for reader in self._mask_videos:
            reader.close()


class Rest:
    """The clip of the last run, left open for a while: the next run is likely to be about it, and begins where it is read already."""

    def __init__(self, keep_s: float = 20.0) -> None:
        self._keep_s = keep_s
        self._lock = threading.Lock()
        self._held: tuple[Hashable, ClipFrames, threading.Timer] | None = None

    def take(self, identity: Hashable | None) -> ClipFrames | None:
        """The clip, if it is the one with this identity. Whatever lies here is here no more."""
        with self._lock:
            held, self._held = self._held, None
        if held is None:
            return None
        held[2].cancel()
        if identity is not None and held[0] == identity:
            return held[1]
        held[1].close()
        return None

    def leave(self, identity: Hashable | None, frames: ClipFrames) -> None:
        """Put a clip here, in the place of any other; without an identity it is closed."""
        self.take(None)
        if identity is None:
            frames.close()
            return
        timer = threading.Timer(self._keep_s, self.take, (None,))
        timer.daemon = True
        with self._lock:
            self._held = (identity, frames, timer)
        timer.start()


REST = Rest()


def _identity(request: EditRequest) -> Hashable | None:
    """The same as long as the clip's file is the same; None for what is no single file."""
    same = None if request.clip.path is None else identity(request.clip.path)
    return None if same is None else (same, request.clip.rate)


class VideoMask:
    """`EditMask` whose picture is decoded when it is asked for: a mask video is never in memory whole."""

    def __init__(self, role: str, frame: int, reader: MediaReader, offset: int) -> None:
        self.role = role
        self.frame = frame
        self._reader = reader
        self._offset = offset

    @property
    def weight(self) -> npt.NDArray[np.float32]:
        return mask_weight(self._reader.read(self.frame - self._offset))


class MaskList(Sequence[EditMask]):
    """Stills first, then the frames of the mask videos."""

    def __init__(self, stills: list[EditMask], videos: list[tuple[str, MediaReader, int]], span: FrameRange) -> None:
        self._stills = stills
        self._videos = videos
        self._span = span

    def __len__(self) -> int:
        return len(self._stills) + len(self._videos) * len(self._span)

    @overload
    def __getitem__(self, index: int) -> EditMask: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[EditMask]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index < len(self._stills):
            return self._stills[index]
        video, place = divmod(index - len(self._stills), len(self._span))
        role, reader, offset = self._videos[video]
        return VideoMask(role, self._span.start + place, reader, offset)

    def __iter__(self) -> Iterator[EditMask]:
        return (self[i] for i in range(len(self)))


def open_sources(request: EditRequest, blobs: BlobStore) -> Sources:
    """Open the clip of a request.

    Raises:
        MediaError: it cannot be read.
        UsageError: ``bad_clip`` when it names neither a path nor frames, or both.
    """
    clip = request.clip
    if (clip.path is None) == (not clip.frames):
        raise UsageError("bad_clip", "A clip is either a path or uploaded frames.", "Give exactly one of them.")
    pictures = [k.image for k in request.keyframes] + [m.image for m in request.masks if m.image]
    with ThreadPoolExecutor(2, "keyfollow-pictures") as beside:
        # each is decoded by a child of its own, and so is the clip: they need not wait for one another
        decoded = {blob.sha256: beside.submit(_decode, blobs, blob) for blob in pictures}
        if clip.path is not None:
            rested = REST.take(_identity(request))
            frames = ClipFrames(MediaReader(clip.path, rate=clip.rate)) if rested is None else rested
        else:
            frames = ClipFrames.uploaded([b.sha256 for b in clip.frames], blobs.open, clip.rate or (24, 1))
    return Sources(request, decoded, frames)


def _decode(blobs: BlobStore, blob: Blob) -> FrameBuffer:
    data = blobs.open(blob.sha256)
    if blob.form == "frame":
        return deltas.unpack(data).compose(None)
    return read_image(data, name=blob.name)
