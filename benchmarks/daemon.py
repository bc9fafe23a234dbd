"""What the daemon costs: against the same work in one process, in frames a second, in milliseconds, in memory.

    python benchmarks/daemon.py                     # all of it; about ten minutes, most of them the ten-minute clip
    python benchmarks/daemon.py --minutes 1 --hd 48 # a shorter clip, fewer full HD frames
    python benchmarks/daemon.py --only starting --only delivery
    python benchmarks/daemon.py --write             # and put the table into docs/benchmarks.md

Each figure stands beside its target. Exit status 1 when one is missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import psutil
from keyfollow import __version__
from keyfollow.client import Client
from keyfollow.errors import Cancelled

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "kit"))
from keyfollow_testkit import clips
from keyfollow_testkit.faults import SLOW_ENGINE
from keyfollow_testkit.faults_wire import Peer, Target, target
from keyfollow_testkit.takes import full_hd

MIB = 1 << 20
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- daemon: begin -->", "<!-- daemon: end -->"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `limit` is the most (``<``) or the least (``>``) that it may be; None where there is no target."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    sense: Literal["<", ">"] = "<"

    @property
    def kept(self) -> bool:
        return self.limit is None or (self.value <= self.limit if self.sense == "<" else self.value >= self.limit)

    def cells(self) -> tuple[str, str, str, str]:
        target = "" if self.limit is None else f"{'≤' if self.sense == '<' else '≥'} {self.limit:g} {self.unit}".rstrip()
        return (
            self.what,
            f"{self.value:.3g} {self.unit}".rstrip(),
            target,
            "" if self.limit is None else "yes" if self.kept else "**no**",
        )


@contextmanager
def daemon(*options: str, **environment: str) -> Iterator[Target]:
    with tempfile.TemporaryDirectory() as folder, target(Path(folder) / "home", *options, **environment) as made:
        yield made


def moving(path: Path, count: int, width: int, height: int) -> Path:
    """A clip of any length: two seconds of the test kit's moving patch, again and again."""
    frames = clips.moving_patch(min(count, 48), width, height)
    return clips.write_clip(path, [frames[n % len(frames)] for n in range(count)])


def edit(width: int, height: int) -> dict[str, Any]:
    return {"keyframes": {0: clips.recoloured(clips.moving_patch(1, width, height)[0], clips.patch_mask(0, width, height))}}


# --- the subjects ------------------------------------------------------------------------------------------------------------


def starting(_: argparse.Namespace) -> Iterator[Row]:
    """From the command to the answered handshake; then what a daemon costs that has nothing to do."""
    took = []
    for _n in range(7):
        began = time.perf_counter()
        with daemon() as made, made.home.connect():
            took.append(time.perf_counter() - began)
    yield Row("start to answered handshake, median of 7", float(np.median(took)), "s", 1.0)
    with daemon() as made:
        process = psutil.Process(made.daemon.pid)
        for label, company in (("alone", False), ("with one client", True)):
            client = made.home.connect() if company else None
            time.sleep(2)
            before = process.cpu_times()
            time.sleep(20)
            after = process.cpu_times()
            used = (after.user + after.system - before.user - before.system) / 20
            yield Row(f"idle CPU {label}, 20 s", 100 * used, "% of a core", 0.5)
            if client is not None:
                client.close()
        yield Row("resident memory without engines", made.daemon.rss / MIB, "MiB", 150)


def against_inline(_: argparse.Namespace) -> Iterator[Row]:
    """The same job in a daemon whose engine runs in its worker process, and in one where it runs on a thread. Caches are cold."""
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        clip = moving(Path(folder) / "clip.mp4", 48, 320, 180)
        for executor in ("inline", "process"):
            with daemon("--executor", executor) as made, made.home.connect() as client:
                client.propagate(clip, range=(0, 3), **edit(320, 180)).wait()
                for _n in range(5):
                    for cache in client.caches.list():
                        client.caches.delete(cache.id)
                    began = time.perf_counter()
                    client.propagate(clip, **edit(320, 180)).wait()
                    best[executor] = min(time.perf_counter() - began, best.get(executor, 1e9))
    yield Row("48 frames of 320x180 inline, best of 5", best["inline"], "s")
    yield Row("the same in the worker process", best["process"], "s")
    yield Row("ratio", best["process"] / best["inline"], "", 1.10)


def delivery(_: argparse.Namespace) -> Iterator[Row]:
    """Whole 1080p frames (6.2 MB each, the largest that an 8-bit take can hold) into the client's arrays, SHA-256 verified."""
    count = 240
    with tempfile.TemporaryDirectory() as folder:
        take = full_hd(Path(folder) / "home" / "takes", count)
        with target(Path(folder) / "home") as made, made.home.connect() as client:
            for by, limit in (("path", 100.0), ("bytes", None)):
                client.frames_by = "path" if by == "path" else "bytes"
                best = 0.0
                for _n in range(3):
                    began = time.perf_counter()
                    pixels = sum(int(frame.image.pixels[0, 0, 0]) >= 0 for frame in client.takes.frames(take))
                    best = max(best, pixels / (time.perf_counter() - began))
                yield Row(f"1080p into an array by {by}, verified", best, "frames/s", limit, ">")


