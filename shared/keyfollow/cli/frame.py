"""`keyfollow frame`: the frame to edit, as a picture. What it writes *is* the decoded source that runs are measured against."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from ..media.reader import MediaReader
from ..media.writer import write_image
from . import options
from .deliver import check_output
from .output import event, use_json


def frame(
    source: Annotated[str, typer.Argument(help="A video, a folder of numbered images, or a printf pattern.")],
    number: Annotated[int, typer.Argument(metavar="N", help="Frames count from 0.")],
    output: Annotated[str, typer.Option("--output", "-o", metavar="IMG", help="A picture by suffix: .png .tiff .jpg .exr.")],
    json: options.Json = False,
) -> None:
    """Export one frame of the source, to be edited and given back as a keyframe."""
    use_json(json)
    check_output(output, source)
    with MediaReader(source) as reader:
        if not 0 <= number < reader.info.frames:
            raise UsageError(
                "frame_out_of_range",
                f"Frame {number} is not in the clip, which has {reader.info.frames} frames.",
                f"Frames count from 0: the last one is {reader.info.frames - 1}.",
            )
        write_image(Path(output), reader.read(number))
    if json:
        event("done", output=output, frame=number)
    else:
        typer.echo(output)
