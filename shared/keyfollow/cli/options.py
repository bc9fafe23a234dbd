"""What people type, parsed: FRAME=IMAGE, A:B, NAME=VALUE. Every mistake is a `UsageError` that shows the right form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..checks import out_of_range
from ..errors import UsageError
from ..frames import FrameRange

STILLS = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".exr", ".bmp", ".webp"}
Json = Annotated[bool, typer.Option("--json", help="One JSON object per line on stdout; messages on stderr.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")]
Preview = Annotated[
    str | None,
    typer.Option(
        "--preview", metavar="FILE", help="Keep a small picture of what is being made here (JPEG), for engines that show one."
    ),
]


def clip(text: str) -> str:
    """A source that was named at all: an unset variable of a shell would be the folder one is in."""
    if not text.strip():
        raise UsageError(
            "bad_option", "The source is empty.", "Name a video, a folder of numbered images, or a printf pattern."
        )
    return text


def frame_number(text: str, what: str = "") -> int:
    """``"12"``; `what` says where it was found."""
    if not text.strip().isdecimal():
        raise UsageError(
            "bad_option",
            f"{what}{text.strip()} is not the number of a frame.",
            "Frames are whole numbers, and the first one is 0.",
        )
    return int(text)


def frame_images(option: str, given: list[str]) -> dict[int, str]:
    """``["12=edited.png"]`` as ``{12: "edited.png"}``."""
    found: dict[int, str] = {}
    for text in given:
        number, equals, image = text.partition("=")
        if not equals or not image or not number.strip():
            raise UsageError(
                "bad_option",
                f"{option} {text} is not FRAME=IMAGE.",
                f"For example: {option} 0=edited.png (frames count from 0).",
            )
        frame = frame_number(number, f"{option} {text}: ")
        if frame in found:
            raise UsageError("keyframe_twice", f"Frame {frame} is given twice with {option}.", "Give one picture per frame.")
        found[frame] = image
    return found


def masks(given: list[str]) -> dict[int, str] | str | None:
    """``FRAME=IMAGE`` (any number), or the path of one mask video."""
    if not given:
        return None
    if len(given) == 1 and "=" not in given[0] and Path(given[0]).suffix.lower() in STILLS:
        raise UsageError("bad_option", f"--mask {given[0]} is a still.", f"Say which frame it belongs to: --mask 0={given[0]}.")
    number, equals, _ = given[0].partition("=")
    still = Path(given[0]).suffix.lower() in STILLS
    if len(given) == 1 and (Path(given[0]).exists() or not (equals and (still or number.strip().isdecimal()))):
        return given[0]
    return frame_images("--mask", given)


def frame_range(text: str | None, frames: int) -> FrameRange:
    """``"12:48"``: half-open; either end may be left out. None is the whole clip of `frames` frames."""
    if text is None:
        return FrameRange(0, frames)
    start, colon, stop = (part.strip() for part in text.partition(":"))
    if not colon:
        raise UsageError(
            "bad_option", f"--range {text} is not START:STOP.", "For example: --range 12:48 (48 itself is not included)."
        )
    first, end = (frame_number(part, f"--range {text}: ") if part else None for part in (start, stop))
    first, end = first or 0, frames if end is None else end
    if max(first + 1, end) > frames:
        raise out_of_range(f"The range {text}", frames)
    return FrameRange(first, end)


def settings(given: list[str]) -> dict[str, str]:
    """``["feather=2"]`` as ``{"feather": "2"}``; the engine's schema gives the types later."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError("bad_option", f"--set {text} is not NAME=VALUE.", "See the names with: keyfollow engines patch.")
        found[name.strip()] = value
    return found


def rate(text: str | None) -> tuple[int, int] | None:
    """``"24"``, ``"24000/1001"`` or ``"23.976"``-like decimals as an exact fraction."""
    if text is None:
        return None
    from fractions import Fraction

    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        value = Fraction(0)
    if not 0 < value <= 1000:
        raise UsageError("bad_option", f"--rate {text} is not a frame rate.", "For example: --rate 24 or --rate 24000/1001.")
    return value.numerator, value.denominator
