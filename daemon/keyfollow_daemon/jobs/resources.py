"""What this machine has free, and whether a run fits: a sentence before the run instead of a raw error in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil
from keyfollow.engine_info import Estimate
from keyfollow.errors import MemoryShort, StorageError

RAM_MARGIN = 256 << 20
DISK_MARGIN = 64 << 20


def require_room(estimate: Estimate, storage: Path) -> None:
    """Refuse a run that cannot fit.

    Raises:
        MemoryShort: ``not_enough_memory``.
        StorageError: ``disk_full``.
    """
    free_ram = psutil.virtual_memory().available
    if estimate.ram_bytes + RAM_MARGIN > free_ram:
        raise MemoryShort(
            "not_enough_memory",
            f"This run needs about {_bytes(estimate.ram_bytes + RAM_MARGIN)} of memory; {_bytes(free_ram)} are free.",
            "Close other programs, run a draft, or work on a smaller copy of the clip.",
        )
    free_disk = shutil.disk_usage(storage).free
    if estimate.disk_bytes + DISK_MARGIN > free_disk:
        raise StorageError(
            "disk_full",
            f"This run may need {_bytes(estimate.disk_bytes + DISK_MARGIN)} below {storage}; {_bytes(free_disk)} are free.",
            "Free some space, shorten the range, or move the storage root (KEYFOLLOW_STORAGE), then retry the job.",
        )


def _bytes(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size >> 20} MiB"
