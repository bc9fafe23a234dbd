"""A process full of clients, all busy, for a test to kill: ``python -m keyfollow_testkit.crowd COUNT CLIP STAYS GOES``.

The first client submits job STAYS, which survives it; the second job GOES, which does not. Every other one watches and takes no
frame of the first job; the rest have only said hello. It says "ready" when all of that is so.
"""

from __future__ import annotations

import resource
import sys
import time

import keyfollow
from keyfollow import wire
from keyfollow.media.reader import MediaReader


def main(count: int, clip: str, stays: str, goes: str) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with MediaReader(clip) as reader:
        edited = 255 - reader.read(0).pixels
    clients = [keyfollow.connect(start=False, name=f"crowd {n}") for n in range(count)]
    for client, job, survives in ((clients[0], stays, True), (clients[1], goes, False)):
        settings = {"seconds": 0.7}
        client.propagate(clip, keyframes={0: edited}, engine="slow", settings=settings, job=job, survives=survives)
    for client in clients[::2]:
        client.ask(wire.Watch(None), wire.Done)
        client.open_stream(wire.OpenFrames(0, job=stays, by="bytes"), lambda event: None)
    print("ready", flush=True)
    time.sleep(3600)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
