"""What is being painted, kept beside the project while it is: so that a crash loses no strokes.

    recovery/painting-<id>/head.json               what is painted, and what it began with
                           <layer>-<top>-<left>    a tile of a layer as it is now, zlib

Tiles are written whole and renamed, off the UI thread. They are not flushed to the platter: they outlive the program, not the power.
"""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from keyfollow.atomic import storage_errors
from keyfollow.errors import StorageError
from keyfollow.plain import PlainError, from_plain, to_plain

from ...model.recovery import FOLDER
from ...model.state import new_id
from .layers import Opened

if TYPE_CHECKING:
    from .canvas import Canvas, Tile

NAME, TRIED = "painting-", ".tried"
HEAD = "head.json"


def new_place(folder: Path) -> Path:
    """Where a painting of the project in `folder` is kept; nothing is made yet."""
    return folder / FOLDER / f"{NAME}{new_id()}"


def keep(place: Path, opened: Opened, tiles: Iterable[Tile]) -> None:
    """Keep tiles as they are now. Raises StorageError."""
    with storage_errors(place):
        place.mkdir(parents=True, exist_ok=True)
        if not (place / HEAD).exists():
            _write(place / HEAD, json.dumps(to_plain(opened)).encode())
        for tile in tiles:
            _write(place / f"{tile.plane}-{tile.rect.top}-{tile.rect.left}", zlib.compress(tile.pixels.tobytes(), 1))


def forget(place: Path) -> None:
    """The painting is in the project, or was given up."""
    shutil.rmtree(place, ignore_errors=True)


def left_behind(folder: Path) -> list[Path]:
    """Paintings of the project in `folder` that an earlier end of the program cut short, the oldest first."""
    found = [p for p in (folder / FOLDER).glob(f"{NAME}*") if p.suffix != TRIED and (p / HEAD).is_file()]
    return sorted(found, key=lambda p: p.stat().st_mtime)


def taken(place: Path) -> Path:
    """The place under another name, by which it is not found again: what ends the program once is not tried twice. Raises StorageError."""
    tried = place.with_name(place.name + TRIED)
    with storage_errors(place):
        return place.rename(tried)


def opened_in(place: Path) -> Opened:
    """What was painted there. Raises StorageError ``painting_damaged``."""
    try:
        return from_plain(Opened, json.loads((place / HEAD).read_text("utf-8")))
    except (OSError, ValueError, PlainError) as e:
        raise StorageError(
            "painting_damaged", f"A painting that was cut short cannot be read ({e}).", f"Its parts stay in {place}."
        ) from e


def lay(place: Path, canvas: Canvas) -> None:
    """Put the tiles that are kept there onto a canvas of the same frame. A tile that is damaged is left out."""
    for path, plane, top, left in _tiles(place):
        with suppress(OSError, ValueError, zlib.error):
            canvas.put(plane, top, left, zlib.decompress(path.read_bytes()))


def _tiles(place: Path) -> Iterator[tuple[Path, str, int, int]]:
    for path in sorted(place.iterdir()):
        plane, _, at = path.name.partition("-")
        top, _, left = at.partition("-")
        if top.isdecimal() and left.isdecimal():
            yield path, plane, int(top), int(left)


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
