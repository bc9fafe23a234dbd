"""Start timecodes (SMPTE ST 12-1) moved on by a number of frames."""

from __future__ import annotations

import re
from fractions import Fraction

_FORM = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)")


def advanced(code: str, frames: int, rate: Fraction) -> str:
    """`code` plus `frames` at `rate` frames per second; ``;`` or ``.`` before the frames means drop-frame. Empty if it is none.

    Drop-frame counting leaves out the first 2 numbers (at 29.97; 4 at 59.94) of every minute but each tenth.
    """
    match = _FORM.fullmatch(code)
    nominal = round(rate)
    if not match or nominal < 1:
        return ""
    hours, minutes, seconds, number = (int(match[i]) for i in (1, 2, 3, 5))
    drop = round(nominal / 15) if match[4] != ":" and nominal % 30 == 0 else 0
    total_minutes = hours * 60 + minutes
    count = (total_minutes * 60 + seconds) * nominal + number - drop * (total_minutes - total_minutes // 10) + frames
    if drop:
        per_ten = nominal * 600 - drop * 9
        tens, rest = divmod(count, per_ten)
        skipped = 0 if rest < nominal * 60 else drop * (1 + (rest - nominal * 60) // (nominal * 60 - drop))
        count += drop * 9 * tens + skipped
    seconds, number = divmod(count, nominal)
    return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{match[4]}{number:02d}"
