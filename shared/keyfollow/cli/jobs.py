"""`keyfollow jobs`: the queue."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

import typer

from ..client import Client, connect
from ..engine_info import Job
from ..errors import UsageError
from ..frames import FrameRange
from ..media.probe import probe
from . import options
from .deliver import DeliverOption, Write, consume, delivery_of, writing
from .output import event, follower, show, use_json
from .propagate import finished

app = typer.Typer(no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="The job, or the first letters of its id.")]


@app.command("list")
def list_(json: options.Json = False) -> None:
    """All jobs in queue order."""
    use_json(json)
    with connect(name="command line") as client:
        jobs = client.jobs.list()
    rows = ((j.id[:12], j.state, _progress(j), j.engine, j.source, j.take) for j in jobs)
    show(jobs, ("job", "state", "progress", "engine", "source", "take"), rows, json, "There are no jobs.")


@app.command()
def attach(
    id: Id,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Write the frames here, as `propagate` would have.")
    ] = None,
    deliver: DeliverOption = "full",
    preview: options.Preview = None,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Follow a job that was started anywhere, from its first frame to its end."""
    use_json(json)
    with connect(name="command line") as client:
        run = client.jobs.attach(find(client, id).id, order="source")
        with ExitStack() as open_:
            write: Write = lambda frame: None  # noqa: E731
            if output is not None:
                media = probe(run.job.source)
                span = run.job.range or FrameRange(0, media.frames)
                write = open_.enter_context(writing(output, [run.job.source], media, span, delivery_of(deliver), overwrite))
            consume(run.events(), open_.enter_context(follower(json, preview)), write)
        finished(client, run, output or run.take, json)


@app.command()
def cancel(id: Id, json: options.Json = False) -> None:
    """Stop a job. Its finished frames are kept."""
    _act(id, "cancel", json)


@app.command()
def pause(id: Id, json: options.Json = False) -> None:
    """Let go of the device until `resume`."""
    _act(id, "pause", json)


@app.command()
def resume(id: Id, json: options.Json = False) -> None:
    """Go on with a paused job from its last finished frame."""
    _act(id, "resume", json)


@app.command()
def retry(id: Id, json: options.Json = False) -> None:
    """Queue a failed or cancelled job again; finished frames are kept."""
    _act(id, "retry", json)


@app.command()
def move(
    id: Id,
    before: Annotated[str | None, typer.Option(metavar="ID", help="Put it before this job; last without.")] = None,
    json: options.Json = False,
) -> None:
    """Change the order of the queue."""
    use_json(json)
    with connect(name="command line") as client:
        _say(client.jobs.move(find(client, id).id, find(client, before).id if before else None), json)


@app.command()
def remove(id: Id, json: options.Json = False) -> None:
    """Forget an ended job. Its take stays."""
    use_json(json)
    with connect(name="command line") as client:
        job = find(client, id)
        client.jobs.remove(job.id)
    if json:
        event("removed", job=job.id)
    else:
        typer.echo(f"{job.id[:12]} removed")


def find(client: Client, id: str) -> Job:
    """The one job whose id begins with `id`.

    Raises:
        UsageError: ``unknown_job``, ``ambiguous_job``.
    """
    found = [j for j in client.jobs.list() if j.id.startswith(id)]
    if not found or not id:
        raise UsageError("unknown_job", f"There is no job {id}.", "See: keyfollow jobs list.")
    if len(found) > 1:
        raise UsageError("ambiguous_job", f"{len(found)} jobs begin with {id}.", "Give more letters of the id.")
    return found[0]


def _act(id: str, action: str, json: bool) -> None:
    use_json(json)
    with connect(name="command line") as client:
        _asked(getattr(client.jobs, action)(find(client, id).id), action, json)


def _say(job: Job, json: bool) -> None:
    if json:
        event("job", job=job)
    else:
        typer.echo(f"{job.id[:12]} {job.state}")


def _asked(job: Job, action: str, json: bool) -> None:
    """A running job lets go a moment after it was asked to."""
    if json or job.state != "running" or action not in ("cancel", "pause"):
        _say(job, json)
    else:
        typer.echo(f"{job.id[:12]} {action} asked for; it stops within a few seconds")


def _progress(job: Job) -> str:
    if job.failure is not None:
        return job.failure.message
    p = job.progress
    return f"{p.phase} {p.done}/{p.total}" if p else ""
