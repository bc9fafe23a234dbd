"""`keyfollow models`: weights for the engines that need some. The daemon's program does the work (`keyfollowd models`) and answers in
JSON lines; here they become bars, tables and questions. Nothing is downloaded but by `pull`, after its licence was shown.
"""

from __future__ import annotations

import json as json_
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from .. import launch
from ..errors import Cancelled, KeyfollowError, UsageError, from_plain
from . import options
from .deliver import check_output
from .output import people, size, use_json

app = typer.Typer(no_args_is_help=True)
Event = dict[str, Any]
Id = Annotated[str, typer.Argument(metavar="MODEL", help="A name of `keyfollow models list`.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="What to call it here.")]
STOP_S = 10.0


@app.command("list")
def list_(json: options.Json = False) -> None:
    """What is on this machine, and what can be had."""
    found = [e for e in _run(["list"], json) if e["event"] == "model"]
    if json:
        return
    table = Table(box=None, pad_edge=False)
    for name in ("model", "state", "size"):
        table.add_column(name, no_wrap=True)
    table.add_column("what it is good for (licence)")
    for e in found:
        words = f"{e['good_for'] or e['title']}" + (f" ({e['licence']})" if e["licence"] else "")
        table.add_row(e["id"], e["state"], size(e["size_bytes"]), words)
    Console(highlight=False).print(table)


@app.command()
def pull(
    model: Annotated[str, typer.Argument(help="A name of `keyfollow models list`, or OWNER/NAME[@REVISION] on the hub.")],
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="You have read the model's licence and accept it.")
    ] = False,
    name: As = None,
    json: options.Json = False,
) -> None:
    """Download a model, after showing its licence. Interrupted, it goes on where it stopped."""
    words = ["pull", model, *_named(name)]
    try:
        _install([*words, *(["--accept-licence"] if accept_licence else [])], json)
    except UsageError as e:
        if e.code != "licence_not_accepted" or json or not sys.stdin.isatty():
            raise
        if not typer.confirm("Have you read it, and do you accept it?", err=True):
            raise
        _install([*words, "--accept-licence"], json, licence_shown=True)


@app.command()
def add(
    folder: Annotated[Path, typer.Argument(help="A model as diffusers saves it; safetensors only.")],
    name: As = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy the files; by default they are linked where the disk allows.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Take a folder of your own into the store. (`--model FOLDER` on a run works without.)"""
    _install(["add", str(folder.absolute()), *_named(name), *(["--copy"] if copy else [])], json)


@app.command()
def verify(
    models: Annotated[list[str] | None, typer.Argument(metavar="[MODEL]...", help="All by default.")] = None,
    json: options.Json = False,
) -> None:
    """Compare every byte with what was installed. Exit status 5 when something is damaged."""
    for e in _run(["verify", *(models or [])], json):
        if e["event"] == "verified" and not json:
            typer.echo(f"{e['model']}: {'sound' if not e['problems'] else ' '.join(e['problems'])}")


@app.command()
def export(
    model: Id,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.zip")],
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Write a model as one archive, for a machine without network."""
    check_output(str(output), overwrite=overwrite)
    for e in _run(["export", model, str(output.absolute())], json):
        if e["event"] == "exported" and not json:
            typer.echo(output)


@app.command("import")
def import_(archive: Annotated[Path, typer.Argument(metavar="FILE.zip")], name: As = None, json: options.Json = False) -> None:
    """Install an archive made by `export`."""
    _install(["import", str(archive.absolute()), *_named(name)], json)


@app.command()
def remove(model: Id, json: options.Json = False) -> None:
    """Delete a model, or what a download left."""
    for e in _run(["remove", model], json):
        if e["event"] == "removed" and not json:
            people.print(f"{size(e['freed_bytes'])} freed.")


def _named(name: str | None) -> list[str]:
    return [] if name is None else ["--as", name]


def _install(words: list[str], json: bool, licence_shown: bool = False) -> None:
    for e in _run(words, json):
        if json:
            continue
        if e["event"] == "licence" and not licence_shown:
            people.print(f"{e['title']}, {size(e['size_bytes'])}. Licence: {e['licence'] or 'see its page'}")
            people.print(f"  {e['url']}")
        elif e["event"] == "installed":
            typer.echo(f"{e['model']} is installed: {size(e['size_bytes'])}, revision {e['revision'][:12]}")


def _run(words: list[str], json: bool) -> Iterator[Event]:
    """Run `keyfollowd models …`: its events, passed on as they are with `json`, with a bar for progress otherwise.

    Raises:
        KeyfollowError: what it said went wrong; with `json` typer.Exit, since it has been passed on.
    """
    use_json(json)
    failure: KeyfollowError | None = None
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    child = subprocess.Popen([*launch.command(), "models", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        with Bars(*columns, console=people, transient=True, disable=json or not people.is_terminal) as bars:
            task = bars.add_task("", total=None, visible=False)
            for line in child.stdout:
                e: Event = json_.loads(line)
                if json:
                    sys.stdout.write(line)
                    sys.stdout.flush()
                if e["event"] == "progress":
                    bars.update(task, description=e["phase"], completed=e["done"], total=e["total"], visible=True)
                elif e["event"] == "error":
                    failure = from_plain(e)
                else:
                    yield e
        status = child.wait()
    except KeyboardInterrupt as e:
        raise Cancelled(message="Stopped.", remedy="The same command goes on where it stopped.") from e
    finally:
        _end(child)
    if failure is not None and not json:
        raise failure
    if status:
        raise typer.Exit(status)


def _end(child: subprocess.Popen[str]) -> None:
    """It hears of Ctrl+C too, and keeps what has arrived."""
    if child.poll() is None:
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(STOP_S)
    if child.poll() is None:
        child.kill()
        child.wait()
    assert child.stdout is not None
    child.stdout.close()
