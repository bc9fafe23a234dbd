"""From what people write to an `EditRequest`: footage probed, everything checked, then pictures uploaded."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from . import deltas
from .checks import MASK_SIZE, check_request, check_size
from .edits import Blob, Clip, EditRequest, Keyframe, Mask, MaskRole, Quality, SettingValue
from .errors import UsageError
from .frames import FrameBuffer, FrameRange, Pixels
from .media.info import MediaInfo

if TYPE_CHECKING:
    from .client import Client
    from .media.reader import MediaReader

T = TypeVar("T")
Picture = str | os.PathLike[str] | bytes | Pixels | FrameBuffer
"""An image file's path or bytes, or pixels."""
Source = str | os.PathLike[str] | Iterable[Pixels | FrameBuffer]
MaskPart = Mapping[int, Picture] | str | os.PathLike[str]
"""Stills by source frame, or the path of a mask video."""
MaskSource = MaskPart | Sequence[MaskPart]
"""One or several; where several cover a frame they are united."""
SourceOf = Callable[[int], FrameBuffer]


@dataclass(frozen=True, slots=True, eq=False)
class PackedPicture:
    """A picture as the bytes that will travel, and the blob that names them."""

    data: bytes
    blob: Blob

    def decode(self) -> FrameBuffer:
        """Its pixels; files are decoded in the sandbox."""
        if self.blob.form == "frame":
            return deltas.unpack(self.data).compose(None)
        from .media.images import read_image

        return read_image(self.data, name=self.blob.name)


