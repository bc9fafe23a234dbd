"""`keyfollow doctor`: what is wrong on this machine, and the one command that mends each thing. It changes nothing.

It must run where other commands cannot even be imported, so it has an `app` of its own (see `keyfollow.cli.main`).
"""

from __future__ import annotations

import typer
from rich.padding import Padding
from rich.text import Text

from ..paths import paths
from .checkup import Finding, examine
from .options import Json
from .output import event, people, use_json

app = typer.Typer(pretty_exceptions_enable=False)
_MARKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "problem": ("PROBLEM", "bold red")}


@app.command()
def doctor(json: Json = False) -> None:
    """Check devices, drivers, versions, disk, ports, permissions, models and codecs. Exit status 1 when there is a problem."""
    use_json(json)
    problems = 0
    for finding in examine(paths()):
        problems += finding.state == "problem"
        if json:
            event("finding", finding=finding)
        else:
            _say(finding)
    if json:
        event("examined", problems=problems)
    elif problems:
        typer.echo(
            f"{problems} problem{'s' if problems > 1 else ''}: run the command below each, then `keyfollow doctor` again."
        )
    else:
        typer.echo("No problems.")
    if problems:
        raise typer.Exit(1)


def _say(finding: Finding) -> None:
    mark, style = _MARKS[finding.state]
    people.print(Text.assemble((f"{mark:<8}", style), f"{finding.area}: {finding.message}"))
    if finding.fix:
        # whole on its line, to be copied
        people.print(Padding(Text(finding.fix, style="bold"), (0, 0, 0, 10), expand=False), soft_wrap=True)
