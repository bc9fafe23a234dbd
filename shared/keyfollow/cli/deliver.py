"""Frames of a run or a take into a file: what `propagate`, `jobs attach` and `takes export` have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from ..engine_info import Job
from ..errors import UsageError
from ..frames import FrameRange
from ..media.info import MediaInfo
from ..media.prepare import deliver as prepare
from ..media.writer import open_writer
from ..run import EditedFrame
from .output import Follower, people

Delivery = Literal["full", "edit", "matte"]
Write = Callable[[EditedFrame], None]
FRAME_NAME = re.compile(r"\d{6}\.(png|exr)")


DeliverOption = Annotated[
    str, typer.Option(metavar="full|edit|matte", help="The whole picture, only what changed (RGBA), or where it changed.")
]


def delivery_of(text: str) -> Delivery:
    """Raises `UsageError` ``bad_option``."""
    if text not in ("full", "edit", "matte"):
        raise UsageError("bad_option", f"--deliver {text} is not possible.", "Give full, edit or matte.")
    return cast(Delivery, text)


def check_output(output: str, *inputs: str, overwrite: bool = False) -> None:
    """Refuse to write over anything that goes into the result, ever, and over any other file unasked; note what a folder holds already.

    Raises:
        UsageError: ``bad_option``, ``output_is_source``, ``output_exists``.
    """
    if not output.strip():
        raise UsageError("bad_option", "--output is empty.", "For example: --output result.mp4, or --output frames/ for PNGs.")
    out = Path(output)
    for given in (Path(i) for i in inputs if out.exists() and Path(i).exists()):
        replaced = out.is_dir() and FRAME_NAME.fullmatch(given.name) and out.samefile(given.parent)
        if out.samefile(given) or replaced:
            raise UsageError(
                "output_is_source",
                f"{given} goes into this run; writing {output} would replace it.",
                "Choose another place: what goes in is never overwritten.",
            )
    if out.is_file() and not overwrite:
        raise UsageError(
            "output_exists", f"{output} is there already.", "Choose another name, or give --overwrite to replace it."
        )
    if out.is_dir() and any(out.iterdir()):
        people.print(f"Note: {output} is not empty; frames of the same name are replaced, everything else there stays.")


def numbered(output: str, count: int) -> list[str]:
    """Where each of `count` results goes: ``out.mov`` alone, else ``out-1.mov``, ``out-2.mov``…; folders likewise."""
    if count == 1:
        return [output]
    path = Path(output)
    stem, suffix = (path.name, "") if output.endswith("/") else (path.stem, path.suffix)
    return [str(path.with_name(f"{stem}-{n}{suffix}")) + "/" * output.endswith("/") for n in range(1, count + 1)]


@contextmanager
def writing(
    output: str, inputs: Sequence[str], media: MediaInfo, span: FrameRange, delivery: Delivery, overwrite: bool = False
) -> Iterator[Write]:
    """A function that takes frames in source order; the file (with the source's sound) appears at the end, or not at all."""
    source = inputs[0]
    check_output(output, *inputs, overwrite=overwrite)
    audio = source if media.kind == "video" and media.audio and delivery == "full" else None
    with open_writer(output, media, frames=span, delivery=delivery, audio_from=audio) as writer:
        due = span.start

        def write(frame: EditedFrame) -> None:
            nonlocal due
            # a job that was stopped gives what it has, with gaps; that it was stopped is said when its events are through
            if frame.number != due:
                return
            due += 1
            original = frame.source
            image = frame.image
            writer.write(frame.number, prepare(delivery, image, original if original is not None else image))

        yield write
        writer.finish()


def consume(events: Iterable[EditedFrame | Job], follow: Follower, write: Write) -> None:
    """Let events pass: progress to the follower, frames into the file."""
    for event in events:
        if isinstance(event, Job):
            follow.job(event)
        else:
            write(event)
            follow.frame(event.number, event.confidence)
