"""`keyfollow takes`: what runs have made."""

from __future__ import annotations

import json as json_
import time
from pathlib import Path
from typing import Annotated

import typer

from ..client import Client, connect
from ..engine_info import Take
from ..errors import UsageError
from ..media.probe import probe
from . import options
from .deliver import DeliverOption, delivery_of, writing
from .output import event, follower, show, size, use_json

app = typer.Typer(no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID")]


@app.command("list")
def list_(json: options.Json = False) -> None:
    """All takes, the newest first."""
    use_json(json)
    with connect(name="command line") as client:
        takes = client.takes.list()
    rows = (
        (
            t.id,
            t.quality,
            f"{t.start}:{t.stop}",
            "complete" if t.complete else "unfinished",
            size(t.size_bytes),
            _when(t.created),
            t.source,
        )
        for t in takes
    )
    show(takes, ("take", "quality", "range", "state", "size", "made", "source"), rows, json, "There are no takes.")


@app.command()
def recipe(id: Id) -> None:
    """Everything that a take's frames follow from, as JSON."""
    with connect(name="command line") as client:
        typer.echo(json_.dumps(client.takes.recipe(find(client, id).id), indent=2))


@app.command()
def export(
    id: Id,
    output: Annotated[str, typer.Option("--output", "-o", help="A video by suffix, or a folder/ of PNGs.")],
    deliver: DeliverOption = "full",
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Write a take as a video or as pictures."""
    use_json(json)
    with connect(name="command line") as client:
        take = find(client, id)
        id = take.id
        if not take.complete:
            raise UsageError(
                "take_incomplete",
                f"The take {id} is unfinished.",
                f"Let its job finish (keyfollow jobs resume or retry {take.job[:12]}), then export it.",
            )
        media = probe(take.source)
        span = client.takes.span(id)
        write_to = writing(output, [take.source], media, span, delivery_of(deliver), overwrite)
        with write_to as write, follower(json) as follow:
            for frame in client.takes.frames(id):
                write(frame)
                follow.frame(frame.number, frame.confidence)
    if json:
        event("done", take=id, output=output)
    else:
        typer.echo(output)


@app.command()
def claim(id: Id, into: Annotated[Path, typer.Argument(metavar="FOLDER")], json: options.Json = False) -> None:
    """Copy a take into a folder of yours, verified."""
    use_json(json)
    with connect(name="command line") as client:
        where = client.takes.claim(find(client, id).id, into)
    if json:
        event("claimed", take=id, folder=str(where))
    else:
        typer.echo(where)


@app.command()
def delete(id: Id, json: options.Json = False) -> None:
    """Delete a take for good."""
    use_json(json)
    with connect(name="command line") as client:
        take = find(client, id)
        client.takes.delete(take.id)
    if json:
        event("deleted", take=take.id)
    else:
        typer.echo(f"{take.id} deleted")


def find(client: Client, id: str) -> Take:
    """The one take whose id begins, or ends, with `id`.

    Raises:
        UsageError: ``unknown_take``, ``ambiguous_take``.
    """
    found = [t for t in client.takes.list() if id and (t.id.startswith(id) or t.id.endswith(id))]
    if not found:
        raise UsageError("unknown_take", f"There is no take {id}.", "See: keyfollow takes list.")
    if len(found) > 1:
        raise UsageError("ambiguous_take", f"{len(found)} takes begin or end with {id}.", "Give more of the id.")
    return found[0]


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