class Looked:
    """What clips and pictures are, so that asking about the same ones again, or at the same time, opens them once. Any thread.

    A clip is the same while its file has the same size, time and inode; a picture by its bytes.
    """

    KEPT = 64

    def __init__(self) -> None:
        self._known: OrderedDict[Any, Future[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def clip(self, path: str, rate: tuple[int, int] | None) -> MediaInfo:
        """`media.probe.probe` of a clip. Raises as that."""
        from .media.probe import probe
        from .media.source import identity

        same = identity(path)
        if same is None:  # a series of images, or an error that is the probe's to tell
            return probe(path, rate=rate)
        return self._once((same, rate), lambda: probe(path, rate=rate))

    def size(self, picture: PackedPicture) -> tuple[int, int]:
        """(width, height) of a picture that can be decoded. Raises as `PackedPicture.decode`."""

        def look() -> tuple[int, int]:
            found = picture.decode()
            return found.width, found.height

        return self._once(picture.blob.sha256, look)

    def tell_size(self, sha256: str, size: tuple[int, int]) -> None:
        """That a picture, by its bytes, was decoded elsewhere and has this (width, height): `size` need not look."""
        known: Future[tuple[int, int]] = Future()
        known.set_result(size)
        with self._lock:
            self._known[sha256] = known

    def _once(self, key: Any, look: Callable[[], T]) -> T:
        with self._lock:
            known: Future[T] | None = self._known.get(key)
            found = known or Future()
            self._known[key] = found
            self._known.move_to_end(key)
            while len(self._known) > self.KEPT:
                self._known.popitem(last=False)
        if known is None:
            try:
                found.set_result(look())
            except BaseException as e:
                found.set_exception(e)
                with self._lock:
                    self._known.pop(key, None)
        return found.result()


def pack_picture(picture: Picture) -> PackedPicture:
    """Raises `MediaError` as `media.source.read_file`; for a folder ``media_not_regular``."""
    form: Literal["file", "frame"] = "frame"
    name = "pixels"
    if isinstance(picture, (str, os.PathLike)):
        from .media.problems import problem
        from .media.source import read_file

        path = Path(picture)
        form, name = "file", path.name
        if path.is_dir():
            raise problem("media_not_regular", "it is a folder", str(path), "Give one picture, for example a PNG.")
        data = read_file(path)
    elif isinstance(picture, bytes):
        form, name, data = "file", "picture", picture
    else:
        data = deltas.pack(0, _buffer(picture))
    return PackedPicture(data, Blob(hashlib.sha256(data).hexdigest(), len(data), form, name))


def build_request(
    client: Client,
    source: Source,
    *,
    keyframes: Mapping[int, Picture] | None = None,
    masks: MaskSource | None = None,
    protect: MaskSource | None = None,
    in_front: MaskSource | None = None,
    range: FrameRange | Sequence[int] | None = None,
    engine: str = "patch",
    settings: Mapping[str, SettingValue] | None = None,
    prompt: str = "",
    source_prompt: str = "",
    model: str | os.PathLike[str] | None = None,
    seed: int = 0,
    quality: Quality = "final",
    cache: str | None = None,
    rate: tuple[int, int] | None = None,
) -> tuple[EditRequest, SourceOf]:
    """The request, and a function that decodes a source frame.

    Args:
        keyframes: edited pictures by source frame.
        masks: where the edit may go; `protect` where it may not; `in_front` what passes before it.
        range: half-open, in source frames; the whole clip by default.
        settings: the engine's; text is parsed as on the command line.
        model: a folder of weights, the name of a model in the store (`keyfollow models list`) or the repository that it was pulled
            from, for engines that need some; by default the best one here for the engine.
        cache: an inversion cache by id, from an earlier run.
        rate: frames per second as a fraction, for image sequences and uploaded frames.

    Raises:
        UsageError, MediaError, ModelMissing: nothing was submitted.
    """
    infos = client.engines()
    if engine not in infos:
        raise UsageError("unknown_engine", f"There is no engine called {engine}.", f"There are: {', '.join(sorted(infos))}.")
    if cache is not None:
        client.caches.get(cache)
    schema = {s.name: s for s in infos[engine].settings}
    values = {n: schema[n].parse(v) if isinstance(v, str) and n in schema else v for n, v in (settings or {}).items()}
    keys = {index(n): pack_picture(p) for n, p in sorted((keyframes or {}).items())}
    stills: dict[str, PackedPicture] = {}
    given = [*_masks("edit", masks, stills), *_masks("protect", protect, stills), *_masks("front", in_front, stills)]
    with ThreadPoolExecutor(4, "keyfollow-look") as beside:
        # every file is decoded by a child of its own: they need not wait for one another
        sizes = {p.blob.sha256: beside.submit(client.looked.size, p) for p in (*keys.values(), *stills.values())}
        clip, media, source_of = _open_clip(client, source, rate)
    request = EditRequest(
        clip=clip,
        keyframes=tuple(Keyframe(n, p.blob) for n, p in keys.items()),
        masks=tuple(given),
        range=range if range is None or isinstance(range, FrameRange) else FrameRange(*map(index, range)),
        engine=engine,
        settings=values,
        prompt=prompt,
        source_prompt=source_prompt,
        model=None if model is None else model_of(model),
        seed=seed,
        quality=quality,
        cache=cache,
    )
    check_request(request, media, infos[engine])
    for n, packed in keys.items():
        check_size(f"Keyframe {n}", sizes[packed.blob.sha256].result(), media)
    for packed in stills.values():
        check_size(f"The mask {packed.blob.name}", sizes[packed.blob.sha256].result(), media, MASK_SIZE)
    for packed in (*keys.values(), *stills.values()):
        client.put(packed)
    return request, source_of


def for_prompts(
    client: Client, prompts: Sequence[str], engine: str, settings: Mapping[str, SettingValue]
) -> dict[str, SettingValue]:
    """The settings that runs with these prompts have in common: an engine that can draws them together."""
    found = client.engines().get(engine) if len(prompts) > 1 else None
    together = found is not None and any(s.name == "prompts" for s in found.settings)
    return {**settings, "prompts": "\n".join(prompts)} if together else dict(settings)


def model_of(given: str | os.PathLike[str]) -> str:
    """A model as the daemon, which has a working folder of its own, finds it: a folder's whole path, or a name as it is (of a model in
    the store, or of the repository it came from)."""
    path = Path(given)
    if not path.exists() and isinstance(given, str) and re.fullmatch(r"\w[^/\\]*(/\w[^/\\]*)?", given):
        return given
    return str(path.absolute())


class _SourceReader:
    """`source_reader`'s function. The sandbox child behind it ends with the last frame (or run) that could ask it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._reader: MediaReader | None = None

    def __call__(self, frame: int) -> FrameBuffer:
        from .media.reader import MediaReader

        with self._lock:
            if self._reader is None:
                self._reader = MediaReader(self._path)
                weakref.finalize(self, self._reader.close)
            return self._reader.read(frame)


def source_reader(path: str) -> SourceOf:
    """A function that decodes frames of the clip at `path`, opened when the first one is asked for. Thread-safe."""
    return _SourceReader(path)


def _open_clip(client: Client, source: Source, rate: tuple[int, int] | None) -> tuple[Clip, MediaInfo, SourceOf]:
    if isinstance(source, (str, os.PathLike)):
        # the daemon has a working folder of its own
        path = str(Path(source).absolute())
        return Clip(path=path, rate=rate), client.looked.clip(path, rate), source_reader(path)
    return _upload_clip(client, source, rate or (24, 1))


def _upload_clip(
    client: Client, frames: Iterable[Pixels | FrameBuffer], rate: tuple[int, int]
) -> tuple[Clip, MediaInfo, SourceOf]:
    blobs: list[Blob] = []
    first: FrameBuffer | None = None
    for pixels in frames:
        frame = _buffer(pixels)
        first = first or frame
        if frame.pixels.shape != first.pixels.shape or frame.pixels.dtype != first.pixels.dtype:
            raise UsageError(
                "mixed_frames", f"Frame {len(blobs)} differs from frame 0 in size or type.", "Give frames of one form."
            )
        packed = pack_picture(frame)
        client.put(packed)
        blobs.append(packed.blob)
    if first is None:
        raise UsageError("empty_clip", "The clip has no frames.", "Give at least one.")
    return Clip(frames=tuple(blobs), rate=rate), MediaInfo.of_frames(first, len(blobs), rate), _no_source


def _no_source(frame: int) -> FrameBuffer:
    raise UsageError(
        "no_source", f"Frame {frame} of an uploaded clip is not kept by the client.", "Its edited frames come whole."
    )


def _masks(role: MaskRole, given: MaskSource | None, stills: dict[str, PackedPicture]) -> list[Mask]:
    if given is None:
        return []
    if isinstance(given, Sequence) and not isinstance(given, str):
        return [mask for part in given for mask in _masks(role, part, stills)]
    if isinstance(given, Mapping):
        packed = {index(n): pack_picture(p) for n, p in sorted(given.items())}
        stills.update({p.blob.sha256: p for p in packed.values()})
        return [Mask(role, frame=n, image=p.blob) for n, p in packed.items()]
    return [Mask(role, video=str(Path(given).absolute()))]


def _buffer(pixels: Pixels | FrameBuffer) -> FrameBuffer:
    if isinstance(pixels, FrameBuffer):
        return pixels
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * 255
    if pixels.ndim == 2:  # a mask, or a grey picture
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    return FrameBuffer(np.ascontiguousarray(pixels), depth={"uint8": 8}.get(pixels.dtype.name, 16))
