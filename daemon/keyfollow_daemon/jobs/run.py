"""What the worker is told about a job. Light: the event loop makes it, the worker reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from keyfollow.edits import Blob, EditRequest


@dataclass(frozen=True, slots=True)
class Run:
    """A job as the worker gets it; folders are text because it crosses a process boundary."""

    job: str
    take: str
    request: EditRequest
    inversions: str
    inversion_quota: int
    takes: str
    blobs: str
    largest_blob: int
    checkpoints: str
    meta: dict[str, Any] = field(default_factory=dict)
    near: int | None = None
    """The source frame that is looked at."""


def blobs_of(request: EditRequest) -> set[str]:
    """SHA-256 of every blob that a request refers to."""
    pictures: list[Blob] = [k.image for k in request.keyframes] + [m.image for m in request.masks if m.image]
    return {b.sha256 for b in (*pictures, *request.clip.frames)}
