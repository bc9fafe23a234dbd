"""The panel in a real Blender window, pressed with real clicks: Debian's Blender in a chroot, Xvfb, software GL. Not part of any test run.

    sudo python tests/blender/ui/window.py --chroot /var/tmp/keyfollow-chroot --output docs/blender

Needs root, mmdebstrap and a network the first time (2 minutes), about a minute after that. The daemon runs outside, on the same
loopback and the same files. It fails when a click does not have its effect; the screenshots are for looking at.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / folder) for folder in ("shared", "tests/kit")]

from keyfollow_testkit import blenders  # noqa: E402

EXAMPLE = ROOT / "shared/keyfollow/example"

PACKAGES = (
    "ca-certificates,blender,blender-data,python3-numpy,python3-zmq,python3-msgpack,xvfb,libgl1-mesa-dri,libgl1,libegl1,"
    "libegl-mesa0,xdotool,x11-utils,x11-apps,imagemagick,fonts-dejavu-core"
)
# in pixels of the 1400 x 900 window; the panel is drawn from the top of the sidebar, so that only its lines above count
EDIT_KEYFRAME, PROPAGATE, PAUSE = (1207, 223), (1127, 131), (1127, 179)


def build(chroot: Path) -> None:
    if not (chroot / "usr/bin/blender").exists():
        line = [
            "mmdebstrap",
            "--variant=apt",
            "--mode=root",
            '--aptopt=APT::Install-Recommends "false"',
            f"--include={PACKAGES}",
        ]
        subprocess.run([*line, "--keyring=/usr/share/keyrings", "trixie", str(chroot)], check=True)


class Window:
    """A Blender in the chroot, on a display of its own; `folder` is the same path inside and outside."""

    def __init__(self, chroot: Path, folder: Path) -> None:
        self.chroot = chroot
        self.folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self._display = ""

    def start(self, package: Path) -> None:
        environment = {
            "BLENDER_USER_RESOURCES": str(self.folder / "resources"),
            "KEYFOLLOW_UI": str(self.folder),
            "KEYFOLLOW_ZIP": str(package),
            "KEYFOLLOW_EDITOR": "/bin/true",
            "KEYFOLLOW_HOME": str(self.folder / "home"),
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "GALLIUM_DRIVER": "llvmpipe",
        }
        self._running.append(self._inside("Xvfb", "-displayfd", "1", "-screen", "0", "1400x900x24", stdout=subprocess.PIPE))
        told = self._running[0].stdout
        assert told is not None
        self._display = f":{int(told.readline())}"  # a free one, once it is ready
        script = str(ROOT / "tests/blender/ui/inside.py")
        self._running.append(
            self._inside(
                *("blender", "--window-geometry", "0", "0", "1400", "900", "--python", script), environment=environment
            )
        )

    def _inside(
        self, *line: str, environment: Mapping[str, str] | None = None, stdout: int | None = None
    ) -> subprocess.Popen[bytes]:
        known = {**(environment or {}), "DISPLAY": self._display, "HOME": str(self.folder)}
        words = [f"{name}={value}" for name, value in known.items()]
        mounts = "".join(
            f'mkdir -p "{self.chroot}{p}"; mount --bind "{p}" "{self.chroot}{p}"; '
            for p in (self.folder, ROOT / "tests", "/dev")
        )
        # exec, so that a signal reaches the program itself; the mounts are private and go with it
        command = (
            f'{mounts} mount -t proc proc "{self.chroot}/proc"; exec chroot "{self.chroot}" env -i PATH=/usr/bin:/bin "$@"'
        )
        return subprocess.Popen(["unshare", "-m", "bash", "-c", command, "-", *words, *line], stdout=stdout)

    def press(self, place: tuple[int, int], what: str, holds: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Click, and see that it has its effect; on a machine with much to do Blender may miss a click, so it is tried three times."""
        x, y = map(str, place)
        click = ("mousemove", x, y, "sleep", "1", "mousedown", "1", "sleep", "0.3", "mouseup", "1", "sleep", "1")
        for _ in range(3):
            self._inside("xdotool", *click, "mousemove", "700", "600").wait(60)
            if facts := self.seen(holds, 60):
                return facts
        raise SystemExit(f"{what}: it did not happen; {self.facts()}")

    def picture(self, path: Path, *, still: bool = True) -> None:
        """A screenshot, of a window that has nothing more to draw if `still`; Blender's own operator gives a black one here."""
        inside, before, tries = self.folder / "shot.png", b"", 0
        while True:
            self._inside("bash", "-c", f"xwd -root -silent | convert xwd:- +dither -colors 256 -strip {inside}").wait(60)
            data, tries = inside.read_bytes(), tries + 1
            if not still or data == before or tries == 20:
                break
            before = data
            time.sleep(2)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def until(self, what: str, holds: Callable[[dict[str, Any]], Any], seconds: float = 900) -> dict[str, Any]:
        """Wait for what inside.py reports."""
        if facts := self.seen(holds, seconds):
            return facts
        raise SystemExit(f"{what}: it did not happen in {seconds:.0f} s; {self.facts()}")

    def seen(self, holds: Callable[[dict[str, Any]], Any], seconds: float) -> dict[str, Any]:
        """What is reported once it holds; empty if it does not in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if (facts := self.facts()) and holds(facts):
                time.sleep(1)
                return facts
            time.sleep(0.2)
        return {}

    def facts(self) -> dict[str, Any]:
        path = self.folder / "report.json"
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def stop(self) -> None:
        for process in reversed(self._running):
            process.terminate()
            process.wait(20)


def paint(path: Path) -> None:
    """The edit is the example's own; saved by rename, as editors do."""
    part = path.with_suffix(".new.png")
    shutil.copyfile(EXAMPLE / "keyframe.png", part)
    part.replace(path)


