"""An hour-long clip in the editor: does memory stay flat while all of it is played and while it is sought in; how soon are its sound and
its waveform there? It takes somewhat longer than the clip.

python benchmarks/desktop_hour.py [MINUTES]
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keyfollow_desktop.ui.window import Window

FPS, WIDTH, HEIGHT = 25, 320, 180
SEEKS = 300
PARTS = 12
"""How often the memory is looked at while all of it is played."""


def write_hour(path: Path, minutes: int) -> None:
    """H.264 and AAC: one minute, encoded, and its packets again for every other one."""
    import av
    import numpy as np

    one = path.with_name("minute.mp4")
    noise = np.random.default_rng(1).integers(0, 256, (HEIGHT // 10, WIDTH // 2 // 10, 3), np.uint8).repeat(10, 0).repeat(10, 1)
    wide = np.concatenate([noise, noise, noise], axis=1)
    with av.open(str(one), "w") as out:
        video: Any = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "g": "50", "bf": "0"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio: Any = out.add_stream("aac", rate=48_000, layout="stereo")
        for n in range(60 * FPS):
            picture: Any = np.ascontiguousarray(wide[:, n % (WIDTH // 2) : n % (WIDTH // 2) + WIDTH])
            out.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        for n in range(60 * 48_000 // 1024):
            t = np.arange(n * 1024, (n + 1) * 1024) / 48_000
            tone = (np.sin(2 * np.pi * 330 * t) * (0.1 + 0.4 * (t % 1))).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(np.stack([tone, tone]), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, n * 1024, Fraction(1, 48_000)
            out.mux(audio.encode(frame))
        for stream in (video, audio):
            out.mux(stream.encode(None))
    with av.open(str(path), "w") as out:
        with av.open(str(one)) as source:
            streams: dict[int, Any] = {s.index: out.add_stream_from_template(s) for s in source.streams}
        for minute in range(minutes):
            with av.open(str(one)) as source:
                for packet in source.demux():
                    stream = packet.stream
                    if packet.dts is None or stream.time_base is None:
                        continue
                    shift = int(60 * minute / stream.time_base)
                    packet.pts, packet.dts = (packet.pts or 0) + shift, packet.dts + shift
                    packet.stream = streams[stream.index]
                    out.mux(packet)
    one.unlink()


class Device:
    """A sound device that takes what it would, and keeps when the first sound came."""

    latency = 0.05

    def __init__(self, take: Callable[[int], Any]) -> None:
        self.first: float | None = None
        self._take, self._ends = take, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ends.wait(0.02):
            if self._take(960).any() and self.first is None:
                self.first = time.perf_counter()

    def close(self) -> None:
        self._ends.set()


def memory() -> str:
    """MiB that are this process's own, and those of the processes that it started."""
    import psutil

    me = psutil.Process()
    own, others = me.memory_info().rss, 0
    for child in me.children(recursive=True):
        try:
            others += child.memory_info().rss
        except psutil.Error:
            continue
    return f"{own >> 20} MiB here, {others >> 20} in readers"


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    minutes = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    with tempfile.TemporaryDirectory() as home:
        os.environ["KEYFOLLOW_HOME"] = home
        clip = Path(home) / "hour.mp4"
        write_hour(clip, minutes)
        print(f"{minutes} minutes, {clip.stat().st_size >> 20} MiB")
        measure(clip)


def measure(clip: Path) -> None:
    from keyfollow_desktop.ui import theme
    from keyfollow_desktop.ui.preferences import Preferences
    from keyfollow_desktop.ui.window import Window
    from PySide6.QtWidgets import QApplication

    app = QApplication([])
    theme.apply(app)
    preferences = Preferences()
    preferences.proxies = False
    window = Window(preferences)
    window.commands.start(None)
    window.show()
    devices: list[Device] = []

    def open_device(take: Callable[[int], Any]) -> Device:
        devices.append(Device(take))
        return devices[-1]

    window.sound._open = open_device
    turn = app.processEvents

    def until(so: Callable[[], object], within: float = 300.0) -> float:
        began = time.perf_counter()
        while not so():
            turn()
            time.sleep(0.001)
            if time.perf_counter() - began > within:
                raise TimeoutError
        return time.perf_counter() - began

    document = window.document
    print(f"imported after {until_import(window, clip, until):.1f} s")
    length = document.project.timeline.length
    media = next(iter(document.project.media.values()))
    began = time.perf_counter()
    window.waveforms.get(media)
    until(lambda: len(window.waveforms.get(media)) >= length * 100 // FPS - 200)
    print(f"waveform of all of it after {time.perf_counter() - began:.1f} s")
    print(f"before: {memory()}")
    shown = lambda: window.viewer.shown[0] is not None  # noqa: E731
    for place in (0, length // 2, length - 30 * FPS):
        document.go(place)
        until(shown)
        began = time.perf_counter()
        count = len(devices)
        window.transport.play(1)
        until(lambda n=count: len(devices) > n and devices[n].first is not None)  # type: ignore[misc]
        print(f"sound at {place / FPS / 60:.0f} min after {(devices[count].first or 0) - began:.2f} s")
        until_over(until, 6.0)
        window.transport.stop()
    document.go(0)
    window.transport.play(1)
    dropped = 0
    for part in range(PARTS):
        end = (part + 1) * length // PARTS
        until(lambda end=end: document.place.playhead >= end - 1, 2 * length / FPS)  # type: ignore[misc]
        print(f"played to {end / FPS / 60:.0f} min: {memory()}, {window.viewer.dropped - dropped} frames dropped", flush=True)
        dropped = window.viewer.dropped
    document.go(0)
    window.transport.play(8)
    until_over(until, 20.0)
    window.transport.stop()
    print(f"played for 20 s at 8x: {memory()}")
    places = random.Random(1)
    for part in range(3):
        began = time.perf_counter()
        for _ in range(SEEKS // 3):
            document.go(places.randrange(length))
            until(shown)
        each = (time.perf_counter() - began) / (SEEKS // 3)
        print(f"{(part + 1) * SEEKS // 3} seeks, {each * 1e3:.0f} ms each: {memory()}")
    window.shut_down()


def until_import(window: Window, clip: Path, until: Callable[..., float]) -> float:
    window.commands.import_files([str(clip)])
    return until(lambda: window.document.project.timeline.length)


def until_over(until: Callable[..., float], seconds: float) -> None:
    end = time.perf_counter() + seconds
    until(lambda: time.perf_counter() > end)


if __name__ == "__main__":
    main()
