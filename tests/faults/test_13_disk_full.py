"""Promise 13: a full disk stops what needs it, cleanly and with a sentence; the daemon answers on, and all goes on once there is room."""

from __future__ import annotations

import random
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keyfollow.client import Client
from keyfollow.errors import StorageError
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_testkit.counts import count
from keyfollow_testkit.daemons import Home
from keyfollow_testkit.faults import Daemon, SmallDisk, ended, eventually, leftovers, small_disk

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]
MIB = 1 << 20
SIZES = [4 * MIB, 64 * MIB]


@pytest.fixture(params=SIZES, ids=["4 MiB", "64 MiB"])
def size(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def disk_on(folder: Path, size: int) -> Iterator[SmallDisk]:
    with small_disk(folder, size) as disk:
        yield disk


@pytest.fixture
def jobs_disk(kf: Home, size: int) -> Iterator[SmallDisk]:
    yield from disk_on(kf.paths.data, size)


@pytest.fixture
def uploads_disk(kf: Home, size: int) -> Iterator[SmallDisk]:
    yield from disk_on(kf.paths.blobs, size)


@pytest.fixture
def cache_disk(kf: Home, size: int) -> Iterator[SmallDisk]:
    yield from disk_on(kf.paths.inversions, size)


@pytest.fixture
def takes_disk(kf: Home, size: int) -> Iterator[SmallDisk]:
    """Above what is held back before a run, so that it begins."""
    yield from disk_on(kf.paths.takes, size + 65 * MIB)


def rounds() -> range:
    return range(max(1, count("disk_full") // len(SIZES)))


def another(edit: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The same edit with a keyframe that the daemon has not seen."""
    seen: np.ndarray[Any, Any] = edit["keyframes"][0]
    noise = np.random.default_rng(chance.getrandbits(32)).integers(0, 8, seen.shape, dtype=np.uint8)
    return {**edit, "keyframes": {0: seen ^ noise}}


def failed_for_want_of_space(client: Client, job: str) -> None:
    assert ended(client, job) == "failed"
    failure = client.jobs.get(job).failure
    assert failure is not None and failure.code == "disk_full"
    assert ("full" in failure.message or "are free" in failure.message) and failure.remedy


def submitted_until_refused(client: Client, edit: dict[str, Any]) -> str:
    """The id of the first job that the full disk refuses: the store's log may have a few pages left."""
    for _ in range(100):
        job = uuid.uuid4().hex
        try:
            client.propagate(**edit, engine="slow", job=job)
        except StorageError as e:
            assert e.code == "disk_full"
            return job
    pytest.fail("a full disk took a hundred jobs")


def test_the_job_store(kf: Home, edit: dict[str, Any], jobs_disk: SmallDisk) -> None:
    with Daemon(kf), kf.connect() as client:
        known = client.propagate(**edit, engine="slow", settings={"seconds": 0.2})
        for _ in rounds():
            jobs_disk.fill()
            refused = submitted_until_refused(client, edit)
            before = {job.id for job in client.jobs.list()}
            assert refused not in before, "what cannot be committed is not acknowledged"
            assert ended(client, known.id) == "done", "what runs goes on"
            jobs_disk.free()
            client.propagate(**edit, engine="slow").wait()
    with Daemon(kf), kf.connect() as client:
        kept = {job.id for job in client.jobs.list()}
        assert before <= kept and refused not in kept, "what was acknowledged is there, and nothing else"
        assert all(ended(client, id) == "done" for id in before)


def test_the_end_of_a_job_that_could_not_be_stored(
    kf: Home, edit: dict[str, Any], jobs_disk: SmallDisk, tmp_path: Path
) -> None:
    """It is told all the same, and after a restart nothing of the job is made again."""
    trace = tmp_path / "trace"
    with Daemon(kf), kf.connect() as client:
        run = client.propagate(**edit, engine="slow", settings={"seconds": 0.1, "trace": str(trace)})
        eventually(lambda: "Propagating" in client.status().worker, 30, "it runs")
        jobs_disk.fill()
        assert run.wait().frames == 12
    jobs_disk.free()
    with Daemon(kf), kf.connect() as client:
        assert ended(client, run.id) == "done"
    assert set(Counter(trace.read_text().split()).values()) == {1}


def test_uploads(kf: Home, edit: dict[str, Any], uploads_disk: SmallDisk, tmp_path: Path) -> None:
    chance = random.Random(13)
    big = tmp_path / "big"
    with Daemon(kf), kf.connect() as client:
        for _ in rounds():
            uploads_disk.fill(leave=chance.randrange(0, 12_000))
            with pytest.raises(StorageError) as small_one:
                client.propagate(**another(edit, chance))
            big.write_bytes(chance.randbytes(3 * MIB))
            uploads_disk.fill(leave=0)
            uploads_disk.free()
            uploads_disk.fill(leave=MIB + MIB // 2)
            with pytest.raises(StorageError) as large_one:
                client.put_file(big)
            assert (small_one.value.code, large_one.value.code) == ("disk_full", "disk_full")
            assert leftovers(kf.paths.blobs) == [], "half an upload is not kept"
            assert client.status().pid
            uploads_disk.free()
            assert client.propagate(**another(edit, chance)).wait().frames == 12
            for blob in kf.paths.blobs.glob("??/*"):
                blob.unlink()


def test_the_inversion_cache(kf: Home, edit: dict[str, Any], cache_disk: SmallDisk) -> None:
    chance = random.Random(14)
    store = InversionStore(kf.paths.inversions, 1 << 40)
    with Daemon(kf), kf.connect() as client:
        for _ in rounds():
            cache_disk.fill(leave=chance.randrange(0, 80_000))
            run = client.propagate(**edit)
            failed_for_want_of_space(client, run.id)
            assert all(store.read(key) is not None for key in store.index()), "no entry is half there"
            assert leftovers(kf.paths.inversions) == []
            cache_disk.free()
            client.jobs.retry(run.id)
            assert run.wait().frames == 12
            store.delete(store.index())


def test_takes(kf: Home, edit: dict[str, Any], takes_disk: SmallDisk, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with Daemon(kf), kf.connect() as client:
        for n in rounds():
            trace.unlink(missing_ok=True)
            run = client.propagate(**edit, engine="slow", settings={"seconds": 0.15, "trace": str(trace)})
            got = 0
            with pytest.raises(StorageError, match="full"):
                for _ in run:
                    got += 1
                    if got == 3:
                        takes_disk.fill(leave=n % 5 * 10_000)
            failed_for_want_of_space(client, run.id)
            assert leftovers(kf.paths.takes) == []
            takes_disk.free()
            client.jobs.retry(run.id)
            assert sorted(frame.number for frame in run) == list(range(12))
            made = Counter(trace.read_text().split())
            assert sum(made.values()) - 12 <= 3, "only what could not be kept was made again"


def test_a_run_that_cannot_fit_is_not_begun(kf: Home, edit: dict[str, Any], size: int) -> None:
    with small_disk(kf.paths.takes, size) as disk, Daemon(kf), kf.connect() as client:
        run = client.propagate(**edit)
        failed_for_want_of_space(client, run.id)
        assert list(kf.paths.takes.iterdir()) == []
        disk.grow(256 * MIB)
        client.jobs.retry(run.id)
        assert run.wait().frames == 12


def test_logs(kf: Home, edit: dict[str, Any], size: int) -> None:
    """A log that cannot be written stops nothing."""
    with small_disk(kf.paths.logs, size) as disk, Daemon(kf), kf.connect() as client:
        disk.fill()
        assert client.propagate(**edit).wait().frames == 12


def test_a_daemon_that_cannot_announce_itself_says_so(kf: Home, size: int) -> None:
    with small_disk(kf.paths.runtime, size) as disk:
        disk.fill()
        line = [sys.executable, "-m", "keyfollow_daemon"]
        done = subprocess.run(line, env=kf.environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode not in (0, 3) and "full" in done.stderr
        disk.free()
        with Daemon(kf), kf.connect() as client:
            assert client.status().pid
