"""`keyfollow demo`: the main job on the example clip that we ship, and a side-by-side video to look at."""

from __future__ import annotations

import json as json_
from importlib import resources
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ..client import connect
from ..frames import FrameBuffer, FrameRange
from ..media.info import MediaInfo
from ..media.outputs import writing as writable
from ..media.probe import probe
from ..media.reader import MediaReader
from ..media.writer import open_writer
from . import options
from .deliver import consume, writing
from .output import event, follower, people, use_json
from .propagate import finished, until_done


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the results go.")] = Path(
        "demo-output"
    ),
    json: options.Json = False,
) -> None:
    """Propagate the example's edited frame through the example clip, and say where the result is."""
    use_json(json)
    with writable(output):
        output.mkdir(parents=True, exist_ok=True)
    with resources.as_file(resources.files("keyfollow") / "example") as example, connect(name="demo") as client:
        source = str(example / "clip.mp4")
        number = int(json_.loads((example / "example.json").read_text())["frame"])
        media = probe(source)
        span = FrameRange(0, media.frames)
        result = output / "result.mp4"
        people.print(f"Carrying the edit of frame {number} through {media.frames} frames of {source}")
        run = client.propagate(source, keyframes={number: example / "keyframe.png"}, order="source", label="demo")
        with (
            until_done(run, str(result)),
            writing(str(result), [source], media, span, "full", overwrite=True) as write,
            follower(json) as follow,
        ):
            consume(run.events(), follow, write)
        finished(client, run, str(result), json)
        both = side_by_side(source, str(result), media, output / "side_by_side.mp4")
    if json:
        event("demo", result=str(result), side_by_side=str(both))
    else:
        typer.echo(f"{both} (source | result)")


def side_by_side(left: str, right: str, media: MediaInfo, out: Path) -> Path:
    """Two clips of one size beside each other, with the sound of the left one."""
    from dataclasses import replace

    wide = replace(media, width=media.width * 2)
    with (
        MediaReader(left) as a,
        MediaReader(right) as b,
        open_writer(out, wide, frames=FrameRange(0, media.frames), audio_from=left if media.audio else None) as writer,
    ):
        for n in range(media.frames):
            frames = (a.read(n), b.read(n))
            writer.write(n, FrameBuffer(np.concatenate([f.pixels for f in frames], axis=1), frames[0].depth, frames[0].colour))
        writer.finish()
    return out
