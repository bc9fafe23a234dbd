"""`client.jobs`, `client.takes`, `client.caches`: what the daemon keeps, as a client lists and changes it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import take_folder, wire
from .atomic import temporary
from .engine_info import CacheInfo, Job, Take
from .errors import StorageError
from .frames import FrameRange
from .requests import source_reader
from .run import FrameStream, Order, Run

if TYPE_CHECKING:
    from .client import Client


class Jobs:
    """The queue. Every method raises `UsageError` ``unknown_job`` for an id that is not there."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> list[Job]:
        """In queue order, ended ones included."""
        return list(self._client.ask(wire.Jobs(), wire.JobList).jobs)

    def get(self, id: str) -> Job:
        return self._act(id, "get")

    def attach(self, id: str, order: Order = "arrival") -> Run:
        """Follow a job that anyone submitted: its frames from the first one, its progress, its end."""
        job = self.get(id)
        return Run(self._client, job, order, source_reader(job.source))

    def cancel(self, id: str) -> Job:
        return self._act(id, "cancel")

    def pause(self, id: str) -> Job:
        """Let go of the device; `resume` goes on from the last finished frame."""
        return self._act(id, "pause")

    def resume(self, id: str) -> Job:
        return self._act(id, "resume")

    def retry(self, id: str) -> Job:
        """Queue a failed or cancelled job again; finished frames are kept."""
        return self._act(id, "retry")

    def move(self, id: str, before: str | None = None) -> Job:
        """Put a job before another one, or last."""
        return self._client.ask(wire.JobAction(id, "move", before), wire.JobIs).job

    def remove(self, id: str) -> None:
        """Forget an ended job. Its take stays."""
        self._client.ask(wire.JobAction(id, "remove"), wire.Done)

    def _act(self, id: str, action: Any) -> Job:
        return self._client.ask(wire.JobAction(id, action), wire.JobIs).job


class Takes:
    """What runs have made. Every method raises `UsageError` ``unknown_take`` for an id that is not there."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> list[Take]:
        return list(self._client.ask(wire.Takes(), wire.TakeList).takes)

    def get(self, id: str) -> Take:
        return self._client.ask(wire.TakeAction(id, "get"), wire.TakeIs).take

    def recipe(self, id: str) -> dict[str, Any]:
        """Everything that the take's frames follow from."""
        return self._client.ask(wire.TakeAction(id, "recipe"), wire.RecipeIs).recipe

    def frames(self, id: str, order: Order = "source") -> FrameStream:
        """The take's frames; iterate it once."""
        spec = wire.OpenFrames(stream=0, take=id, order=order, by=self._client.frames_by)
        return FrameStream(self._client, spec, source_reader(self.get(id).source))

    def span(self, id: str) -> FrameRange:
        """The source frames that the take covers."""
        take = self.get(id)
        return FrameRange(take.start, take.stop)

    def delete(self, id: str) -> None:
        """For good. Raises `UsageError` ``job_runs`` while a job still fills it."""
        self._client.ask(wire.TakeAction(id, "delete"), wire.Done)

    def claim(self, id: str, into: Path) -> Path:
        """Copy a take into a folder of yours, verified; from then on it is that folder's, and the daemon may tidy its own copy.

        Returns:
            ``into/<id>``: complete, or not there at all.
        """
        folder = self._client.ask(wire.TakeAction(id, "get"), wire.TakeIs).folder
        where = take_folder.claim(Path(folder), into)
        self._client.ask(wire.TakeAction(id, "claimed", str(where)), wire.TakeIs)
        return where


class Caches:
    """Inversion caches. Every method raises `UsageError` ``unknown_cache`` for an id that is not there."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> list[CacheInfo]:
        return list(self._client.ask(wire.Caches(), wire.CacheList).caches)

    def get(self, id: str) -> CacheInfo:
        return self._act("get", id)

    def pin(self, id: str) -> CacheInfo:
        """Keep it, whatever the quota."""
        return self._act("pin", id)

    def unpin(self, id: str) -> CacheInfo:
        return self._act("unpin", id)

    def delete(self, id: str) -> None:
        self._client.ask(wire.CacheAction("delete", id), wire.Done)

    def export(self, id: str, to: Path) -> Path:
        """Write a cache as one archive that another machine can import.

        Raises:
            StorageError: ``cannot_write``.
        """
        made = self._client.ask(wire.CacheAction("export", id), wire.Exported, timeout_s=3600)
        temp = temporary(to)
        try:
            shutil.copyfile(made.path, temp)
            temp.replace(to)
        except OSError as e:
            temp.unlink(missing_ok=True)
            raise StorageError("cannot_write", f"{to} cannot be written ({e.strerror}).", "Choose another place.") from e
        return to

    def import_(self, archive: Path) -> CacheInfo:
        """Take over an archive made by `export`. Nothing in it is trusted."""
        blob = self._client.put_file(archive)
        return self._client.ask(wire.CacheAction("import", blob=blob.sha256), wire.CacheIs, timeout_s=3600).cache

    def _act(self, action: Any, id: str) -> CacheInfo:
        return self._client.ask(wire.CacheAction(action, id), wire.CacheIs).cache
