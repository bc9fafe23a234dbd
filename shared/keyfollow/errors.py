"""One small tree of errors. Each carries a code for programs, a sentence for a person, and what to do next.

    KeyfollowError
    ├── UsageError      2    the request itself is wrong: a frame out of range, an unknown setting
    ├── DaemonError     3    no daemon, or one that cannot be spoken to
    ├── MemoryShort     4    not enough memory on the device, even for the smallest plan
    ├── ModelMissing    5    an engine's weights are not on this machine
    ├── MediaError      6    the input cannot be read as a picture, a video or sound
    ├── StorageError    1    a disk is full, a folder cannot be written
    ├── JobError        1    an engine or its worker failed
    └── Cancelled       130  someone cancelled it

The number is the command line's exit status.
"""

from __future__ import annotations

from collections.abc import Mapping


class KeyfollowError(Exception):
    """Base of all errors that reach a person.

    Args:
        code: stable lower-case identifier, e.g. ``"frame_out_of_range"``; programs match on it.
        message: one sentence that says what is wrong, with the values that made it so.
        remedy: one sentence that says what to do next.
    """

    exit_status = 1

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()

    def to_plain(self) -> dict[str, str]:
        """The error as it travels on the wire and in ``--json`` output."""
        # a kind of one module's own travels as the one that every peer knows
        kind = next((k.__name__ for k in type(self).__mro__ if k.__name__ in KINDS), KeyfollowError.__name__)
        return {"kind": kind, "code": self.code, "message": self.message, "remedy": self.remedy}


class UsageError(KeyfollowError):
    exit_status = 2


class DaemonError(KeyfollowError):
    exit_status = 3


class MemoryShort(KeyfollowError):
    exit_status = 4


class ModelMissing(KeyfollowError):
    exit_status = 5


class MediaError(KeyfollowError):
    exit_status = 6


class StorageError(KeyfollowError):
    exit_status = 1


class JobError(KeyfollowError):
    exit_status = 1


class Cancelled(KeyfollowError):
    exit_status = 130

    def __init__(
        self,
        code: str = "cancelled",
        message: str = "The job was cancelled.",
        remedy: str = "`keyfollow jobs retry` goes on from its last finished frame.",
    ) -> None:
        super().__init__(code, message, remedy)


KINDS: dict[str, type[KeyfollowError]] = {
    kind.__name__: kind
    for kind in (UsageError, DaemonError, MemoryShort, ModelMissing, MediaError, StorageError, JobError, Cancelled)
}


def from_plain(data: Mapping[str, object]) -> KeyfollowError:
    """Rebuild an error that another process sent. An unknown kind becomes a plain `KeyfollowError`, never a crash."""
    kind = KINDS.get(str(data.get("kind", "")), KeyfollowError)
    return kind(str(data.get("code", "unknown")), str(data.get("message", "")), str(data.get("remedy", "")))


def disk_full(where: object) -> StorageError:
    """ENOSPC or EDQUOT while writing below `where`."""
    return StorageError(
        "disk_full",
        f"The disk that holds {where} is full.",
        "Free some space and retry the job: it goes on where it stopped. Or point KEYFOLLOW_STORAGE to a larger disk.",
    )
