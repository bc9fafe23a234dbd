"""What tests inside a real Blender (the bpy module, the extension installed in it) are played on.

Timers never fire without a window, so tests pump the add-on's `tick` themselves.
"""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np

PACKAGE = "bl_ext.user_default.keyfollow"


def enable() -> None:
    if PACKAGE not in bpy.context.preferences.addons:
        bpy.ops.preferences.addon_enable(module=PACKAGE)
    assert PACKAGE in bpy.context.preferences.addons
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    preferences.program = os.environ.get("KEYFOLLOW_TEST_DAEMON", "")
    preferences.editor = os.environ.get("KEYFOLLOW_TEST_EDITOR", "")
    bpy.context.preferences.edit.use_global_undo = True


def fresh(folder: Path) -> None:
    """An empty .blend, saved in `folder`."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    enable()
    scene()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "edit.blend"))
    bpy.ops.ed.undo_push(message="start")


def load_copy(of: Path, folder: Path) -> None:
    """Open a copy of the .blend in the folder `of` and of what lies beside it."""
    shutil.copytree(of, folder, dirs_exist_ok=True)
    bpy.ops.wm.open_mainfile(filepath=str(folder / "edit.blend"))
    activate(by_name("rgb"))
    bpy.ops.ed.undo_push(message="start")


def save() -> None:
    bpy.ops.wm.save_mainfile()


def module(name: str) -> Any:
    """A module of the installed extension."""
    return importlib.import_module(f"{PACKAGE}.{name}")


def scene(width: int = 96, height: int = 64, fps: int = 24, base: float = 1.0, transform: str = "Standard") -> Any:
    """The scene with an empty sequencer."""
    made = bpy.context.scene
    made.sequence_editor_clear()
    made.sequence_editor_create()
    made.render.resolution_x, made.render.resolution_y, made.render.resolution_percentage = width, height, 100
    made.render.fps, made.render.fps_base = fps, base
    made.view_settings.view_transform = transform
    made.render.use_sequencer = True
    made.render.image_settings.file_format = "PNG"
    made.render.image_settings.color_mode = "RGB"
    return made


def strips(made: Any = None) -> Any:
    editor = (made or bpy.context.scene).sequence_editor
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def movie(path: str, start: int = 1, channel: int = 1, made: Any = None) -> Any:
    strip = strips(made).new_movie(Path(path).stem, path, channel, start)
    activate(strip, made)
    return strip


def activate(strip: Any, made: Any = None) -> None:
    (made or bpy.context.scene).sequence_editor.active_strip = strip


def by_name(name: str) -> Any:
    return strips()[name]


def pump(until: Callable[[], Any], seconds: float = 60) -> Any:
    """Let the add-on's timer run until something is the case."""
    app = module("app")
    deadline = time.monotonic() + seconds
    while not (found := until()):
        assert time.monotonic() < deadline, f"it did not happen in {seconds} s; {state_of_things()}"
        time.sleep(min(app.tick(), 0.02))
    return found


def ticks(name: str) -> list[tuple[float, ...]]:
    """Let the timer run, with the panel drawn, until the strip `name` has its first take. Of each tick: the seconds that passed, those
    of the processor's time, those that the thread waited for a processor (Linux; else 0), those of Python's collector, when on
    `time.perf_counter` it began, and those that the host of a virtual machine took of all its processors (Linux, to 0.01 s; else 0).
    The last one inserted the result.

    They are gathered as plain numbers: objects that stay are what makes the collector go through everything there is.
    """
    app, uid = module("app"), by_name(name).keyfollow.uid
    spent, waited, stolen = array("d"), _waiting(), _stolen()
    collecting = [0.0, 0.0]

    def collector(phase: str, _: Any) -> None:
        now = time.perf_counter()
        collecting[0] += now - collecting[1] if phase == "stop" else 0.0
        collecting[1] = now

    gc.callbacks.append(collector)
    try:
        while not by_name(name).keyfollow.takes:
            assert not by_name(name).keyfollow.error, state_of_things()
            module("estimate").of(uid)  # as the panel does whenever it is drawn
            collecting[0], queued, lost = 0.0, waited(), stolen()
            began, worked = time.perf_counter(), time.thread_time()
            wait = app.tick()
            passed, worked = time.perf_counter() - began, time.thread_time() - worked
            spent.extend((passed, worked, waited() - queued, collecting[0], began, stolen() - lost))
            time.sleep(wait)
    finally:
        gc.callbacks.remove(collector)
    return list(zip(*[iter(spent)] * 6, strict=True))


