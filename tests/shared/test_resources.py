"""What `client.jobs`, `client.takes` and `client.caches` ask the daemon, and what they write beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from keyfollow import wire
from keyfollow.client import Client
from keyfollow.edits import Blob
from keyfollow.engine_info import CacheInfo, Job, Take
from keyfollow.errors import StorageError
from keyfollow.frames import FrameRange
from keyfollow.resources import Caches, Jobs, Takes

JOB = Job("job-1", "queued", "patch", "/a.mp4", "final", "take-1", 1.0, 1.0)
TAKE = Take("take-1", "job-1", "/a.mp4", "patch", "final", 1.0, 4, 9, 10, True)
CACHE = CacheInfo("cache-1", "patch", "/a.mp4", 0, 12, 11, 1000, 2.5, 1.0, 2.0)
ANSWERS: dict[type, Any] = {
    wire.JobIs: wire.JobIs(JOB),
    wire.JobList: wire.JobList((JOB,)),
    wire.TakeIs: wire.TakeIs(TAKE, "/takes/take-1"),
    wire.TakeList: wire.TakeList((TAKE,)),
    wire.RecipeIs: wire.RecipeIs({"seed": 7}),
    wire.CacheIs: wire.CacheIs(CACHE),
    wire.CacheList: wire.CacheList((CACHE,)),
    wire.Done: wire.Done(),
}


class Daemon:
    """Answers by the kind of answer that is expected, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers = dict(ANSWERS)
        self.asked: list[Any] = []
        self.files: list[Path] = []

    def ask(self, body: Any, answer: type, timeout_s: float = 60) -> Any:
        self.asked.append(body)
        return self.answers[answer]

    def put_file(self, path: Path) -> Blob:
        self.files.append(path)
        return Blob("ab" * 32, 3)


@pytest.fixture
def daemon() -> Daemon:
    return Daemon()


def test_jobs_are_asked_for_and_changed_by_id(daemon: Daemon) -> None:
    jobs = Jobs(cast(Client, daemon))
    assert jobs.list() == [JOB]
    for act in (jobs.get, jobs.cancel, jobs.pause, jobs.resume, jobs.retry):
        assert act("job-1") == JOB
    assert jobs.move("job-1", before="job-2") == JOB
    assert jobs.move("job-1") == JOB
    jobs.remove("job-1")
    assert daemon.asked == [
        wire.Jobs(),
        *(wire.JobAction("job-1", action) for action in ("get", "cancel", "pause", "resume", "retry")),
        wire.JobAction("job-1", "move", "job-2"),
        wire.JobAction("job-1", "move", None),
        wire.JobAction("job-1", "remove"),
    ]


def test_anyone_can_attach_to_a_job(daemon: Daemon) -> None:
    run = Jobs(cast(Client, daemon)).attach("job-1", order="source")
    assert (run.id, run.take, run.job) == ("job-1", "take-1", JOB)


def test_takes_are_asked_for_and_deleted_by_id(daemon: Daemon) -> None:
    takes = Takes(cast(Client, daemon))
    assert takes.list() == [TAKE]
    assert takes.get("take-1") == TAKE
    assert takes.recipe("take-1") == {"seed": 7}
    assert takes.span("take-1") == FrameRange(4, 9)
    takes.delete("take-1")
    assert daemon.asked[-1] == wire.TakeAction("take-1", "delete")


def test_a_claim_that_cannot_be_copied_is_not_announced(daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "take-1").mkdir()
    daemon.answers[wire.TakeIs] = wire.TakeIs(TAKE, str(tmp_path / "take-1"))
    with pytest.raises(StorageError):
        Takes(cast(Client, daemon)).claim("take-1", tmp_path / "project")
    assert daemon.asked == [wire.TakeAction("take-1", "get")]
    assert not (tmp_path / "project" / "take-1").exists()


def test_caches_are_asked_for_and_changed_by_id(daemon: Daemon) -> None:
    caches = Caches(cast(Client, daemon))
    assert caches.list() == [CACHE]
    assert caches.get("cache-1") == caches.pin("cache-1") == caches.unpin("cache-1") == CACHE
    caches.delete("cache-1")
    assert [a.action for a in daemon.asked[1:]] == ["get", "pin", "unpin", "delete"]


def test_an_export_is_whole_or_not_there(daemon: Daemon, tmp_path: Path) -> None:
    made = tmp_path / "made.zip"
    made.write_bytes(b"archive")
    daemon.answers[wire.Exported] = wire.Exported(str(made), 7)
    caches = Caches(cast(Client, daemon))
    to = tmp_path / "out" / "mine.zip"
    with pytest.raises(StorageError) as failed:
        caches.export("cache-1", to)
    assert failed.value.code == "cannot_write"
    to.parent.mkdir()
    assert caches.export("cache-1", to) == to
    assert to.read_bytes() == b"archive"
    made.unlink()
    with pytest.raises(StorageError):
        caches.export("cache-1", to)
    assert to.read_bytes() == b"archive", "what was there before stays"
    assert list(to.parent.iterdir()) == [to]


def test_an_import_uploads_the_archive_and_names_it(daemon: Daemon, tmp_path: Path) -> None:
    assert Caches(cast(Client, daemon)).import_(tmp_path / "theirs.zip") == CACHE
    assert daemon.files == [tmp_path / "theirs.zip"]
    assert daemon.asked == [wire.CacheAction("import", blob="ab" * 32)]
