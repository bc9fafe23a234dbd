"""`keyfollow cache`: inversion caches, which make the next run on the same footage quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..client import connect
from ..engine_info import CacheInfo
from . import options
from .deliver import check_output
from .output import event, show, size, use_json

app = typer.Typer(no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID")]


@app.command("list")
def list_(json: options.Json = False) -> None:
    """All caches: what each covers, its size, and the seconds it saves."""
    use_json(json)
    with connect(name="command line") as client:
        caches = client.caches.list()
    rows = (
        (
            c.id,
            c.engine,
            f"{c.start}:{c.stop}",
            size(c.size_bytes),
            f"{c.saves_s:.1f} s",
            "pinned" if c.pinned else "",
            c.source,
        )
        for c in caches
    )
    show(caches, ("cache", "engine", "frames", "size", "saves", "", "source"), rows, json, "There are no caches.")


@app.command()
def pin(id: Id, json: options.Json = False) -> None:
    """Keep a cache, whatever the quota."""
    use_json(json)
    with connect(name="command line") as client:
        _say(client.caches.pin(id), json)


@app.command()
def unpin(id: Id, json: options.Json = False) -> None:
    """Let a cache go when room is needed."""
    use_json(json)
    with connect(name="command line") as client:
        _say(client.caches.unpin(id), json)


@app.command()
def delete(id: Id, json: options.Json = False) -> None:
    """Delete a cache that is not pinned."""
    use_json(json)
    with connect(name="command line") as client:
        client.caches.delete(id)
    if json:
        event("deleted", cache=id)
    else:
        typer.echo(f"{id} deleted")


@app.command()
def export(
    id: Id,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE.zip")],
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Write a cache as one archive for another machine."""
    use_json(json)
    check_output(output, overwrite=overwrite)
    with connect(name="command line") as client:
        client.caches.export(id, Path(output))
    if json:
        event("exported", cache=id, output=output)
    else:
        typer.echo(output)


@app.command("import")
def import_(archive: Annotated[Path, typer.Argument(metavar="FILE.zip")], json: options.Json = False) -> None:
    """Take over an archive made by `export`."""
    use_json(json)
    with connect(name="command line") as client:
        _say(client.caches.import_(archive), json)


def _say(info: CacheInfo, json: bool) -> None:
    if json:
        event("cache", cache=info)
    else:
        typer.echo(f"{info.id} frames {info.start}:{info.stop} {size(info.size_bytes)}{' pinned' if info.pinned else ''}")
