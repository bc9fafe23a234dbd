"""The folder of a take, as the daemon fills it and a client copies it into a project.

    <take id>/
        take.json          what the take is: job, source, engine, range, hash of the recipe
        recipe.json        the request, complete
        frames/000012.kff  one edited frame each (`deltas`), with its own checksum
        report.json        what the run did
        manifest.json      SHA-256 and size of all the above; written last: with it the take is complete, and never changes again

The JSON files but the recipe are `sealed`; the manifest vouches for the recipe.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .atomic import new_file, storage_errors, sync_folder, temporary, write_atomic
from .errors import StorageError
from .plain import PlainError, from_plain
from .sealed import Damaged, read_sealed

TAKE, RECIPE, REPORT, MANIFEST, FRAMES = "take.json", "recipe.json", "report.json", "manifest.json", "frames"
FORMAT = 1
FRAME_NAME = re.compile(r"([0-9]{6,9})\.kff")
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileSum:
    """What a file must be: SHA-256 (hex) and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class TakeManifest:
    """Everything in a complete take. `files` are by name, `frames` by source frame (as text)."""

    take: str
    files: dict[str, FileSum]
    frames: dict[str, FileSum]
    format: int = FORMAT

    def __post_init__(self) -> None:
        if self.format != FORMAT or set(self.files) != {TAKE, RECIPE, REPORT}:
            raise ValueError("not a manifest of this format")
        if not all(number.isascii() and number.isdecimal() and len(number) <= 9 for number in self.frames):
            raise ValueError("frame number")

    @property
    def size_bytes(self) -> int:
        return sum(file.size for file in (*self.files.values(), *self.frames.values()))

    def paths(self) -> Iterator[tuple[str, FileSum]]:
        """Every file, by its path inside the folder."""
        yield from self.files.items()
        for number, file in self.frames.items():
            yield f"{FRAMES}/{frame_name(int(number))}", file


def frame_name(frame: int) -> str:
    """The file name of a source frame."""
    return f"{frame:06d}.kff"


def frame_number(name: str) -> int | None:
    """The source frame that a file name stands for; None for any other file."""
    match = FRAME_NAME.fullmatch(name)
    return int(match[1]) if match and frame_name(int(match[1])) == name else None


def read_manifest(folder: Path) -> TakeManifest:
    """The manifest of a complete take.

    Raises:
        StorageError: ``take_incomplete`` without a manifest, ``take_damaged`` with one that cannot be trusted.
    """
    try:
        return from_plain(TakeManifest, read_sealed(folder / MANIFEST))
    except FileNotFoundError as e:
        raise StorageError(
            "take_incomplete", f"The take {folder.name} is not finished.", "Wait for its job, or run the job again."
        ) from e
    except (Damaged, PlainError, ValueError, OSError) as e:
        raise damaged(folder.name, f"its manifest: {e}") from e


def damaged(take: str, what: str) -> StorageError:
    return StorageError("take_damaged", f"The take {take} is damaged ({what}).", "Delete it and run its job again.")


def verify(folder: Path) -> TakeManifest:
    """Read every file of a complete take against its manifest.

    Raises:
        StorageError: ``take_incomplete`` or ``take_damaged``.
    """
    manifest = read_manifest(folder)
    for name, expected in manifest.paths():
        for _ in _chunks(folder, name, expected):
            pass
    return manifest


def claim(folder: Path, into: Path) -> Path:
    """Copy the complete take in `folder` to ``into/<take id>``, verifying every file by its SHA-256; whole or absent.

    Claiming again is harmless: an equal, sound copy that is there already is returned.

    Raises:
        StorageError: ``take_incomplete``, ``take_damaged``, ``take_exists`` when something else has the name, ``disk_full``
            or ``cannot_write``.
    """
    manifest = read_manifest(folder)
    target = into / folder.name
    if target.exists():
        if verify(target) == manifest:
            return target
        raise StorageError("take_exists", f"{target} is another take of the same name.", "Move it away, then claim again.")
    temp = temporary(target)
    with storage_errors(target):
        into.mkdir(parents=True, exist_ok=True)
        (temp / FRAMES).mkdir(parents=True, mode=0o700)
    try:
        for name, expected in manifest.paths():
            with new_file(temp / name) as write:
                for chunk in _chunks(folder, name, expected):
                    write(chunk)
        write_atomic(temp / MANIFEST, (folder / MANIFEST).read_bytes())
        with storage_errors(target):
            sync_folder(temp / FRAMES)
            sync_folder(temp)
            temp.rename(target)
            sync_folder(into)
    except BaseException:
        shutil.rmtree(temp, ignore_errors=True)
        raise
    return target


def _chunks(folder: Path, name: str, expected: FileSum) -> Iterator[bytes]:
    """The bytes of a file. Raises StorageError ``take_damaged`` at the end unless they were as expected."""
    digest, rest = hashlib.sha256(), expected.size
    try:
        with (folder / name).open("rb") as file:
            while rest > 0 and (chunk := file.read(min(CHUNK, rest))):
                digest.update(chunk)
                rest -= len(chunk)
                yield chunk
            whole = rest == 0 and not file.read(1)
    except OSError as e:
        raise damaged(folder.name, f"{name}: {e.strerror or e}") from e
    if not whole or digest.hexdigest() != expected.sha256:
        raise damaged(folder.name, name)
