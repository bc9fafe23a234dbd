"""The desktop editor's promises: window in 1.5 s, a 10,000-clip project open in 2 s, a UI thread that does not stall while playing.

python benchmarks/desktop.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

START = """
import time
began = time.perf_counter()
from PySide6.QtWidgets import QApplication
from keyfollow_desktop.ui import theme
from keyfollow_desktop.ui.preferences import Preferences
from keyfollow_desktop.ui.window import Window
app = QApplication([])
theme.apply(app)
window = Window(Preferences())
window.commands.start(None)
window.show()
app.processEvents()
print(time.perf_counter() - began)
window.shut_down()
import sys
assert "torch" not in sys.modules
"""


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["KEYFOLLOW_HOME"] = home
        for label in ("first start", "second start"):
            run = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
            print(f"{label}: window after {float(run.stdout):.2f} s (target 1.5)")
        in_the_window(Path(home))


def in_the_window(home: Path) -> None:
    import keyfollow
    from keyfollow_desktop.model import project_file, timeline_edits, work_edits
    from keyfollow_desktop.model.state import Project
    from keyfollow_desktop.ui import theme
    from keyfollow_desktop.ui.importing import describe
    from keyfollow_desktop.ui.preferences import Preferences
    from keyfollow_desktop.ui.window import Window
    from PySide6.QtWidgets import QApplication

    app = QApplication([])
    theme.apply(app)
    media = describe(str(Path(keyfollow.__file__).parent / "example/clip.mp4"))
    project, track = timeline_edits.add_track(work_edits.add_media(Project(name="many"), media))
    project = timeline_edits.place(project, track, media.id, 0)
    one = project.timeline.tracks[0].clips[0]
    clips = tuple(replace(one, id=f"c{n}", start=84 * n) for n in range(10_000))
    many = replace(project, timeline=replace(project.timeline, tracks=(replace(project.timeline.tracks[0], clips=clips),)))
    project_file.create(home / "many.kfproj", many)
    project_file.create(home / "one.kfproj", project)
    window = Window(Preferences())
    window.commands.start(None)
    window.show()
    began = time.perf_counter()
    window.commands.open_folder(home / "many.kfproj")
    app.processEvents()
    print(f"10,000 clips: open and drawn after {time.perf_counter() - began:.2f} s (target 2)")
    window.timeline.zoom(2000)
    bar = window.timeline.horizontalScrollBar()
    print("scrolling 10,000 clips: " + stalls(app.processEvents, 3.0, lambda n: bar.setValue(n * 97)))
    window.commands.open_folder(home / "one.kfproj")
    window.transport.loop = True
    window.transport.play(1)
    print("playing 640x360 in a loop: " + stalls(app.processEvents, 8.0, lambda n: None))
    print(f"  {window.viewer.dropped} frames dropped")
    window.shut_down()


def stalls(turn: Callable[[], None], seconds: float, poke: Callable[[int], object]) -> str:
    """How long each turn of the event loop took."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        poke(len(times))
        turn()
        times.append(time.perf_counter() - began)
        time.sleep(0.001)
    times.sort()
    return f"p95 {times[len(times) * 95 // 100] * 1e3:.1f} ms, longest {times[-1] * 1e3:.1f} ms (targets 16 and 50)"


if __name__ == "__main__":
    main()
