"""Colour tags: FFmpeg's numbers and names, what untagged footage is taken for, and the luma coefficients of a matrix.

Numbers and names are those of ITU-T H.273 as FFmpeg spells them (``AVCOL_*``).
"""

from __future__ import annotations

from ..frames import Colour

MATRICES = {
    0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc", 10: "bt2020c",
    11: "smpte2085", 12: "chroma-derived-nc", 13: "chroma-derived-c", 14: "ictcp",
}  # fmt: skip
RANGES = {1: "tv", 2: "pc"}
PRIMARIES = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020", 10: "smpte428",
    11: "smpte431", 12: "smpte432", 22: "ebu3213",
}  # fmt: skip
TRANSFERS = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100", 10: "log316",
    11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 17: "smpte428",
    18: "arib-std-b67",
}  # fmt: skip
UNSPECIFIED = 2
HD_LINES = 720

_BT601 = (0.299, 0.114)
_KR_KB = {
    "bt709": (0.2126, 0.0722),
    "fcc": (0.30, 0.11),
    "bt470bg": _BT601,
    "smpte170m": _BT601,
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
    "bt2020c": (0.2627, 0.0593),
}


def from_numbers(matrix: int, range_: int, primaries: int, transfer: int) -> Colour:
    """The tags of a stream or frame; what FFmpeg calls unspecified or reserved becomes empty."""
    return Colour(MATRICES.get(matrix, ""), RANGES.get(range_, ""), PRIMARIES.get(primaries, ""), TRANSFERS.get(transfer, ""))


def number(table: dict[int, str], name: str) -> int:
    """FFmpeg's number for `name` in one of this module's tables; 2 (unspecified; 0 for ranges) when empty or unknown."""
    return next((n for n, known in table.items() if known == name), 0 if table is RANGES else UNSPECIFIED)


def effective_matrix(tag: str, lines: int) -> str:
    """The matrix that undoes YUV: the tag's, else ``smpte170m`` (BT.601) below 720 lines and ``bt709`` from there up.

    Matrices without constant luma coefficients (``ycgco``, ``ictcp``…) count as untagged.
    """
    return tag if tag in _KR_KB else ("smpte170m" if lines < HD_LINES else "bt709")


def luma_coefficients(matrix: str) -> tuple[float, float]:
    """(Kr, Kb) of an `effective_matrix` (H.273 table 4)."""
    return _KR_KB[matrix]