def answering(_: argparse.Namespace) -> Iterator[Row]:
    """Beats while the worker propagates and another client takes its frames by bytes."""
    with (
        tempfile.TemporaryDirectory() as folder,
        daemon() as made,
        made.home.connect() as client,
        Peer(made.connection) as peer,
    ):
        clip = moving(Path(folder) / "clip.mp4", 240, 640, 360)
        client.frames_by = "bytes"
        run = client.propagate(clip, **edit(640, 360))
        follower = threading.Thread(target=lambda: _follow(run), daemon=True)
        follower.start()
        peer.hello()
        took, until = [], time.monotonic() + 10
        while time.monotonic() < until:
            took.append(peer.ping())
            time.sleep(0.005)
        run.cancel()
        follower.join(30)
        yield Row(f"ping under load, median of {len(took)}", 1000 * float(np.median(took)), "ms")
        yield Row("ping under load, 99th percentile", 1000 * float(np.quantile(took, 0.99)), "ms", 200)


def _follow(run: Any) -> None:
    with suppress(Cancelled):
        for _ in run:
            pass


def cancelling(_: argparse.Namespace) -> Iterator[Row]:
    """Fifty cancels of a run with steps of 50 ms: to the answer, and until the device is free."""
    answered, freed = [], []
    with tempfile.TemporaryDirectory() as folder, daemon(**SLOW_ENGINE) as made, made.home.connect() as client:
        clip = moving(Path(folder) / "clip.mp4", 48, 96, 64)
        for n in range(50):
            run = client.propagate(clip, engine="slow", settings={"seconds": 0.05}, **edit(96, 64))
            while client.jobs.get(run.id).state != "running":
                time.sleep(0.005)
            time.sleep(0.01 * (n % 10))
            began = time.perf_counter()
            run.cancel()
            answered.append(time.perf_counter() - began)
            while client.jobs.get(run.id).state == "running":
                time.sleep(0.002)
            freed.append(time.perf_counter() - began)
    yield Row("cancel to answer, 99th percentile of 50", 1000 * float(np.quantile(answered, 0.99)), "ms", 100)
    yield Row("cancel to free device, 99th percentile of 50", 1000 * float(np.quantile(freed, 0.99)), "ms", 550)


def memory(options: argparse.Namespace) -> Iterator[Row]:
    """Growth from the first quarter of a run to its last, of everyone who takes part. A clip is never held whole."""
    for name, count, size in (
        (f"{options.minutes:g} minutes of 256x144", int(options.minutes * 60 * 24), (256, 144)),
        (f"{options.hd} frames of 1080p", options.hd, (1920, 1080)),
    ):
        with tempfile.TemporaryDirectory() as folder, daemon() as made, made.home.connect() as client:
            clip = moving(Path(folder) / "clip.mp4", count, *size)
            yield from _growth(name, made, client, clip, count, size)


def _growth(name: str, made: Target, client: Client, clip: Path, count: int, size: tuple[int, int]) -> Iterator[Row]:
    samples: dict[str, list[tuple[int, int]]] = {"daemon": [], "worker": [], "client": []}
    began, done = time.perf_counter(), 0
    for frame in client.propagate(clip, **edit(*size)):
        assert frame.image.width == size[0]
        done += 1
        if done % max(1, count // 100) == 0:
            processes = {"daemon": made.daemon.pid, "client": os.getpid()}
            if (worker := made.daemon.worker()) is not None:
                processes["worker"] = worker.pid
            for who, pid in processes.items():
                samples[who].append((done, psutil.Process(pid).memory_info().rss))
    yield Row(f"{name}: frames a second, end to end", done / (time.perf_counter() - began), "frames/s")
    for who, seen in samples.items():
        early = [rss for n, rss in seen if count / 4 <= n < count / 2]
        late = [rss for n, rss in seen if n >= 3 * count / 4]
        yield Row(f"{name}: {who}, growth from the second quarter to the last", (max(late) - max(early)) / MIB, "MiB", 32)
        yield Row(f"{name}: {who}, most resident", max(rss for _, rss in seen) / MIB, "MiB")


SUBJECTS: dict[str, Callable[[argparse.Namespace], Iterator[Row]]] = {
    "starting": starting,
    "against-inline": against_inline,
    "delivery": delivery,
    "answering": answering,
    "cancelling": cancelling,
    "memory": memory,
}


# --- the page ----------------------------------------------------------------------------------------------------------------


def machine() -> str:
    """Processor, cores, memory, system; and who else was busy."""
    name = platform.processor() or platform.machine()
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    memory_gib = psutil.virtual_memory().total / (1 << 30)
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    return (
        f"{name}, {psutil.cpu_count()} cores, {memory_gib:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, Keyfollow {__version__}; load {load} when it ended"
    )


def table(rows: list[Row]) -> str:
    cells = [("what", "measured", "target", "kept"), *(row.cells() for row in rows)]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([lines[0], "|---|---|---|---|", *lines[1:]])


def write(text: str) -> None:
    """Put `text` between the marks of docs/benchmarks.md."""
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=SUBJECTS, help="measure this subject; may be repeated")
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the small clip whose memory is watched")
    parser.add_argument("--hd", type=int, default=240, help="full HD frames whose memory is watched")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    parser.add_argument("--note", default="", help="a sentence on the circumstances, for the page")
    options = parser.parse_args()
    rows: list[Row] = []
    for name in options.only or SUBJECTS:
        for row in SUBJECTS[name](options):
            rows.append(row)
            print("  ".join(filter(None, (f"{row.what}:", *row.cells()[1:]))), flush=True)
    if options.write:
        write(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}. {options.note}".rstrip() + f"\n\n{table(rows)}")
    return 0 if all(row.kept for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
