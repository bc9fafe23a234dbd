"""What a source is: exact frame count, PTS, rate, form, tags and sound, found in the sandbox without decoding it through."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from ..errors import UsageError
from ..plain import PlainError, from_plain
from .images import decode_image
from .info import MediaInfo
from .limits import MAX_FRAMES, MAX_PIXELS
from .problems import problem
from .sandbox import Sandbox
from .source import ImageSeries, find_series, open_regular, read_file

DEFAULT_RATE = (24, 1)


def probe(source: str | os.PathLike[str], *, rate: tuple[int, int] | None = None) -> MediaInfo:
    """Look at a video file, a folder of numbered images, a printf pattern (``shot_%04d.png``) or one image.

    Args:
        rate: frames per second of an image sequence (24 otherwise); must be None for a video, which knows its own.

    Raises:
        MediaError: the source cannot be used; see `problems` for the codes.
        UsageError: ``rate_not_wanted``, ``bad_rate``.
    """
    series = find_series(source)
    if series is not None:
        with Sandbox(name=str(series.files[0])) as sandbox:
            return probe_images(sandbox, series, rate)
    check_no_rate(rate)
    name = os.fspath(source)
    fd = open_regular(name)
    try:
        with Sandbox({"source": fd}, name=name) as sandbox:
            return probe_video(sandbox)
    finally:
        os.close(fd)


def check_no_rate(rate: tuple[int, int] | None) -> None:
    if rate is not None:
        raise UsageError(
            "rate_not_wanted", "A video knows its own frame rate.", "Leave the rate out; it is for image sequences."
        )


def probe_video(sandbox: Sandbox) -> MediaInfo:
    """Probe the file that `sandbox` holds as ``source``; what the child says is checked like anything from outside."""
    head = sandbox.call("probe")
    count = head["bytes"] // 8
    if count > MAX_FRAMES or head["bytes"] % 8:
        raise problem("media_reader_died", "it answered nonsense", sandbox.name)
    pts = np.empty(count, np.int64)
    sandbox.payload(pts.view(np.uint8).data)
    try:
        info = from_plain(MediaInfo, head.get("info"))
    except PlainError as e:
        raise problem("media_reader_died", str(e), sandbox.name) from e
    positive = min(info.width, info.height, *info.rate, *info.time_base) > 0
    if not positive or info.width * info.height > MAX_PIXELS or info.frames != count or not count:
        raise problem("media_reader_died", "it answered nonsense", sandbox.name)
    return replace(info, pts=tuple(pts.tolist()))


def probe_images(sandbox: Sandbox, series: ImageSeries, rate: tuple[int, int] | None) -> MediaInfo:
    """Decode the first image; the others are held to its form as they are read."""
    first, head = decode_image(sandbox, read_file(series.files[0]))
    numerator, denominator = check_rate(rate)
    colour = first.colour
    return MediaInfo(
        kind="images",
        width=first.width,
        height=first.height,
        frames=len(series.files),
        rate=(numerator, denominator),
        time_base=(denominator, numerator),
        pts=tuple(range(len(series.files))),
        dtype=first.pixels.dtype.name,
        channels=first.channels,
        depth=first.depth,
        codec=_text(head, "codec"),
        pixel_format=_text(head, "pixel_format"),
        colour=colour,
        first_number=series.first,
        last_duration=1,
    )


def check_rate(rate: tuple[int, int] | None) -> tuple[int, int]:
    """`rate` in lowest terms, or the default.

    Raises:
        UsageError: ``bad_rate``.
    """
    numerator, denominator = rate or DEFAULT_RATE
    if numerator <= 0 or denominator <= 0 or max(numerator, denominator) > 10**9:
        raise UsageError(
            "bad_rate", f"{numerator}/{denominator} frames per second is not possible.", "Give for example 24 or 30000/1001."
        )
    exact = Fraction(numerator, denominator)
    return exact.numerator, exact.denominator


def _text(head: Mapping[str, Any], key: str) -> str:
    return str(head.get(key, ""))[:64]
