"""The long soak: small jobs one after the other for as long as asked, and what the daemon holds meanwhile.

    python benchmarks/soak.py --minutes 480

Every job is followed to its end and then forgotten, its take too; every fifth is cancelled on the way, every third time a second
client looks in and leaves without a word. Prints a line a minute, then the slopes over the second half. Exit status 1 when the
daemon grew by more than promise 20 allows (docs/promises.md) in a soak of at least an hour.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

import keyfollow
import numpy as np
import psutil
from keyfollow.client import Client
from keyfollow.errors import Cancelled

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "kit"))
from keyfollow_testkit import clips

MAX_MIB_PER_HOUR = 1.0
SAMPLE_S = 2.0


@dataclass(frozen=True, slots=True)
class Sample:
    """`daemon` and `worker` are resident MiB; `hours` since the start."""

    hours: float
    daemon: float
    worker: float
    descriptors: int
    sessions: int
    jobs: int


class Soak:
    def __init__(self, folder: Path) -> None:
        frames = clips.moving_patch(6)
        self._clip = clips.write_clip(folder / "clip.mkv", frames, codec="ffv1", pixel_format="bgr0")
        self._key = clips.recoloured(frames[0], clips.patch_mask(0))
        self._jobs = 0
        self._samples: list[Sample] = []

    def run(self, minutes: float) -> list[Sample]:
        began = time.monotonic()
        with keyfollow.connect(name="soak") as client:
            daemon = psutil.Process(client.status().pid)
            while (now := time.monotonic() - began) < minutes * 60:
                if not self._samples or now - self._samples[-1].hours * 3600 >= SAMPLE_S:
                    self._sample(now, daemon, client)
                self._one_job(client)
            self._sample(now, daemon, client)
            client.shutdown()
        return self._samples

    def _one_job(self, client: Client) -> None:
        self._jobs += 1
        if self._jobs % 3 == 0:
            with keyfollow.connect(name="passer-by") as passer_by:
                passer_by.status()
        run = client.propagate(self._clip, keyframes={0: self._key}, seed=self._jobs)
        with suppress(Cancelled):
            for frame in run:
                if self._jobs % 5 == 0 and frame.number == 2:
                    run.cancel()
        client.jobs.remove(run.id)
        client.takes.delete(run.take)

    def _sample(self, now: float, daemon: psutil.Process, client: Client) -> None:
        workers = daemon.children()
        self._samples.append(
            Sample(
                hours=now / 3600,
                daemon=daemon.memory_info().rss / (1 << 20),
                worker=sum(w.memory_info().rss for w in workers) / (1 << 20),
                descriptors=daemon.num_fds(),
                sessions=client.status().sessions,
                jobs=self._jobs,
            )
        )
        if int(now / 60) > int((now - SAMPLE_S) / 60) or len(self._samples) == 1:
            print("  ".join(f"{name} {value:g}" for name, value in _rounded(self._samples[-1])), flush=True)


def _rounded(sample: Sample) -> list[tuple[str, float]]:
    return list(zip(Sample.__slots__, (round(value, 3) for value in astuple(sample)), strict=True))


def slope(samples: list[Sample], name: str) -> float:
    """Growth per hour of one column: the least-squares line through it."""
    hours = np.array([s.hours for s in samples])
    return float(np.polyfit(hours, np.array([getattr(s, name) for s in samples]), 1)[0])


def main() -> int:
    parser = argparse.ArgumentParser(
        "soak", description="Small jobs, one after the other, and what the daemon holds meanwhile."
    )
    parser.add_argument("--minutes", type=float, default=1.0)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="keyfollow-soak-") as folder:
        os.environ["KEYFOLLOW_HOME"] = str(Path(folder, "home"))
        samples = Soak(Path(folder)).run(minutes)
    settled = samples[len(samples) // 2 :]
    for name in ("daemon", "worker", "descriptors", "sessions"):
        first, last = getattr(settled[0], name), getattr(settled[-1], name)
        print(f"{name}: {first:.2f} → {last:.2f} over the second half, slope {slope(settled, name):+.2f} per hour")
    print(f"{samples[-1].jobs} jobs in {minutes:g} min")
    return int(minutes >= 60 and slope(settled, "daemon") > MAX_MIB_PER_HOUR)


if __name__ == "__main__":
    sys.exit(main())
