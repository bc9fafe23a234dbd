"""Diffusion engines whose network a test can trip in the middle of a step, under their own names.

Registered by ``KEYFOLLOW_EXTRA_ENGINES="pix2video=keyfollow_testkit.trapped.pix2video"`` (and so on) with ``tests/kit`` on PYTHONPATH.
``KEYFOLLOW_TEST_TRAPS`` is a folder: `trap` in it is sprung by the next call of a UNet (`slow_engine.engine.spring`), `trace` grows by a
byte for every row that one computes, and files of `count`'s by one for every call.

They keep a checkpoint after every step, so that what a disturbance costs does not hang on how slow the disk was a moment before.
"""

from __future__ import annotations

import math
import os
from functools import cache
from pathlib import Path
from typing import Any

from keyfollow_testkit.slow_engine.engine import spring

VARIABLE = "KEYFOLLOW_TEST_TRAPS"


@cache
def set_trap() -> None:
    """In every UNet of this process, once; and checkpoints as often as they can be made."""
    from diffusers import UNet2DConditionModel, UNetSpatioTemporalConditionModel
    from keyfollow_daemon.engines.diffusion import pace

    pace.SHARE = math.inf
    folder = Path(os.environ[VARIABLE])

    def trapped(right: Any) -> Any:
        def forward(self: Any, sample: Any, *given: Any, **more: Any) -> Any:
            spring(str(folder / "trap"))
            _add(folder / "trace", len(sample))
            return right(self, sample, *given, **more)

        return forward

    for kind in (UNet2DConditionModel, UNetSpatioTemporalConditionModel):
        kind.forward = trapped(kind.forward)


@cache
def count(where: Any, name: str) -> None:
    """Calls of `where`'s function `name`, in a file of that name; once in this process."""
    file, right = Path(os.environ[VARIABLE]) / name, getattr(where, name)

    def counted(*given: Any, **more: Any) -> Any:
        _add(file, 1)
        return right(*given, **more)

    setattr(where, name, counted)


def counted(folder: Path, name: str) -> int:
    """What a file there has grown to."""
    file = folder / name
    return file.stat().st_size if file.exists() else 0


def _add(file: Path, number: int) -> None:
    with file.open("ab") as trace:
        trace.write(b"." * number)
