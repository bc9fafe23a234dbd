"""Light copies of large footage for playing: every frame whole in itself, at most 1080p, frame n of the copy is frame n of the original.

Made one after another on a thread of their own, of sources and of finished takes. They are looked at while playing only: what stands
still, what is edited and what is exported is the original.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from keyfollow.errors import KeyfollowError
from keyfollow.frames import FrameRange
from keyfollow.media.reader import MediaReader
from keyfollow.paths import paths
from keyfollow.take_folder import MANIFEST
from PySide6.QtCore import QObject, Signal

from ..model.state import Media, Project, TakeRef
from .take_store import TakeStore
from .worker import Progress, Worker, go_on

MOST = 1920, 1080
PROXY = ".proxy.mov"


class Proxies(QObject):
    """`changed` when a copy is there. `wanted` tells whether the person wants them at all."""

    changed = Signal()

    def __init__(self, takes: TakeStore, wanted: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._takes, self._wanted = takes, wanted
        self._waiting: OrderedDict[Path, tuple[Media, TakeRef | None]] = OrderedDict()
        self._there: set[Path] = set()
        self._failed: set[Path] = set()
        self._now: Path | None = None
        self._worker = Worker(self)
        self._worker.ended.connect(self._on_ended)

    def find(self, media: Media, take: TakeRef | None = None) -> Path | None:
        """The copy of a source, or of it with a take over it; None where there is none (yet)."""
        path = _path(media, take)
        return path if path in self._there else None

    def look(self, project: Project) -> None:
        """Make what is missing for the large sources of a project, and for the takes that its clips show."""
        if not self._wanted():
            return
        shown = {c.take for t in project.timeline.tracks for c in t.clips if c.take}
        for media in project.media.values():
            if not is_large(media) or not media.digest:
                continue
            finished = [t for t in project.work_of(media.id).takes if t.id in shown and self._is_finished(t)]
            for take in (None, *finished):
                path = _path(media, take)
                if path not in self._there and path not in self._failed and path != self._now:
                    if path.exists():
                        self._there.add(path)
                        self.changed.emit()
                    else:
                        self._waiting[path] = (media, take)
        self._next()

    def close(self) -> None:
        self._waiting.clear()
        self._worker.close()

    def _is_finished(self, take: TakeRef) -> bool:
        folder = self._takes.folder(take.id)
        return bool(folder) and Path(folder, MANIFEST).exists()

    def _next(self) -> None:
        if self._worker.running or not self._waiting:
            return
        self._now, (media, take) = self._waiting.popitem(last=False)
        path, folder = self._now, self._takes.folder(take.id) if take else ""
        self._worker.start(lambda progress, cancelled: make(media, take, folder, path, progress, cancelled))

    def _on_ended(self, _: object, error: KeyfollowError | None) -> None:
        path, self._now = self._now, None
        if path is not None:
            (self._failed if error else self._there).add(path)
            if error is None:
                self.changed.emit()
        self._next()


def is_large(media: Media) -> bool:
    """Whether its frames are larger than a copy's would be."""
    return media.width * media.height > MOST[0] * MOST[1]


def make(
    media: Media, take: TakeRef | None, folder: str, path: Path, progress: Progress, cancelled: Callable[[], bool]
) -> None:
    """Write the copy of a source, or of the frames of a take over it, whole or not at all.

    Args:
        folder: the take's.

    Raises:
        MediaError, StorageError, Cancelled; UsageError ``take_unfinished``.
    """
    # these import OpenCV and FFmpeg, which the window's start must not wait for
    from keyfollow.media.writer import open_writer

    from .conform import Form, conform
    from .exporting import Layer

    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    layer = Layer(take, Path(folder), media.name)
    with MediaReader(media.path, rate=media.given_rate) as reader:
        info = reader.info
        ratio = min(1.0, MOST[0] / info.width, MOST[1] / info.height)
        # whole pixels of 4:2:0
        width, height = (max(2, round(side * ratio / 2) * 2) for side in (info.width, info.height))
        form = Form(width, height, info.dtype, info.depth, 3)
        frames = FrameRange(take.start, take.stop) if take else FrameRange(0, info.frames)
        small = replace(info, width=width, height=height, channels=3, rotation=0)
        with open_writer(path, small, frames=frames, codec="prores") as writer:
            for count, source in enumerate(reader.frames(frames)):
                go_on(cancelled)
                number = frames.start + count
                writer.write(number, conform(layer.over(number, source), form))
                progress(count + 1, len(frames))
            writer.finish()


def _path(media: Media, take: TakeRef | None) -> Path:
    name = hashlib.sha256(f"{media.digest} {take.id if take else ''}".encode()).hexdigest()[:32]
    return paths().storage / "proxies" / (name + PROXY)
