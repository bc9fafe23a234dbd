"""What the store has acknowledged is there after a kill; what it cannot read it refuses with a sentence."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from keyfollow.edits import Blob, Clip, EditRequest, Keyframe, Mask
from keyfollow.engine_info import Failure
from keyfollow.errors import StorageError
from keyfollow.frames import FrameRange
from keyfollow_daemon.jobs.model import JobRecord
from keyfollow_daemon.jobs.store import SCHEMA, JobStore

REQUEST = EditRequest(
    Clip("/ä/a.mp4"),
    keyframes=(Keyframe(3, Blob("ab" * 32, 10)),),
    masks=(Mask("protect", video="/m.mkv"),),
    range=FrameRange(0, 9),
    settings={"radius": 3, "soft": True, "share": 0.5, "mode": "fine"},
    prompt="ein Hut 🎩",
    quality="draft",
)
ADD_FOREVER = """
import itertools, sys
from pathlib import Path
from keyfollow.edits import Clip, EditRequest
from keyfollow_daemon.jobs.model import JobRecord
from keyfollow_daemon.jobs.store import JobStore
store = JobStore(Path(sys.argv[1]))
for n in itertools.count():
    store.add(JobRecord(f"job-{n:05}", EditRequest(Clip("/a.mp4")), f"take-{n}", 1.0, float(n)))
    print(f"job-{n:05}", flush=True)
"""


def job(n: int = 1, **change: object) -> JobRecord:
    return replace(JobRecord(f"job-{n}", REQUEST, f"take-{n}", 1.5, float(n), label="mine"), **change)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "jobs.db"


@pytest.fixture
def store(path: Path) -> Iterator[JobStore]:
    made = JobStore(path)
    yield made
    made.close()


def test_a_job_comes_back_as_it_was_added(store: JobStore, path: Path) -> None:
    added = job(survives=False, failure=Failure("JobError", "x", "X.", "Y."), state="failed", attempts=2)
    assert store.add(added) == added
    store.close()
    again = JobStore(path)
    assert again.get("job-1") == added
    assert again.get("job-2") is None
    again.close()


def test_an_id_keeps_what_it_had(store: JobStore) -> None:
    first = store.add(job(1, label="first"))
    assert store.add(job(1, label="second", position=9.0)) == first
    assert store.all() == [first]


def test_jobs_come_in_queue_order(store: JobStore) -> None:
    for n in (3, 1, 2):
        store.add(job(n))
    older = store.add(job(4, position=2.0, created=0.5))
    assert [j.id for j in store.all()] == ["job-1", older.id, "job-2", "job-3"]


def test_what_can_change_is_updated_and_the_rest_is_not(store: JobStore) -> None:
    store.add(job())
    failed = job(state="failed", attempts=3, position=7.0, label="new", failure=Failure("JobError", "x", "X.", "Y."))
    store.update(replace(failed, take="another", request=EditRequest(Clip("/b.mp4"))))
    assert store.get("job-1") == failed
    store.update(replace(failed, failure=None))
    assert store.all() == [replace(failed, failure=None)]


def test_a_removed_job_is_gone(store: JobStore) -> None:
    store.add(job())
    store.remove("job-1")
    store.remove("job-1")
    assert store.all() == []


def test_every_commit_waits_for_the_disk(store: JobStore) -> None:
    database = store._db
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"


@pytest.mark.parametrize("after", [1, 12])
def test_an_acknowledged_job_survives_a_kill(path: Path, after: int) -> None:
    with subprocess.Popen([sys.executable, "-c", ADD_FOREVER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline().strip() for _ in range(after)]
        writer.kill()
        acknowledged += writer.stdout.read().split()
    store = JobStore(path)
    stored = [j.id for j in store.all()]
    assert stored[: len(acknowledged)] == acknowledged
    assert len(stored) <= len(acknowledged) + 1, "at most the one that was about to be acknowledged"
    assert store.add(job(1, id=stored[0])).take == "take-0"
    store.close()


def refusal(path: Path) -> StorageError:
    with pytest.raises(StorageError) as refused:
        JobStore(path)
    return refused.value


def test_a_newer_store_is_refused_and_left_alone(store: JobStore, path: Path) -> None:
    store.add(job())
    store.close()
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version={SCHEMA + 1}")
    database.close()
    error = refusal(path)
    assert error.code == "newer_store"
    assert str(path) in error.message
    database = sqlite3.connect(path)
    assert database.execute("SELECT id FROM jobs").fetchall() == [("job-1",)]
    assert database.execute("PRAGMA user_version").fetchone() == (SCHEMA + 1,)
    database.close()


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database at all, but some text " * 100)
    error = refusal(path)
    assert error.code == "damaged_store"
    assert str(path) in error.message
    assert path.read_bytes().startswith(b"this is no database")


def test_damage_inside_a_store_is_an_error_with_a_sentence(store: JobStore, path: Path) -> None:
    for n in range(50):
        store.add(job(n))
    store.close()
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    path.write_bytes(raw)
    damaged = JobStore(path)
    with pytest.raises(StorageError) as error:
        damaged.all()
    assert error.value.code == "damaged_store"
    damaged.close()


def test_a_full_store_says_that_the_disk_is_full_and_keeps_what_it_has(store: JobStore) -> None:
    store.add(job(0))
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StorageError) as full:
        for n in range(1, 100):
            store.add(job(n))
    assert full.value.code == "disk_full"
    stored = {j.id for j in store.all()}
    assert "job-0" in stored
    store._db.execute("PRAGMA max_page_count=100000")
    store.add(job(1000))
    assert stored < {j.id for j in store.all()}
