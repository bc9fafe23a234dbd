"""A daemon that is killed again and again while clients give it work, and what is found afterwards."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keyfollow
from keyfollow import wire
from keyfollow.engine_info import Job, Take
from keyfollow.errors import KeyfollowError
from keyfollow.requests import build_request
from keyfollow_daemon.cache.store import InversionStore

from .daemons import Home
from .faults import Daemon, ended, leftovers

JOBS_A_LIFE = 2
LONGEST_LIFE_S = 1.2


@dataclass
class Aftermath:
    """What the kills left, seen after one last start in which every job could end."""

    acknowledged: set[str] = field(default_factory=set)
    jobs: list[Job] = field(default_factory=list)
    takes: list[Take] = field(default_factory=list)
    frames: dict[str, list[int]] = field(default_factory=dict)
    """Frames in the order in which a client got them, by job."""
    leftovers: list[Path] = field(default_factory=list)
    """Temporary files that were still there after a start."""
    entries: int = 0
    damaged: list[str] = field(default_factory=list)
    """Cache entries that are there but not whole."""


def kill_again_and_again(home: Home, kills: int, engines: Mapping[str, dict[str, Any]], chance: random.Random) -> Aftermath:
    """Start a daemon, submit jobs at random times, kill it at a random time, `kills` times over.

    Args:
        engines: arguments of `Client.propagate` by engine; each job takes one of them.
    """
    found = Aftermath()
    with Daemon(home), home.connect() as client:
        requests = [build_request(client, engine=engine, **edit)[0] for engine, edit in engines.items()]
    for _ in range(kills):
        with Daemon(home) as daemon:
            found.leftovers += leftovers(home.folder)
            end = threading.Timer(chance.uniform(0, LONGEST_LIFE_S), daemon.kill)
            end.start()
            with suppress(KeyfollowError), keyfollow.connect(start=False) as client:
                for _ in range(JOBS_A_LIFE):
                    time.sleep(chance.uniform(0, LONGEST_LIFE_S / JOBS_A_LIFE))
                    id = uuid.UUID(int=chance.getrandbits(128)).hex
                    client.ask(wire.Submit(id, chance.choice(requests)), wire.JobIs)
                    found.acknowledged.add(id)
            end.join()
    with Daemon(home), home.connect() as client:
        found.leftovers += leftovers(home.folder)
        for job in client.jobs.list():
            ended(client, job.id, 120)
            found.frames[job.id] = [frame.number for frame in client.jobs.attach(job.id)]
        found.jobs, found.takes = client.jobs.list(), client.takes.list()
        store = InversionStore(home.paths.inversions, 1 << 30)
        keys = list(store.index())
        found.entries, found.damaged = len(keys), [key for key in keys if store.read(key) is None]
    return found
