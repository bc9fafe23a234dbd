"""The tree of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import __version__
from . import cache, daemon, demo, diagnostics, doctor, engines, frame, jobs, models, propagate, setup, takes

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Edit one frame of a clip; every other frame follows. Local, offline.",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"keyfollow {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    pass


app.command("propagate")(propagate.propagate)
app.command("frame")(frame.frame)
app.command("engines")(engines.engines)
app.command("demo")(demo.demo)
app.command("setup")(setup.setup)
app.command("doctor")(doctor.doctor)
app.command("diagnostics")(diagnostics.diagnostics)
app.add_typer(jobs.app, name="jobs", help="The queue.")
app.add_typer(takes.app, name="takes", help="What runs have made.")
app.add_typer(cache.app, name="cache", help="Inversion caches: what makes the next run on the same footage quick.")
app.add_typer(models.app, name="models", help="Weights for the engines that need some.")
app.add_typer(daemon.app, name="daemon", help="The background process that does the work.")
