"""What the system says when an output cannot be written, as errors for a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..atomic import FULL
from ..errors import KeyfollowError, StorageError, UsageError


def cannot_write(path: Path, error: OSError) -> KeyfollowError:
    """``disk_full``, or ``output_unwritable`` for anything else."""
    if error.errno in FULL:
        return StorageError(
            "disk_full",
            f"The disk that holds {path.parent} is full.",
            "Free some space or choose another place. A take that is finished needs no new run: keyfollow takes export.",
        )
    if isinstance(error, FileExistsError):
        return UsageError(
            "output_unwritable",
            f"{path} is a file, so no folder of images can have that name.",
            "Choose another name for the folder; a video's name does not end in a slash.",
        )
    return UsageError(
        "output_unwritable",
        f"{path} cannot be written ({error.strerror or error}).",
        "Check that its folder exists and that you may write there, or choose another place.",
    )


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError in the block, which writes `path`, into `cannot_write`."""
    try:
        yield
    except OSError as e:
        raise cannot_write(path, e) from e
