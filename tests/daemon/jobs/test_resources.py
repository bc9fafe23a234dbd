"""A run that cannot fit is refused with what it needs and what is free."""

from __future__ import annotations

from pathlib import Path

import pytest
from keyfollow.engine_info import Estimate
from keyfollow.errors import MemoryShort, StorageError
from keyfollow_daemon.jobs.resources import require_room

HUGE = 1 << 60


def estimate(ram: int = 0, disk: int = 0) -> Estimate:
    return Estimate(seconds=1.0, ram_bytes=ram, disk_bytes=disk, frames=1)


def test_a_small_run_passes(tmp_path: Path) -> None:
    require_room(estimate(1 << 20, 1 << 20), tmp_path)


def test_too_little_memory_is_said_in_figures(tmp_path: Path) -> None:
    with pytest.raises(MemoryShort) as short:
        require_room(estimate(ram=HUGE), tmp_path)
    assert short.value.code == "not_enough_memory"
    assert "1073741824.2 GiB of memory" in short.value.message
    assert "GiB are free" in short.value.message


def test_too_little_disk_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as full:
        require_room(estimate(disk=HUGE), tmp_path)
    assert full.value.code == "disk_full"
    assert str(tmp_path) in full.value.message
    assert "GiB are free" in full.value.message
