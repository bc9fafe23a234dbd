"""`keyfollow frame`: the frame to edit, as a picture. What it writes *is* the decoded source that runs are measured against.

With a prompt it is edited by an engine's image model: a keyframe for people who do not paint.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..client import connect
from ..errors import UsageError
from ..frames import FrameBuffer, FrameRange
from ..media.reader import MediaReader
from ..media.writer import write_image
from ..run import EditedFrame
from . import options
from .deliver import check_output
from .output import event, follower, use_json
from .propagate import until_done


def frame(
    source: Annotated[str, typer.Argument(help="A video, a folder of numbered images, or a printf pattern.")],
    number: Annotated[int, typer.Argument(metavar="N", parser=options.frame_number, help="Frames count from 0.")],
    output: Annotated[str, typer.Option("--output", "-o", metavar="IMG", help="A picture by suffix: .png .tiff .jpg .exr.")],
    prompt: Annotated[str, typer.Option(help="Edit the frame by these words, with an engine that reads them.")] = "",
    engine: Annotated[str, typer.Option(help="With --prompt: see `keyfollow engines`.")] = "pix2video",
    model: Annotated[
        str | None, typer.Option(metavar="DIR|NAME", help="With --prompt: the engine's weights, as for `propagate`.")
    ] = None,
    source_prompt: Annotated[str, typer.Option(help="With --prompt: what the source shows.")] = "",
    set_: Annotated[
        list[str], typer.Option("--set", metavar="NAME=VALUE", help="With --prompt: a setting of the engine.")
    ] = [],  # noqa: B006
    seed: Annotated[int, typer.Option(help="With --prompt: same seed, same picture.")] = 0,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Export one frame of the source, to be edited and given back as a keyframe; or edited already, by a prompt."""
    use_json(json)
    check_output(output, options.clip(source), overwrite=overwrite)
    with MediaReader(source) as reader:
        if not 0 <= number < reader.info.frames:
            raise UsageError(
                "frame_out_of_range",
                f"Frame {number} is not in the clip, which has {reader.info.frames} frames.",
                f"Frames count from 0: the last one is {reader.info.frames - 1}.",
            )
        picture = reader.read(number)
    if prompt:
        edit: dict[str, Any] = {
            "model": model,
            "source_prompt": source_prompt,
            "settings": options.settings(set_),
            "seed": seed,
        }
        picture = edited(source, number, output, json, engine=engine, prompt=prompt, **edit)
    write_image(Path(output), picture)
    if json:
        event("done", output=output, frame=number)
    else:
        typer.echo(output)


def edited(source: str, number: int, output: str, as_json: bool, **edit: Any) -> FrameBuffer:
    """Frame `number` as an engine edits it by a prompt alone: a run over that one frame."""
    with connect(name="command line") as client:
        run = client.propagate(source, range=FrameRange(number, number + 1), label=f"frame {number} of {source}", **edit)
        with until_done(run, output), follower(as_json) as follow:
            pictures = []
            for found in run.events():
                if isinstance(found, EditedFrame):
                    pictures.append(found.image)
                else:
                    follow.job(found)
        return pictures[0]
