"""Diffusion engines whose network a test can trip in the middle of a step, under their own names.

Registered by ``KEYFOLLOW_EXTRA_ENGINES="pix2video=keyfollow_testkit.trapped.pix2video"`` (and so on) with ``tests/kit`` on PYTHONPATH.
``KEYFOLLOW_TEST_TRAPS`` is a folder: `trap` in it is sprung by the next call of a UNet (`slow_engine.engine.spring`), `trace` grows by a
byte for every row that one computes.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from keyfollow_testkit.slow_engine.engine import spring

VARIABLE = "KEYFOLLOW_TEST_TRAPS"


@cache
def set_trap() -> None:
    """In every UNet of this process, once."""
    from diffusers import UNet2DConditionModel

    folder = Path(os.environ[VARIABLE])
    right = UNet2DConditionModel.forward

    def forward(self: Any, sample: Any, *given: Any, **more: Any) -> Any:
        spring(str(folder / "trap"))
        with (folder / "trace").open("ab") as trace:
            trace.write(b"." * len(sample))
        return right(self, sample, *given, **more)

    UNet2DConditionModel.forward = forward
