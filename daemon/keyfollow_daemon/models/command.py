"""`keyfollowd models …`: what `keyfollow models` runs. Every answer is one JSON object a line on stdout; it needs no daemon.

Events: ``model`` (one that is on this machine or can be had), ``licence``, ``progress``, ``retry``, ``installed``, ``verified``,
``exported``, ``removed``, ``error``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from keyfollow.errors import Cancelled, KeyfollowError, ModelMissing, StorageError
from keyfollow.plain import to_plain

from keyfollow_daemon.models.add import add_folder
from keyfollow_daemon.models.archive import export_model, import_model
from keyfollow_daemon.models.catalogue import CATALOGUE, FROM_HUB
from keyfollow_daemon.models.digests import Report
from keyfollow_daemon.models.manifest import Manifest
from keyfollow_daemon.models.pull import EVERY_S, pull
from keyfollow_daemon.models.store import ModelStore


def main(argv: list[str]) -> int:
    """Run one command; the exit status is that of `keyfollow.errors`."""
    options = _parser().parse_args(argv)
    store = ModelStore()
    try:
        status: int = options.run(store, options)
    except KeyfollowError as e:
        say("error", **e.to_plain())
        return e.exit_status
    except OSError as e:
        failed = StorageError("storage_failed", f"The model store failed: {e}.", f"Check {store.root} and its disk.")
        say("error", **failed.to_plain())
        return failed.exit_status
    except KeyboardInterrupt:
        stopped = Cancelled(message="Stopped.", remedy="The same command goes on where it stopped.")
        say("error", **stopped.to_plain())
        return stopped.exit_status
    return status


def say(event: str, **fields: Any) -> None:
    """One event as one line of JSON."""
    try:
        sys.stdout.write(json.dumps({"event": event, **to_plain(fields)}) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # whoever asked is gone; Python would complain once more when it flushes at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(StorageError.exit_status) from None


def _list(store: ModelStore, options: argparse.Namespace) -> int:
    here, begun = {known.id: known for known in store.installed()}, store.unfinished()
    for entry in CATALOGUE.values():
        known = here.pop(entry.id, None)
        state = (
            "installed"
            if known
            else "damaged"
            if store.path(entry.id).is_dir()
            else "partial"
            if entry.id in begun
            else "available"
        )
        say(
            "model",
            id=entry.id,
            title=entry.title,
            state=state,
            engines=entry.engines,
            good_for=entry.good_for,
            licence=entry.licence,
            licence_url=entry.licence_url,
            gated=entry.gated,
            size_bytes=known.size_bytes if known else entry.size_bytes,
            revision=known.revision if known else None,
            origin=known.origin if known else entry.origin,
        )
    for known in here.values():
        say(
            "model",
            id=known.id,
            title=known.title,
            state="installed",
            engines=[],
            good_for=known.pipeline,
            licence=known.licence,
            licence_url=known.licence_url,
            gated=False,
            size_bytes=known.size_bytes,
            revision=known.revision,
            origin=known.origin,
        )
    for id, left in begun.items():
        if id not in here and id not in CATALOGUE:
            say(
                "model",
                id=id,
                title=left.asked or id,
                state="partial",
                engines=[],
                good_for="",
                licence="",
                licence_url="",
                gated=False,
                size_bytes=left.size_bytes,
                revision=None,
                origin=f"{FROM_HUB}{left.asked}" if left.asked else "",
            )
    return 0


def _pull(store: ModelStore, options: argparse.Namespace) -> int:
    return _installed(store, pull(store, options.model, say, accept=options.accept_licence, id=options.name))


def _add(store: ModelStore, options: argparse.Namespace) -> int:
    return _installed(store, add_folder(store, options.folder, options.name, copies=options.copy, report=_reporter("Copying")))


def _import(store: ModelStore, options: argparse.Namespace) -> int:
    return _installed(store, import_model(store, options.archive, options.name, _reporter("Importing")))


def _export(store: ModelStore, options: argparse.Namespace) -> int:
    output = options.output.absolute()
    export_model(store, options.model, output, _reporter("Exporting"))
    say("exported", model=options.model, output=str(output), size_bytes=output.stat().st_size)
    return 0


def _verify(store: ModelStore, options: argparse.Namespace) -> int:
    status = 0
    for id in options.models or [known.id for known in store.installed()]:
        problems = store.verify(id, _reporter("Verifying"))
        say("verified", model=id, problems=problems)
        if problems:
            status = ModelMissing.exit_status
    return status


def _remove(store: ModelStore, options: argparse.Namespace) -> int:
    say("removed", model=options.model, freed_bytes=store.remove(options.model))
    return 0


def _installed(store: ModelStore, known: Manifest) -> int:
    say(
        "installed",
        model=known.id,
        title=known.title,
        pipeline=known.pipeline,
        revision=known.revision,
        size_bytes=known.size_bytes,
        files=len(known.files),
        path=str(store.path(known.id)),
    )
    return 0


def _reporter(phase: str) -> Report:
    """Progress events, at most ten a second."""
    last = 0.0

    def report(what: str, done: int, total: int) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= EVERY_S or done == total:
            last = now
            say("progress", phase=phase, file=what, done=done, total=total)

    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("keyfollowd models", description="Weights: download, check, move. Answers in JSON lines.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, help: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help)
        made.set_defaults(run=run)
        return made

    command("list", _list, "what there is, here and to download")
    made = command("pull", _pull, "download a model")
    made.add_argument("model", help="an id of `list`, or OWNER/NAME[@REVISION] on the hub")
    made.add_argument("--accept-licence", action="store_true", help="the licence was read and is accepted")
    made.add_argument("--as", dest="name", metavar="NAME", help="what to call it")
    made = command("add", _add, "take over a folder")
    made.add_argument("folder", type=Path)
    made.add_argument("--as", dest="name", metavar="NAME", help="what to call it")
    made.add_argument("--copy", action="store_true", help="copy, never link")
    made = command("verify", _verify, "compare every byte with what was installed")
    made.add_argument("models", nargs="*", metavar="MODEL")
    made = command("export", _export, "write a model as one archive")
    made.add_argument("model")
    made.add_argument("output", type=Path)
    made = command("import", _import, "install an archive made by export")
    made.add_argument("archive", type=Path)
    made.add_argument("--as", dest="name", metavar="NAME", help="what to call it")
    made = command("remove", _remove, "delete a model")
    made.add_argument("model")
    return parser
