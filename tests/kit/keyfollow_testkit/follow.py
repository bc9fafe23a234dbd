"""A client that follows one slow job and prints every frame: ``python -m keyfollow_testkit.follow CLIP SECONDS_PER_FRAME``."""

from __future__ import annotations

import sys

import keyfollow
from keyfollow.media.reader import MediaReader


def main(clip: str, seconds: float) -> None:
    with MediaReader(clip) as reader:
        edited = 255 - reader.read(0).pixels
    with keyfollow.connect(start=False) as client:
        run = client.propagate(clip, keyframes={0: edited}, engine="slow", settings={"seconds": seconds}, survives=False)
        for frame in run:
            print(frame.number, flush=True)
        print(client.jobs.get(run.id).state, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