def _waiting() -> Callable[[], float]:
    """Tells for how many seconds this thread has waited for a processor so far."""
    return _told("/proc/thread-self/schedstat", lambda words: int(words[1]) / 1e9)


def _stolen() -> Callable[[], float]:
    """Tells for how many seconds in all, of each processor, the host let another machine have it."""
    return _told("/proc/stat", lambda words: int(words[8]) / os.sysconf("SC_CLK_TCK"))


def _told(path: str, read: Callable[[list[bytes]], float]) -> Callable[[], float]:
    """Tells what `read` finds among the first words of a file of the kernel's; 0 where there is none."""
    try:
        file = Path(path).open("rb", buffering=0)  # noqa: SIM115
    except OSError:
        return lambda: 0.0
    return lambda: read(os.pread(file.fileno(), 128, 0).split())


def only(strip: Any, start: int, stop: int) -> None:
    """Set the range to the scene frames from `start` to before `stop`: fewer frames take less time."""
    kept = strip.keyfollow
    kept.range, kept.start, kept.stop = "TYPED", start, stop


def use_slow_engine(strip: Any, seconds: float) -> None:
    """Let the strip be edited by the tests' own engine, which takes `seconds` for a frame."""
    name = strip.name
    pump(lambda: module("engines").info("slow"))
    kept = by_name(name).keyfollow
    kept.engine = "slow"
    next(s for s in kept.settings if s.name == "seconds").f = seconds


def state_of_things() -> str:
    app, runs = module("app"), module("runs")
    words = [f"bridge {app.bridge.state} {app.bridge.error}"]
    words += [f"{r.phase} {r.shown} fetched {len(r.fetched)}" for r in runs.runs.values()]
    words += [f"{s.name}: {s.keyfollow.error} {s.keyfollow.remedy}" for s in strips() if s.keyfollow.error]
    return "; ".join(words)


def edit_keyframe(strip: Any, frame: int, edit: Callable[[Any], Any] | None = None) -> Any:
    """Press Edit Keyframe at a scene frame, wait for the picture, paint in it; returns the keyframe's item."""
    name, before = strip.name, len(strip.keyfollow.keyframes)
    activate(strip)
    bpy.context.scene.frame_set(frame)
    assert bpy.ops.keyfollow.edit_keyframe(show=False) == {"FINISHED"}
    pump(lambda: len(by_name(name).keyfollow.keyframes) > before or by_name(name).keyfollow.error)
    kept = by_name(name).keyfollow
    assert not kept.error, f"{kept.error} {kept.remedy}"
    item = kept.keyframes[kept.keyframe_index]
    if edit is not None:
        path = bpy.path.abspath(item.path)
        write(path, edit(read(path)))
    return item


def propagate(strip: Any, seconds: float = 90) -> Any:
    """Press Propagate and wait for the result strip."""
    name, before = strip.name, len(strip.keyfollow.takes)
    activate(strip)
    assert bpy.ops.keyfollow.propagate(quality="final") == {"FINISHED"}
    pump(lambda: len(by_name(name).keyfollow.takes) > before or by_name(name).keyfollow.error, seconds)
    kept = by_name(name).keyfollow
    assert not kept.error, f"{kept.error} {kept.remedy}"
    return result(by_name(name))


