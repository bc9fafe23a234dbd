"""The job store: SQLite in WAL mode with synchronous=FULL, so that what was acknowledged survives a power cut.

Used by the event loop's thread alone. Every call is one committed transaction.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgpack
from keyfollow.edits import EditRequest
from keyfollow.engine_info import Failure
from keyfollow.errors import StorageError, disk_full
from keyfollow.plain import from_plain, to_plain

from .model import JobRecord

SCHEMA = 1
_TABLE = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, position REAL NOT NULL, state TEXT NOT NULL, request BLOB NOT NULL, take TEXT NOT NULL,
    created REAL NOT NULL, label TEXT NOT NULL, survives INTEGER NOT NULL, attempts INTEGER NOT NULL, failure BLOB
) WITHOUT ROWID
"""


class JobStore:
    """All jobs of this installation.

    Raises:
        StorageError: ``newer_store`` when a newer version wrote it, ``damaged_store`` when it is no database, ``disk_full``.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA:
                raise StorageError("newer_store", f"{path} was written by a newer Keyfollow.", "Start that version.")
            self._db.execute(_TABLE)
            self._db.execute(f"PRAGMA user_version={SCHEMA}")
        except sqlite3.DatabaseError as e:
            raise self._error(e) from e

    def add(self, job: JobRecord) -> JobRecord:
        """Commit a new job. An id that is there already keeps what it had: the stored job is returned."""
        self._execute(
            "INSERT OR IGNORE INTO jobs VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                job.id,
                job.position,
                job.state,
                msgpack.packb(to_plain(job.request)),
                job.take,
                job.created,
                job.label,
                int(job.survives),
                job.attempts,
                _pack_failure(job.failure),
            ),
        )
        stored = self.get(job.id)
        assert stored is not None
        return stored

    def update(self, job: JobRecord) -> None:
        """Commit what can change of a job."""
        self._execute(
            "UPDATE jobs SET position=?, state=?, attempts=?, failure=?, label=? WHERE id=?",
            (job.position, job.state, job.attempts, _pack_failure(job.failure), job.label, job.id),
        )

    def remove(self, id: str) -> None:
        self._execute("DELETE FROM jobs WHERE id=?", (id,))

    def get(self, id: str) -> JobRecord | None:
        rows = self._execute("SELECT * FROM jobs WHERE id=?", (id,))
        return _record(rows[0]) if rows else None

    def all(self) -> list[JobRecord]:
        return [_record(row) for row in self._execute("SELECT * FROM jobs ORDER BY position, created", ())]

    def close(self) -> None:
        self._db.close()

    def _execute(self, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as e:
            raise self._error(e) from e

    def _error(self, e: sqlite3.DatabaseError) -> StorageError:
        if getattr(e, "sqlite_errorname", "") == "SQLITE_FULL":
            return disk_full(self._path.parent)
        return StorageError(
            "damaged_store",
            f"The job store {self._path} cannot be used ({e}).",
            "Move the file away and start again: takes and caches are not affected.",
        )


def _pack_failure(failure: Failure | None) -> bytes | None:
    return msgpack.packb(to_plain(failure)) if failure else None


def _record(row: tuple[Any, ...]) -> JobRecord:
    id, position, state, request, take, created, label, survives, attempts, failure = row
    return JobRecord(
        id=id,
        request=from_plain(EditRequest, msgpack.unpackb(request)),
        take=take,
        created=created,
        position=position,
        state=state,
        label=label,
        survives=bool(survives),
        attempts=attempts,
        failure=from_plain(Failure, msgpack.unpackb(failure)) if failure else None,
    )
