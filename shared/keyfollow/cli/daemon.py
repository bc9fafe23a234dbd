"""`keyfollow daemon`: start it, stop it, ask how it is. Other commands start it by themselves."""

from __future__ import annotations

import time

import typer

from .. import launch
from ..client import connect
from ..errors import DaemonError
from ..paths import paths
from . import options
from .output import event, size, use_json

app = typer.Typer(no_args_is_help=True)
STOP_S = 10.0


@app.command()
def start(json: options.Json = False) -> None:
    """Start the daemon if none runs."""
    use_json(json)
    with connect(name="command line") as client:
        _say(client.status().pid, "running", json)


@app.command()
def stop(json: options.Json = False) -> None:
    """Stop the daemon. What it runs goes on when it is next started."""
    use_json(json)
    if launch.find(paths()) is None:
        raise DaemonError("no_daemon", "No Keyfollow daemon is running.", "There is nothing to stop.")
    with connect(start=False, name="command line") as client:
        pid = client.status().pid
        client.shutdown()
    deadline = time.monotonic() + STOP_S
    while launch.alive(pid):
        if time.monotonic() > deadline:
            raise DaemonError("daemon_busy", f"The daemon (process {pid}) has not stopped yet.", "Wait, then look at its log.")
        time.sleep(0.02)
    _say(pid, "stopped", json)


@app.command()
def status(json: options.Json = False) -> None:
    """How the daemon is. Exit status 3 when none runs."""
    use_json(json)
    if launch.find(paths()) is None:
        raise DaemonError("no_daemon", "No Keyfollow daemon is running.", "Start it: keyfollow daemon start.")
    with connect(start=False, name="command line") as client:
        found = client.status()
    if json:
        event("status", status=found)
        return
    jobs = ", ".join(f"{n} {state}" for state, n in sorted(found.jobs.items())) or "none"
    typer.echo(f"process {found.pid}, version {found.version}, up {found.uptime_s:.0f} s, {found.sessions} clients")
    typer.echo(f"memory {size(found.rss_bytes)}; {found.worker}; jobs: {jobs}")
    typer.echo(f"storage {found.storage}")


def _say(pid: int, state: str, json: bool) -> None:
    if json:
        event("daemon", pid=pid, state=state)
    else:
        typer.echo(f"daemon {state} (process {pid})")
