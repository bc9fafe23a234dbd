"""Promise 2: an entry of the inversion cache is whole or absent, whatever is killed and whichever bit turns."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from keyfollow.client import Client
from keyfollow_daemon.cache.handles import Handles
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_testkit.counts import count
from keyfollow_testkit.daemons import Home
from keyfollow_testkit.faults import Daemon, flip_a_bit, flip_bit

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]
PAIRS = 11
ENTRIES = 3 * PAIRS
"""The flows of every pair; of every frame but the keyframe, a step of its track, and what it shows of the edit."""


def frames_of(client: Client, edit: dict[str, Any]) -> tuple[dict[int, str], int, int]:
    """Propagate; the digest of every frame, and how many cache entries were found and made."""
    run = client.propagate(**edit)
    frames = {frame.number: hashlib.sha256(frame.image.pixels.tobytes()).hexdigest() for frame in run}
    assert run.report is not None
    return frames, run.report.cache_hits, run.report.cache_misses


@pytest.mark.parametrize(
    "folder", ["inversions/entries/ab", "takes", "takes/t/frames", "blobs/ab", "exports", "checkpoints", "run"]
)
def test_a_start_clears_what_was_left_half_written(kf: Home, folder: str) -> None:
    left = kf.folder / folder / ".entry.kfi.0123456789abcdef.part"
    left.parent.mkdir(parents=True, mode=0o700)
    left.write_bytes(b"half")
    with Daemon(kf):
        assert not left.exists()


def test_a_job_makes_damaged_entries_anew(kf: Home, edit: dict[str, Any]) -> None:
    chance = random.Random(2)
    with Daemon(kf), kf.connect() as client:
        untouched, _, made = frames_of(client, edit)
        assert made == PAIRS
        entries = {path: path.read_bytes() for path in sorted(kf.paths.inversions.rglob("*.kfi"))}
        assert len(entries) == ENTRIES
        flipped = 0
        while flipped < count("flips_through_jobs"):
            hit = chance.sample(list(entries), min(10, count("flips_through_jobs") - flipped))
            for path in hit:
                flip_a_bit(path, chance)
            frames, found, made = frames_of(client, edit)
            assert frames == untouched
            assert found + made == PAIRS and made <= len(hit), "no sound flow is made anew"
            assert {path: path.read_bytes() for path in entries} == entries, "every damaged entry is what it was"
            flipped += len(hit)


def test_every_turned_bit_of_an_entry_is_detected(tmp_path: Path) -> None:
    store, chance, key = InversionStore(tmp_path, 1 << 30), random.Random(3), "ab" * 32
    flow: npt.NDArray[Any] = np.random.default_rng(0).normal(size=(32, 48, 2)).astype(np.float16)
    tensors = {"flow": flow, "scale": np.ones(1)}
    for _ in range(count("flips_detected")):
        store.save(key, tensors)
        place = flip_a_bit(store.path(key), chance)
        assert store.load(key) is None, f"bit {place} was turned unnoticed"
        assert not store.has(key), "a damaged entry is taken away"


def test_a_turned_bit_in_a_handle_hides_the_handle_only(kf: Home, edit: dict[str, Any]) -> None:
    chance = random.Random(4)
    with Daemon(kf), kf.connect() as client:
        frames_of(client, edit)
    store = InversionStore(kf.paths.inversions, 1 << 30)
    handles = Handles(kf.paths.inversions, store)
    (path,) = kf.paths.inversions.glob("handles/*.json")
    for _ in range(count("flips_detected") // 10):
        place = flip_a_bit(path, chance)
        assert handles.list() == []
        flip_bit(path, place)
        assert len(handles.list()) == 1
    assert len(store.index()) == ENTRIES


def test_bytes_reach_the_disk_before_their_name_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut cannot be had here; what stands in for it is the order of the calls that it would interrupt."""
    calls: list[tuple[str, str]] = []
    sync, replace = os.fsync, os.replace

    def note_sync(handle: int) -> None:
        calls.append(("fsync", Path(f"/proc/self/fd/{handle}").readlink().name))
        sync(handle)

    def note_replace(source: Any, target: Any) -> None:
        calls.append(("replace", Path(source).name))
        replace(source, target)

    store, key = InversionStore(tmp_path, 1 << 30), "ab" * 32
    store.save(key, {"x": np.ones(3)})
    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_replace)
    store.save(key, {"x": np.zeros(3)})
    (first, temporary), *rest = calls
    assert first == "fsync" and temporary.endswith(".part")
    assert rest == [("replace", temporary), ("fsync", store.path(key).parent.name)]
