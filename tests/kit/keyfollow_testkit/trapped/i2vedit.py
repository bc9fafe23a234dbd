"""I2VEdit, trapped; its training steps (`advance`) and inversions (`inverted`) are counted."""

from __future__ import annotations

from keyfollow_daemon.engines.base import Engine
from keyfollow_daemon.engines.i2vedit import info

from keyfollow_testkit.trapped import count, set_trap

describe, estimate = info.describe, info.estimate


def load() -> Engine:
    from keyfollow_daemon.engines.i2vedit import prepared
    from keyfollow_daemon.engines.i2vedit.training import Trainer

    set_trap()
    count(Trainer, "advance")
    count(prepared, "inverted")
    return info.load()