def result(strip: Any) -> Any:
    found = [s for s in strips() if strip.keyfollow.uid and s.keyfollow.of == strip.keyfollow.uid]
    assert len(found) <= 1, found
    return found[0] if found else None


def warm(pixels: Any) -> Any:
    """The edit: a rectangle becomes warmer."""
    out = pixels.copy()
    part = out[20:44, 12:36]
    part[..., 0] = np.minimum(part[..., 0] + 0.25, 1)
    part[..., 2] *= 0.5
    return out


def read(path: str) -> Any:
    """A picture's pixels 0…1, top row first, (h, w, channels)."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, -1)[::-1]


def write(path: str, pixels: Any) -> None:
    """Replace a PNG as an image editor does: another file, renamed over it."""
    height, width, channels = pixels.shape
    image = bpy.data.images.new("edited", width, height, alpha=channels == 4)
    image.colorspace_settings.name = "Non-Color"
    full = np.ones((height, width, 4), np.float32)
    full[..., :channels] = pixels
    image.pixels.foreach_set(full[::-1].ravel())
    image.file_format = "PNG"
    part = f"{path}.tmp.png"
    image.save(filepath=part)
    bpy.data.images.remove(image)
    Path(part).replace(path)


def render(first: int, last: int, folder: str) -> list[Any]:
    """Render scene frames `first` to `last` through the sequencer; their pixels as whole 8-bit numbers."""
    made = bpy.context.scene
    made.frame_start, made.frame_end = first, last
    made.render.filepath = f"{folder}/####"
    bpy.ops.render.render(animation=True)
    return [np.rint(read(f"{folder}/{n:04d}.png")[..., :3] * 255).astype(int) for n in range(first, last + 1)]


def effect(name: str, channel: int, start: int, frames: int, kind: str = "COLOR", **inputs: Any) -> Any:
    """A new effect strip: 5.0 takes a length, 4.x an end; 4.2 and 4.3 call the inputs otherwise."""
    words = {"length": frames} if bpy.app.version >= (5, 0, 0) else {"frame_end": start + frames}
    if bpy.app.version < (4, 4, 0):
        inputs = {key.replace("input", "seq"): strip for key, strip in inputs.items()}
    return strips().new_effect(name, kind, channel, start, **words, **inputs)


def in_sequencer(operator: Any, **words: Any) -> Any:
    """Call an operator as if its button in a sequencer were pressed: some want that editor around them."""
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    region = next(r for r in area.regions if r.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        return operator(**words)


def write_adapted(clip: str, fps: int, base: float, fast: bool, blend: str) -> None:
    """Save a .blend with a movie strip as a person adds it: its speed adapted to the scene's rate, or twice as fast."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    scene(fps=fps, base=base)
    in_sequencer(
        bpy.ops.sequencer.movie_strip_add,
        filepath=clip,
        frame_start=10,
        channel=1,
        sound=False,
        use_framerate=False,
        adjust_playback_rate=not fast,
    )
    if fast:
        strips()[0].select = True
        activate(strips()[0])
        in_sequencer(bpy.ops.sequencer.retiming_segment_speed_set, speed=200.0)
    bpy.ops.wm.save_as_mainfile(filepath=blend)


def opened(blend: Path) -> Any:
    """Open a .blend of `write_adapted`; its strip."""
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    strip = strips()[0]
    activate(strip)
    return strip


def unsure(name: str) -> int:
    """Frames that 5.0 holds for too long where a short strip looks the same, adapted to the scene's rate or not."""
    return 2 if bpy.app.version >= (5, 0, 0) and any(pair in name for pair in ("23.976-24", "29.97-30")) else 0


def vendored(name: str) -> Any:
    """A module of the SDK as the extension has it."""
    return importlib.import_module(f"{PACKAGE}._vendor.keyfollow.{name}")
