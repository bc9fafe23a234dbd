"""Tasks for executors to run, in a worker process too."""

from __future__ import annotations

import time

from keyfollow.errors import UsageError
from keyfollow_daemon.executors.base import Link, Plain, Stopped


def count(payload: Plain, link: Link) -> Plain:
    for n in range(payload["to"]):
        link.say({"kind": "count", "n": n})
    return {"counted": payload["to"]}


def refuse(payload: Plain, link: Link) -> Plain:
    raise UsageError("no_such_thing", "There is no such thing.", "Ask for another.")


def crash(payload: Plain, link: Link) -> Plain:
    return {"never": 1 // 0}


def forever(payload: Plain, link: Link) -> Plain:
    link.say({"kind": "begun"})
    while (why := link.stop_asked()) is None:
        time.sleep(0.01)
    raise Stopped(why)
