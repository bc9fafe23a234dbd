"""Tasks for an executor of a test's own: ``keyfollow_testkit.tasks:NAME``."""

from __future__ import annotations

import time
from typing import Any

from keyfollow_daemon.executors.base import Link, Plain


def wedge(payload: Plain, link: Link) -> Plain:
    """Hold still for ever, without a look at who asks."""
    while True:
        time.sleep(1)


def move_for(payload: dict[str, Any], link: Link) -> Plain:
    """Work for some seconds in small steps."""
    end = time.monotonic() + payload["seconds"]
    while time.monotonic() < end:
        link.stop_asked()
        time.sleep(0.02)
    return {}
