"""What an output file is made of: container, codec and pixel format, from its suffix and from what is to be stored."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from ..errors import UsageError
from . import colour
from .info import MediaInfo

Codec = Literal["h264", "h265", "prores", "ffv1"]
_MUXERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
_CODECS: dict[str, tuple[Codec, ...]] = {
    "mp4": ("h264", "h265"),
    "mov": ("prores", "h264", "h265"),
    "matroska": ("ffv1", "h264", "h265"),
}
_OPTIONS = {
    "h264": {"crf": "14", "preset": "medium", "bf": "0"},
    "h265": {"crf": "16", "preset": "fast", "x265-params": "bframes=0:log-level=none"},
}
"""No B-frames: every packet is stored when it is shown, so that time stamps need no edit list and the last duration is exact."""
SUFFIXES = ", ".join(_MUXERS)
_SEMIPLANAR = {
    "nv12": "420",
    "nv21": "420",
    "p010": "420",
    "p012": "420",
    "p016": "420",
    "nv16": "422",
    "p210": "422",
    "yuyv422": "422",
}


@dataclass(frozen=True, slots=True)
class Target:
    """`matrix` and `full` say how RGB becomes `pixel_format`; matrix ``gbr`` leaves it RGB. `tags` go into stream and container."""

    muxer: str
    encoder: str
    pixel_format: str
    matrix: str
    full: bool
    tags: tuple[int, int, int, int]
    """FFmpeg's numbers of matrix, range, primaries, transfer."""
    options: dict[str, str] = field(default_factory=dict)
    codec_tag: str | None = None

    @property
    def bits(self) -> int:
        """Bits of a stored code."""
        found = re.search(r"(?:p|gray)(9|10|12|14|16)(?:le)?$", self.pixel_format)
        return int(found[1]) if found else 8


def choose(suffix: str, info: MediaInfo, *, alpha: bool, codec: Codec | None = None) -> Target:
    """The target for a file with `suffix` that takes frames of `info`, with alpha or without.

    Raises:
        UsageError: ``unknown_output_format``, ``no_alpha_in_format``, ``no_float_in_format``, ``codec_not_in_format``.
    """
    muxer = _MUXERS.get(suffix.lower())
    if muxer is None:
        raise UsageError(
            "unknown_output_format",
            f"{suffix or 'A name without an ending'} is not a video format that can be written.",
            f"Use {SUFFIXES}, or a folder (a path that ends in /) for images.",
        )
    chosen = codec or _CODECS[muxer][0]
    if chosen not in _CODECS[muxer]:
        raise UsageError("codec_not_in_format", f"{chosen} does not go into {suffix}.", f"Use {' or '.join(_CODECS[muxer])}.")
    if alpha and chosen in ("h264", "h265"):
        whose = (
            "The source has transparency (an alpha channel)" if info.channels == 4 else "The edit alone comes with transparency"
        )
        raise UsageError(
            "no_alpha_in_format",
            f"{whose}, which {chosen} in {suffix} cannot hold.",
            "Write a .mov (ProRes 4444), an .mkv (FFV1) or a folder of images.",
        )
    if chosen == "ffv1":
        return _ffv1(muxer, info, alpha)
    return _lossy(muxer, chosen, info, alpha)


def _ffv1(muxer: str, info: MediaInfo, alpha: bool) -> Target:
    if info.dtype == "float16":
        raise UsageError(
            "no_float_in_format",
            "FFV1 holds whole numbers, not the half-float values of this clip.",
            "Write a folder: half-float frames become OpenEXR images.",
        )
    deep = info.dtype == "uint16"
    pixel_format = ("gbrap16le" if alpha else "gbrp16le") if deep else ("bgra" if alpha else "bgr0")
    options = {
        "level": "3",
        "slices": "4" if min(info.width, info.height) >= 64 else "1",
        "slicecrc": "1",
        "coder": "1" if deep else "0",
        "context": "0",
    }
    return Target(muxer, "ffv1", pixel_format, "gbr", True, _numbers(info, "gbr", "pc"), options)


def _lossy(muxer: str, codec: Codec, info: MediaInfo, alpha: bool) -> Target:
    deep = info.dtype != "uint8"
    chroma = subsampling(info)
    if codec == "prores":
        rich = alpha or _fitting("422" if _is_rgb(info) else chroma, info) == "444"
        pixel_format = "yuva444p10le" if alpha else ("yuv444p10le" if rich else "yuv422p10le")
        options = {"profile": "4444" if rich else "hq", "vendor": "apl0", **({"alpha_bits": "16"} if alpha else {})}
        encoder = "prores_ks"
    else:
        bits = ("12le" if codec == "h265" and info.depth > 10 else "10le") if deep else ""
        pixel_format = f"yuv{_fitting(chroma, info)}p{bits}"
        encoder = {"h264": "libx264", "h265": "libx265"}[codec]
        options = dict(_OPTIONS[codec])
    yuv_source = not _is_rgb(info)
    full = yuv_source and codec != "prores" and (info.colour.range == "pc" or info.pixel_format.startswith("yuvj"))
    matrix, tag = _matrix(info)
    numbers = _numbers(info, tag, "pc" if full else "tv")
    return Target(
        muxer,
        encoder,
        pixel_format,
        matrix,
        full,
        numbers,
        options,
        "hvc1" if codec == "h265" and muxer != "matroska" else None,
    )


def _matrix(info: MediaInfo) -> tuple[str, str]:
    """The source's matrix, and the tag to write: none where there was none and a reader will assume the same."""
    stored_lines = info.width if info.rotation in (90, 270) else info.height
    matrix = colour.effective_matrix(info.colour.matrix, stored_lines)
    untagged = not info.colour.matrix and not _is_rgb(info) and colour.effective_matrix("", info.height) == matrix
    return matrix, "" if untagged else matrix


def _numbers(info: MediaInfo, matrix: str, range_: str) -> tuple[int, int, int, int]:
    return (
        colour.number(colour.MATRICES, matrix),
        colour.number(colour.RANGES, range_),
        colour.number(colour.PRIMARIES, info.colour.primaries),
        colour.number(colour.TRANSFERS, info.colour.transfer),
    )


def _is_rgb(info: MediaInfo) -> bool:
    """Whether the source has no chroma of its own to follow: RGB, palette, grey, images, uploaded frames."""
    return not info.pixel_format.startswith(("yuv", "yuyv", "uyvy")) and info.pixel_format.rstrip("le") not in _SEMIPLANAR


def subsampling(info: MediaInfo) -> str:
    """``420``, ``422`` or ``444`` as the source has it; 4:2:0, which every player takes, for RGB."""
    name = info.pixel_format.removesuffix("le").removesuffix("be")
    if name in _SEMIPLANAR:
        return _SEMIPLANAR[name]
    found = re.search(r"(420|422|444|440|411|410)", name) if not _is_rgb(info) else None
    return {"440": "444", "411": "422", "410": "420"}.get(found[1], found[1]) if found else "420"


def _fitting(chroma: str, info: MediaInfo) -> str:
    """4:4:4 where a side is odd and the subsampling does not go into it."""
    odd = info.width % 2 if chroma == "422" else (info.width % 2 or info.height % 2) if chroma == "420" else 0
    return "444" if odd else chroma
