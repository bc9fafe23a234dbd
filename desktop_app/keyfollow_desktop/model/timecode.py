"""Frames as people read them: timecode without drop, and lengths in seconds."""

from __future__ import annotations

from fractions import Fraction


def timecode(frame: int, fps: Fraction) -> str:
    """``HH:MM:SS:FF`` of a frame counted from 0, non-drop: at 29.97 it counts 30 a second, as editors' NDF does."""
    nominal = max(1, round(fps))
    seconds, rest = divmod(max(0, frame), nominal)
    width = len(str(nominal - 1)) if nominal > 1 else 1
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{rest:0{max(2, width)}d}"


def duration(seconds: float) -> str:
    """A length to read at a glance: ``4 s``, ``2 min 5 s``, ``3 h 10 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def megabytes(count: int) -> str:
    """A size in the unit that keeps it short: ``640 MB``, ``1.2 GB``."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"
