"""Whole pictures as image files, for clients that decode nothing themselves: a clip's own frame, or a take's laid over it.

Used by one thread, which may wait: frames are decoded in the sandbox. A reader stays open between asks, because whoever fetches a
take asks for one frame after the other, and the next frame is the cheapest one.
"""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from keyfollow import deltas
from keyfollow.atomic import storage_errors
from keyfollow.edits import Clip
from keyfollow.errors import StorageError, UsageError
from keyfollow.frames import FrameBuffer
from keyfollow.media.encode_image import write_image
from keyfollow.media.info import MediaInfo
from keyfollow.media.reader import MediaReader

from keyfollow_daemon.takes.store import TakeStore

Form = Literal["png", "tiff", "exr"]
Show = Literal["full", "edit"]
IDLE_S = 20.0
"""A reader, and its child process, is closed after so long without an ask."""


class Pictures:
    """Writes pictures into `folder`, which it empties first; whoever asked takes them away from there.

    Raises (all methods):
        UsageError: ``bad_clip`` for a clip without a path, ``frame_out_of_range``, ``unknown_take``, ``unknown_frame``.
        MediaError: the clip cannot be read.
    """

    def __init__(self, takes: TakeStore, folder: Path) -> None:
        self._takes = takes
        self._folder = folder
        self._reader: MediaReader | None = None
        self._opened: tuple[object, ...] = ()
        self._used = time.monotonic()
        shutil.rmtree(folder, ignore_errors=True)

    def info(self, clip: Clip) -> MediaInfo:
        return self._open(clip).info

    def write(self, clip: Clip, frame: int, take: str, form: Form, show: Show = "full") -> Path:
        """The file with source frame `frame` as the take has it, or as it is when `take` is empty.

        Args:
            show: ``full``; ``edit`` makes every pixel transparent that equals the decoded source.

        Raises:
            StorageError: ``corrupt_frame``, ``frame_gone``; ``wrong_source`` when the clip has changed since the run; ``disk_full``.
        """
        path = self._folder / f"{secrets.token_hex(16)}.{form}"
        with storage_errors(path):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        picture = self._picture(clip, frame, take)
        if show == "edit":
            picture = _only_changed(picture, self._open(clip).read(frame))
        write_image(path, picture)
        return path

    def idle(self, now: float) -> bool:
        """Is a reader open that nobody has needed for a while?"""
        return self._reader is not None and now - self._used > IDLE_S

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader, self._opened = None, ()

    def _picture(self, clip: Clip, frame: int, take: str) -> FrameBuffer:
        if not take:
            return self._open(clip).read(frame)
        path = self._takes.frame_path(take, frame)
        try:
            delta = deltas.unpack(path.read_bytes())
        except OSError as e:
            raise StorageError("frame_gone", f"Frame {frame} of take {take} is gone.", "Run the job again.") from e
        return delta.compose(None if delta.tiles is None else self._open(clip).read(frame))

    def _open(self, clip: Clip) -> MediaReader:
        if clip.path is None:
            raise UsageError("bad_clip", "Pictures are made of clips that have a path.", "Give the clip's path.")
        wanted = (clip.path, clip.rate, *_version(clip.path))
        if self._reader is None or self._opened != wanted:
            self.close()
            self._reader = MediaReader(clip.path, rate=clip.rate)
            self._opened = wanted
        self._used = time.monotonic()
        return self._reader


def _only_changed(picture: FrameBuffer, source: FrameBuffer) -> FrameBuffer:
    """RGBA, straight alpha; where nothing changed the colour stays, so that filters find no edge to something else."""
    changed = (picture.pixels != source.pixels).any(axis=2, keepdims=True)
    alpha = picture.pixels[..., 3:] if picture.has_alpha else np.full_like(changed, picture.white, picture.pixels.dtype)
    alpha = np.where(changed, alpha, picture.pixels.dtype.type(0))
    return replace(picture, pixels=np.ascontiguousarray(np.concatenate([picture.pixels[..., :3], alpha], axis=2)))


def _version(path: str) -> tuple[int, ...]:
    """Changes when the file does; a reader of the old one must not answer for the new one."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return ()
    return found.st_size, found.st_mtime_ns
