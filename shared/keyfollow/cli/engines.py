"""`keyfollow engines`: what there is, what each still needs, and the settings that `--set` takes."""

from __future__ import annotations

from typing import Annotated

import typer

from ..client import connect
from ..errors import UsageError
from . import options
from .output import show, use_json


def engines(
    engine: Annotated[str | None, typer.Argument(help="Show this engine's settings.")] = None, json: options.Json = False
) -> None:
    """List the engines, or one engine's settings."""
    use_json(json)
    with connect(name="command line") as client:
        infos = client.engines()
    if engine is None:
        rows: list[tuple[object, ...]] = [
            (e.id, e.version, "ready" if not e.missing else " ".join(e.missing), e.summary) for e in infos.values()
        ]
        show(list(infos.values()), ("engine", "version", "state", "what it does"), rows, json, "There are no engines.")
        return
    if engine not in infos:
        raise UsageError("unknown_engine", f"There is no engine called {engine}.", f"There are: {', '.join(sorted(infos))}.")
    settings = infos[engine].settings
    rows = [(s.name, s.default, s.expected(), s.help) for s in settings]
    show(settings, ("setting", "default", "values", "what it does"), rows, json, "This engine has no settings.")
