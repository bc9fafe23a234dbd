"""The measures of a take's frames, one sealed line each, appended before the frame itself is written.

A line that a killed process left half written reads as absent; its frame is then made again. Of two lines for a frame the later
one counts.
"""

from __future__ import annotations

import os
from pathlib import Path

from keyfollow.atomic import storage_errors
from keyfollow.plain import PlainError, from_plain, to_plain
from keyfollow.sealed import Damaged, seal, unseal

from keyfollow_daemon.takes.report import FrameMeasure


def append(path: Path, frame: int, measure: FrameMeasure) -> None:
    """Durable when this returns.

    Raises:
        StorageError: ``disk_full`` or ``cannot_write``.
    """
    # the newline in front ends whatever a killed process left
    line = b"\n" + seal({"frame": frame, **to_plain(measure)})
    with storage_errors(path):
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            while line:
                line = line[os.write(handle, line) :]
            os.fsync(handle)
        finally:
            os.close(handle)


def read(path: Path) -> dict[int, FrameMeasure]:
    """The measures by source frame; empty when there is no journal."""
    measures = {}
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return {}
    for line in lines:
        try:
            data = unseal(line)
            measures[int(data["frame"])] = from_plain(FrameMeasure, data)
        except (Damaged, PlainError, KeyError, ValueError, TypeError):
            continue
    return measures
