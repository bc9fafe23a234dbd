"""Which clip a request is about, told without reading it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from keyfollow.edits import EditRequest


def source_identity(request: EditRequest) -> str:
    """Tells clips apart without reading them: path, size and time of change; or the digests of uploaded frames."""
    clip = request.clip
    if clip.path is None:
        return hashlib.sha256("".join(b.sha256 for b in clip.frames).encode()).hexdigest()
    try:
        found = Path(clip.path).stat()
    except (OSError, ValueError):  # ValueError: no path at all, it holds a NUL
        return clip.path
    return f"{clip.path}\n{found.st_size}\n{found.st_mtime_ns}"