def main() -> int:
    parser = argparse.ArgumentParser(description="Press the panel in a real Blender window.")
    parser.add_argument("--chroot", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    build(options.chroot)
    folder = Path("/var/tmp/keyfollow-ui")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "resources").mkdir(parents=True)
    shutil.copyfile(EXAMPLE / "clip.mp4", folder / "balloon.mp4")
    shutil.copyfile(EXAMPLE / "example.json", folder / "example.json")
    package = blenders.builder().build(folder / "zips", blenders.builder().fetch(blenders.cache() / "wheels"))[0]
    paths = os.pathsep.join(str(ROOT / f) for f in ("shared", "daemon"))
    environment = {**os.environ, "KEYFOLLOW_HOME": str(folder / "home"), "PYTHONPATH": paths}
    daemon = subprocess.Popen([sys.executable, "-m", "keyfollow_daemon"], env=environment)
    window = Window(options.chroot, folder)
    try:
        window.start(package)
        window.until("Blender starts", lambda f: f["regions"].get("SEQUENCE_EDITOR UI", [0, 0, 0])[2] > 100)
        window.picture(options.output / "idle.png")
        facts = window.press(EDIT_KEYFRAME, "Edit Keyframe gives a picture", lambda f: f["keyframes"])
        paint(Path(facts["keyframes"][0]))
        window.until("the cost becomes known", lambda f: f["cost"])
        window.picture(options.output / "ready.png")
        window.press(PROPAGATE, "Propagate starts a job", lambda f: f["runs"])
        window.press(PAUSE, "Pause holds it", lambda f: f["runs"] == ["Paused"])
        window.press(PAUSE, "Resume goes on", lambda f: f["runs"] != ["Paused"])
        window.until("a finished frame is shown", lambda f: f["preview"])
        time.sleep(5)  # Blender loads its icon in a job of its own
        window.picture(options.output / "running.png", still=False)
        window.until("the result comes", lambda f: f["takes"] == 1)
        window.picture(options.output / "done.png")
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
        window.until("a daemon that is gone is told of", lambda f: f["bridge"] == "absent" and not f["pressable"])
        window.picture(options.output / "error.png")
    finally:
        window.stop()
        if daemon.poll() is None:
            daemon.terminate()
            daemon.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
