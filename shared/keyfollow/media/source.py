"""Opening what a person points to, once and without blocking: a regular file, or a series of numbered images.

Nothing here looks inside a file: that is for the sandbox child.
"""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .limits import MAX_FRAMES, MAX_IMAGE_BYTES
from .problems import from_os, problem

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".exr", ".dpx")
_PATTERNS = "Check the folder and the pattern: %04d stands for a number of at least four digits, %d for any number."
_PRINTF = re.compile(r"%(0?)(\d*)d")
_NUMBERED = re.compile(r"^(.*?)(\d+)(\.[^.]+)$")


@dataclass(frozen=True, slots=True)
class ImageSeries:
    """Files of consecutive numbers; `files[0]` is frame 0 and is numbered `first`."""

    files: tuple[Path, ...]
    first: int


def open_regular(path: str | os.PathLike[str]) -> int:
    """A read-only descriptor of a regular file (a link to one will do); the caller closes it.

    FIFOs and devices are opened without blocking and refused.

    Raises:
        MediaError: ``media_not_found``, ``media_not_permitted``, ``media_not_regular``, ``media_empty``.
    """
    name = os.fspath(path)
    try:
        if not stat.S_ISREG(Path(name).stat().st_mode):
            raise problem("media_not_regular", name=name)
        fd = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0))
    except OSError as e:
        raise from_os(e, name) from e
    except ValueError as e:
        raise problem("media_not_found", str(e)) from e
    # looked at again: the path may have been exchanged between stat and open
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode) or found.st_size == 0:
        os.close(fd)
        raise problem("media_empty" if stat.S_ISREG(found.st_mode) else "media_not_regular", name=name)
    return fd


def identity(path: str | os.PathLike[str]) -> tuple[str, int, int, int] | None:
    """Stays the same as long as the file at `path` does, told without reading it; None for what is no single file, or not there."""
    name = os.fspath(path)
    try:
        found = Path(name).stat()
    except (OSError, ValueError):
        return None
    return (name, found.st_size, found.st_mtime_ns, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def read_file(path: str | os.PathLike[str], limit: int = MAX_IMAGE_BYTES) -> bytes:
    """All bytes of a regular file.

    Raises:
        MediaError: as `open_regular`, or ``media_too_large`` beyond `limit` bytes.
    """
    with os.fdopen(open_regular(path), "rb", buffering=0) as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise problem("media_too_large", f"more than {limit >> 20} MiB in one image", os.fspath(path))
        try:
            return file.readall()
        except OSError as e:
            raise from_os(e, os.fspath(path)) from e


def find_series(source: str | os.PathLike[str]) -> ImageSeries | None:
    """The images that `source` names: a folder, a printf pattern (``shot_%04d.png``) or one image; None for anything else.

    A folder's images must belong to one numbered series; when it holds several, the pattern says which.

    Raises:
        MediaError: ``media_gap`` naming the missing file, ``media_not_found`` when no file fits the pattern, ``media_no_video`` when a folder
            has no numbered image.
    """
    path = Path(os.fspath(source))
    try:
        if path.is_dir():
            return _series(path, _folder_names(path), str(path))
        match = _PRINTF.search(path.name)
        if match and not path.exists():
            head, tail = re.escape(path.name[: match.start()]), re.escape(path.name[match.end() :])
            digits = rf"\d{{{int(match[2])},}}" if match[1] and match[2] else r"\d+"
            pattern = re.compile(f"({head})({digits})({tail})")
            parts = [(m[1], m[2], m[3]) for name in _names(path.parent) if (m := pattern.fullmatch(name))]
            if not parts:
                raise problem("media_not_found", "no file's name fits this pattern", str(path), _PATTERNS)
            return _series(path.parent, parts, str(path))
    except OSError as e:
        raise from_os(e, str(path)) from e
    except ValueError as e:
        raise problem("media_not_found", str(e)) from e
    if path.suffix.lower() in IMAGE_SUFFIXES:
        numbered = _NUMBERED.match(path.name)
        return ImageSeries((path,), int(numbered[2]) if numbered else 0)
    return None


def _names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return [e.name for e in entries if not e.name.startswith(".")]


def _folder_names(folder: Path) -> list[tuple[str, str, str]]:
    parts = []
    for name in _names(folder):
        match = _NUMBERED.match(name)
        if match and match[3].lower() in IMAGE_SUFFIXES:
            parts.append((match[1], match[2], match[3]))
    kinds = Counter((head, tail) for head, _, tail in sorted(parts)).most_common(2)
    if len(kinds) > 1:
        ((a, b), _), ((c, d), _) = kinds
        fewest = min(len(digits) for head, digits, tail in parts if (head, tail) == (a, b))
        pattern = f"{a}%0{fewest}d{b}" if fewest > 1 else f"{a}%d{b}"
        raise problem(
            "media_unsupported",
            f"the folder holds several series, such as {a}#{b} and {c}#{d}",
            str(folder),
            f"Name one of them by a pattern: {folder / pattern}",
        )
    return parts


def _series(folder: Path, parts: list[tuple[str, str, str]], name: str) -> ImageSeries:
    if not parts:
        raise problem("media_no_video", "no numbered image", name)
    if len(parts) > MAX_FRAMES:
        raise problem("media_too_large", f"{len(parts)} images", name)
    by_number = {int(digits): (head, digits, tail) for head, digits, tail in parts}
    if len(by_number) != len(parts):
        raise problem("media_unsupported", "two images carry the same number", name)
    first, last = min(by_number), max(by_number)
    if last - first + 1 != len(by_number):
        missing = next(n for n in range(first, last) if n not in by_number)
        head, digits, tail = by_number[first]
        raise problem("media_gap", f"{head}{missing:0{len(digits)}d}{tail} is missing", name)
    return ImageSeries(tuple(folder / "".join(by_number[n]) for n in range(first, last + 1)), first)
