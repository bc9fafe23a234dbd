"""Pix2Video, trapped."""

from __future__ import annotations

from keyfollow_daemon.engines.base import Engine
from keyfollow_daemon.engines.pix2video import info

from keyfollow_testkit.trapped import set_trap

describe, estimate = info.describe, info.estimate


def load() -> Engine:
    set_trap()
    return info.load()
