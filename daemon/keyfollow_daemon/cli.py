"""`keyfollowd`: the composition root, the only file that sees every part of the daemon."""

from __future__ import annotations

import argparse
import logging
import logging.handlers
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from keyfollow import __version__, connection, wire
from keyfollow.atomic import remove_leftovers
from keyfollow.errors import KeyfollowError, UsageError
from keyfollow.paths import CACHE_BYTES, Paths, choices, paths, private_folder
from keyfollow.plain import to_plain
from keyfollow.wire import CONTROL, DATA

from keyfollow_daemon.cache.handles import Handles
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_daemon.executors.base import Executor
from keyfollow_daemon.executors.inline import InlineExecutor
from keyfollow_daemon.executors.process import ProcessExecutor
from keyfollow_daemon.jobs.identity import source_identity
from keyfollow_daemon.jobs.model import JobRecord
from keyfollow_daemon.jobs.run import Run, blobs_of
from keyfollow_daemon.jobs.runner import JobService
from keyfollow_daemon.jobs.store import JobStore
from keyfollow_daemon.lock import InstanceLock
from keyfollow_daemon.media.blobs import BlobStore
from keyfollow_daemon.models.hub import OFFLINE
from keyfollow_daemon.notify import Notifier
from keyfollow_daemon.takes.store import TakeStore
from keyfollow_daemon.transport.api import Api, Services
from keyfollow_daemon.transport.auth import Keys
from keyfollow_daemon.transport.server import Server

log = logging.getLogger(__name__)
DRAFTS = 5
CHECKPOINTS = "checkpoints"


def main(argv: list[str] | None = None) -> int:
    """Run the daemon in the foreground until SIGTERM, SIGINT or a client's word. Exit status 3 when another one runs."""
    words = sys.argv[1:] if argv is None else argv
    if words[:1] == ["models"]:
        from keyfollow_daemon.models.command import main as models

        return models(words[1:])
    if words[:1] == ["doctor"]:
        from keyfollow_daemon.doctor import main as doctor

        return doctor()
    parser = argparse.ArgumentParser(
        "keyfollowd",
        description="Keyfollow's daemon: hosts the editing engines for this user.",
        epilog="`keyfollowd models …` manages weights, `keyfollowd doctor` tells what engines lack; neither needs a daemon.",
    )
    parser.add_argument("--executor", choices=("process", "inline"), default="process", help="where engines run")
    parser.add_argument("--idle-exit", type=float, metavar="SECONDS", help="stop when nobody needed it for so long")
    parser.add_argument("--log-to-stderr", action="store_true", help="log here instead of to the log folder")
    parser.add_argument("--version", action="version", version=f"keyfollowd {__version__}")
    options = parser.parse_args(words)
    os.umask(0o077)
    # what engines are made of may not reach for the network (promise 8); workers inherit it
    os.environ.update(OFFLINE)
    try:
        return serve(paths(), options.executor, options.log_to_stderr, options.idle_exit)
    except KeyfollowError as e:
        print(f"keyfollowd: {e}", file=sys.stderr)
        return e.exit_status


def serve(where: Paths, executor: str, log_to_stderr: bool, idle_exit_s: float | None = None) -> int:
    """Recover, announce, answer until asked to stop, leave no trace but what is meant to stay."""
    began = time.monotonic()
    systemd = Notifier()
    for folder in (where.data, where.logs):
        private_folder(folder)
    # the storage root may be a link, a shared disk, or one that knows no permissions; what lies in it is ours alone where it can be
    where.storage.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = InstanceLock(where.lock)
    _log_to(None if log_to_stderr else where.logs / "daemon.log")
    for folder in (where.inversions, where.takes, where.blobs, where.exports):
        folder.mkdir(exist_ok=True, mode=0o700)
    for folder in (where.inversions, where.takes, where.blobs, where.exports, where.storage / CHECKPOINTS, where.runtime):
        remove_leftovers(folder)
    keys = Keys.make()
    server = Server(keys)
    services = compose(where, server, executor)
    api = Api(server, services, idle_exit_s)
    signal.signal(signal.SIGTERM, lambda *_: server.stop())
    signal.signal(signal.SIGINT, lambda *_: server.stop())
    services.jobs.start(api)
    connection.write(
        where.connection,
        connection.Connection(
            control=server.endpoints[CONTROL],
            data=server.endpoints[DATA],
            server_public=keys.server_public,
            client_public=keys.client_public,
            client_secret=keys.client_secret,
            pid=os.getpid(),
            protocol=wire.PROTOCOL,
            version=__version__,
        ),
    )
    systemd.ready()
    log.info("ready after %.2f s, storage %s", time.monotonic() - began, where.storage)
    try:
        server.run(api, systemd.beat)
    finally:
        systemd.stopping()
        with suppress(KeyfollowError, OSError):  # someone meddled with it: the next daemon deals with that
            connection.remove(where.connection, os.getpid())
        api.close()
        services.jobs.close()
        server.close()
        lock.release()
        log.info("stopped")
    return 0


def compose(where: Paths, server: Server, executor: str) -> Services:
    """The daemon's parts, put together."""
    quota = _quota(where)
    takes = TakeStore(where.takes)
    handles = Handles(where.inversions, InversionStore(where.inversions, quota))
    handles.prune()
    blobs = BlobStore(where.blobs, wire.MAX_BLOB)

    def payload(job: JobRecord) -> dict[str, Any]:
        run = Run(
            job=job.id,
            take=job.take,
            request=job.request,
            inversions=str(where.inversions),
            inversion_quota=quota,
            takes=str(where.takes),
            blobs=str(where.blobs),
            largest_blob=wire.MAX_BLOB,
            checkpoints=str(where.storage / CHECKPOINTS),
            meta={
                "job": job.id,
                "source": job.request.clip.path or "uploaded frames",
                "source_identity": source_identity(job.request),
                "engine": job.request.engine,
                "quality": job.request.quality,
                "created": job.created,
            },
        )
        plain: dict[str, Any] = to_plain(run)
        return plain

    def make_executor(report: Any) -> Executor:
        if executor == "inline":
            return InlineExecutor(report, server.post)
        return ProcessExecutor(report, server.post, where.logs / "worker.log")

    jobs = JobService(JobStore(where.jobs), takes, payload, make_executor)
    clear_checkpoints(where.storage / "checkpoints", {record.id for record in jobs.stored() if not record.ended})
    blobs.sweep({sha256 for record in jobs.stored() for sha256 in blobs_of(record.request)})
    return Services(jobs, takes, handles, blobs, where.exports, where.storage)


def clear_checkpoints(root: Path, keep: set[str]) -> None:
    """Forget the half-way states of jobs that have ended or are gone; those of jobs in `keep` are what they go on from."""
    if root.is_dir():
        for folder in root.iterdir():
            if folder.name not in keep:
                shutil.rmtree(folder, ignore_errors=True)


def _quota(where: Paths) -> int:
    """Bytes of inversion cache that are kept: what the environment says, else what the person chose, else the usual."""
    chosen = choices(where.data).cache_bytes
    text = os.environ.get("KEYFOLLOW_CACHE_BYTES", str(CACHE_BYTES if chosen is None else chosen))
    if not text.isdigit():
        raise UsageError("bad_option", f"KEYFOLLOW_CACHE_BYTES={text} is not a number of bytes.", "For example: 20000000000.")
    return int(text)


def _log_to(path: Path | None) -> None:
    handler: logging.Handler = logging.StreamHandler()
    if path is not None:
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=4 << 20, backupCount=3)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", handlers=[handler], force=True
    )
