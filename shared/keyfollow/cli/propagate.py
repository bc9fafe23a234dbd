"""`keyfollow propagate`: carry an edit through a clip."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Annotated, Any

import typer

from ..client import Client, connect
from ..engine_info import ENDED, EngineInfo, Estimate
from ..errors import Cancelled, DaemonError, KeyfollowError, UsageError
from ..media.probe import probe
from ..requests import for_prompts
from ..run import Run
from . import options
from .deliver import DeliverOption, check_output, consume, delivery_of, numbered, writing
from .output import event, follower, people, size, use_json


def propagate(
    source: Annotated[str, typer.Argument(help="A video, a folder of numbered images, or a printf pattern (shot_%04d.png).")],
    keyframe: Annotated[
        list[str],
        typer.Option(
            "--keyframe",
            "-k",
            metavar="FRAME=IMAGE",
            help="The edited picture of a frame; repeat for several. Frames count from 0.",
        ),
    ] = [],  # noqa: B006
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="A video by suffix (.mp4 .mov .mkv), or a folder/ of PNGs named by frame."),
    ] = None,
    mask: Annotated[
        list[str],
        typer.Option(
            "--mask",
            metavar="FRAME=IMAGE|VIDEO",
            help="White is where the edit may go. A still is carried along; a video masks every frame.",
        ),
    ] = [],  # noqa: B006
    range_: Annotated[
        str | None, typer.Option("--range", metavar="A:B", help="Frames A to B-1 of the source; the whole clip by default.")
    ] = None,
    engine: Annotated[str, typer.Option(help="See `keyfollow engines`.")] = "patch",
    set_: Annotated[
        list[str], typer.Option("--set", metavar="NAME=VALUE", help="A setting of the engine; see `keyfollow engines ENGINE`.")
    ] = [],  # noqa: B006
    prompt: Annotated[
        list[str],
        typer.Option(
            help="What the result shows, for engines that read one; repeat for several results, numbered in the output's name."
        ),
    ] = [],  # noqa: B006
    source_prompt: Annotated[str, typer.Option(help="What the source shows, for engines that read one.")] = "",
    model: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|NAME", help="Weights: a folder, or a name of `keyfollow models list`; by default the best here."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same frames.")] = 0,
    draft: Annotated[bool, typer.Option("--draft", help="Quick and rougher.")] = False,
    deliver: DeliverOption = "full",
    cache: Annotated[
        str | None, typer.Option(metavar="ID", help="An inversion cache to use; by default whatever fits is found.")
    ] = None,
    rate: Annotated[str | None, typer.Option(metavar="FPS", help="Frame rate of an image sequence (24, 24000/1001).")] = None,
    preview: options.Preview = None,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what it would cost, and stop.")] = False,
) -> None:
    """Carry the edit of one or more frames through a clip."""
    use_json(json)
    if output is None and not dry_run:
        raise UsageError(
            "bad_option", "There is no --output.", "For example: --output result.mp4, or --output frames/ for PNGs."
        )
    delivery = delivery_of(deliver)
    edit: dict[str, Any] = {
        "keyframes": options.frame_images("--keyframe", keyframe),
        "masks": options.masks(mask),
        "engine": engine,
        "settings": options.settings(set_),
        "source_prompt": source_prompt,
        "model": model,
        "seed": seed,
        "quality": "draft" if draft else "final",
        "cache": cache,
        "rate": options.rate(rate),
    }
    media = probe(options.clip(source), rate=edit["rate"])
    span = edit["range"] = options.frame_range(range_, media.frames)
    prompts = prompt or [""]
    with connect(name="command line") as client, ExitStack() as submitted:
        if any(prompt or ()) or source_prompt or model:
            check_words(client.engines().get(engine))
        if dry_run:
            edit["settings"] = for_prompts(client, prompts, engine, edit["settings"])
            show_estimate(client.estimate(source, prompt=prompts[0], **edit), json)
            return
        assert output is not None
        inputs = [source, *edit["keyframes"].values(), *mask_files(edit["masks"])]
        outputs, runs = numbered(output, len(prompts)), list[Run]()
        for out in outputs[1:]:
            check_output(out, *inputs, overwrite=overwrite)
        for number, out in enumerate(outputs):
            with writing(out, inputs, media, span, delivery, overwrite) as write:
                if not runs:  # not before the first output is found to be one that can be written
                    runs = client.propagate_each(source, prompts, order="source", label=f"propagate {source}", **edit)
                    for run, place, words in zip(runs, outputs, prompts, strict=True):
                        submitted.enter_context(until_done(run, place))
                        announce(run, words if len(prompts) > 1 else "", json)
                with follower(json, preview) as follow:
                    consume(runs[number].events(), follow, write)
            finished(client, runs[number], out, json)


def check_words(engine: EngineInfo | None) -> None:
    """Refuse a prompt or a model for an engine that has no use for them: it would change nothing, and nobody would know."""
    if engine is not None and not engine.needs_prompt and not engine.needs_weights:
        raise UsageError(
            "bad_option",
            f"The engine {engine.id} reads no prompt and has no model.",
            "Leave them out, or name an engine that does (see keyfollow engines): for example --engine pix2video.",
        )


def announce(run: Run, prompt: str, as_json: bool) -> None:
    """Which job is whose; `prompt` where there are several."""
    if as_json:
        event("submitted", job=run.id, take=run.take, **({"prompt": prompt} if prompt else {}))
    else:
        people.print(f"Job {run.id[:12]} (Ctrl+C cancels it)" + (f": {prompt}" if prompt else ""))


def mask_files(given: Any) -> list[str]:
    """The files behind ``--mask``."""
    return [given] if isinstance(given, str) else list((given or {}).values())


@contextmanager
def until_done(run: Run, output: str) -> Iterator[None]:
    """A run that is interrupted here (Ctrl+C, an output that cannot be written) is cancelled there; nobody would fetch its frames."""
    try:
        yield
    except BaseException as e:
        if run.job.state not in ENDED:
            with suppress(KeyfollowError):
                run.cancel()
        if isinstance(e, KeyboardInterrupt):
            id = run.id[:12]
            remedy = (
                f"`keyfollow jobs retry {id}` and `keyfollow jobs attach {id} -o {output}` go on from the last finished frame."
            )
            raise Cancelled(remedy=remedy) from e
        if isinstance(e, DaemonError) and e.code == "daemon_stopped":
            # the job goes on one day, but this program, which alone would have written its frames, ends now
            remedy = f"The job goes on when a daemon runs again; `keyfollow jobs attach {run.id[:12]} -o {output}` starts one and writes the result."
            raise DaemonError(e.code, e.message, remedy) from e
        raise


def finished(client: Client, run: Run, output: str, as_json: bool) -> None:
    """The last words: where it is, what it did, what it left for next time."""
    report = run.report
    assert report is not None
    prepared = client.caches.get(report.cache) if report.cache else None
    if as_json:
        if prepared is not None:
            event("cache", cache=prepared)
        event("done", take=run.take, job=run.id, output=output, report=report)
        return
    people.print(f"{report.frames} frames in {report.seconds.get('total', 0.0):.1f} s. {report.summary}")
    if report.suggested_keyframe is not None:
        people.print(f"Painting frame {report.suggested_keyframe} next would help most.")
    if prepared is not None:
        saved = f"{size(prepared.size_bytes)}, saves {prepared.saves_s:.1f} s"
        people.print(f"Prepared for the next run on these frames: cache {prepared.id} ({saved}).")
    people.print(f"Take {run.take}")
    typer.echo(output)


def show_estimate(estimate: Estimate, as_json: bool) -> None:
    """What `--dry-run` prints."""
    if as_json:
        event("estimate", estimate=estimate)
        return
    typer.echo(f"{estimate.frames} frames ({estimate.frames_prepared} prepared): about {estimate.seconds:.0f} s")
    typer.echo(f"memory {size(estimate.ram_bytes)}, disk {size(estimate.disk_bytes)}")
    if estimate.works_at and estimate.delivers and estimate.works_at != estimate.delivers:
        typer.echo("works at {}x{}, delivers {}x{}".format(*estimate.works_at, *estimate.delivers))
