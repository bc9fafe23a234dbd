"""Frames of a run or a take into a file: what `propagate`, `jobs attach` and `takes export` have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
from .output import Follower

Delivery = Literal["full", "edit", "matte"]
Write = Callable[[EditedFrame], None]


DeliverOption = Annotated[
    str, typer.Option(metavar="full|edit|matte", help="The whole picture, only what changed (RGBA), or where it changed.")
]


def delivery_of(text: str) -> Delivery:
    """Raises `UsageError` ``bad_option``."""
    if text not in ("full", "edit", "matte"):
        raise UsageError("bad_option", f"--deliver {text} is not possible.", "Give full, edit or matte.")
    return cast(Delivery, text)


def check_output(output: str, source: str) -> None:
    """Refuse to write over the source.

    Raises:
        UsageError: ``output_is_source``.
    """
    out, src = Path(output), Path(source)
    if out.exists() and src.exists() and out.samefile(src):
        raise UsageError(
            "output_is_source", f"{output} is the source itself.", "Choose another name: footage is never overwritten."
        )


@contextmanager
def writing(output: str, source: str, media: MediaInfo, span: FrameRange, delivery: Delivery) -> Iterator[Write]:
    """A function that takes frames in source order; the file (with the source's sound) appears at the end, or not at all."""
    check_output(output, source)
    audio = source if media.kind == "video" and media.audio and delivery == "full" else None
    with open_writer(output, media, frames=span, delivery=delivery, audio_from=audio) as writer:

        def write(frame: EditedFrame) -> None:
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
