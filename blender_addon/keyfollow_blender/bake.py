"""What a strip shows, as an image sequence: for strips whose pixels come from no file that the daemon could read.

One frame a tick, in a copy of the scene that holds nothing but the strip, so that Blender can be used meanwhile and nothing of the
person's own is touched. The copy is gone at the end of the tick.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
from keyfollow.edits import Clip
from keyfollow.errors import KeyfollowError, UsageError

from . import app, compat, folders, state


@dataclass(frozen=True, slots=True)
class Images:
    """A finished bake; image 0 shows the scene frame `offset` after the strip's content start."""

    clip: Clip
    offset: int


@dataclass(slots=True)
class Baking:
    """A bake under way: `done` of `total` scene frames."""

    uid: str
    folder: Path
    first: int
    total: int
    then: Callable[[Images], None]
    otherwise: Callable[[KeyfollowError], None]
    done: int = 0
    cancelled: bool = False


under_way: dict[str, Baking] = {}
"""By the strip's uid."""


def there(strip: Any) -> Images | None:
    """What was rendered of this strip earlier, if it still covers all that the strip shows."""
    try:
        kept = json.loads(strip.keyfollow.baked)
        folder, offset, count = folders.found(kept["folder"]), int(kept["offset"]), int(kept["count"])
    except (ValueError, KeyError, TypeError):
        return None
    start, (left, right) = round(compat.content(strip)[0]), compat.edges(strip)
    covered = start + offset <= left and right <= start + offset + count
    if not covered or not (folder / _name(count - 1)).is_file():
        return None
    return Images(Clip(str(folder / "%06d.png"), rate=None), offset)


def bake(scene: Any, strip: Any, then: Callable[[Images], None], otherwise: Callable[[KeyfollowError], None]) -> None:
    """Render the strip's visible part, or take what is there already; ``otherwise`` hears ``strip_gone`` and ``bake_failed``."""
    found = there(strip)
    if found is not None:
        then(found)
        return
    uid = state.identify(strip)
    if uid in under_way:
        otherwise(UsageError("baking", "This strip is being rendered already.", "Wait until that is done."))
        return
    left, right = compat.edges(strip)
    number = 1
    while (folder := folders.take(strip.name, f"rendered-{number}")).exists():
        number += 1
    folder.mkdir(parents=True)
    under_way[uid] = Baking(uid, folder, left, right - left, then, otherwise)
    app.work["bake"] = _step


def cancel(uid: str) -> None:
    if uid in under_way:
        under_way[uid].cancelled = True


def _step() -> bool:
    """Render one frame of one bake."""
    if not under_way:
        return False
    baking = next(iter(under_way.values()))
    found = state.with_uid(baking.uid)
    error: KeyfollowError | None = None
    if found is None:
        error = UsageError("strip_gone", "The strip was removed while it was rendered.", "Undo its removal and try again.")
    elif baking.cancelled:
        error = UsageError("cancelled", "Rendering the strip was cancelled.", "Start again when you like.")
    else:
        try:
            _render(*found, baking.first + baking.done, baking.folder / _name(baking.done))
        except RuntimeError as e:
            error = UsageError("bake_failed", f"The strip could not be rendered: {e}", "Mend what Blender complains of.")
    if error is not None or found is None:
        del under_way[baking.uid]
        shutil.rmtree(baking.folder, ignore_errors=True)
        if error is not None:
            baking.otherwise(error)
        return True
    baking.done += 1
    if baking.done == baking.total:
        del under_way[baking.uid]
        strip = found[1]
        offset = baking.first - round(compat.content(strip)[0])
        strip.keyfollow.baked = json.dumps({"folder": folders.stored(baking.folder), "offset": offset, "count": baking.total})
        baking.then(Images(Clip(str(baking.folder / "%06d.png")), offset))
    return True


def _render(scene: Any, strip: Any, frame: int, path: Path) -> None:
    """One frame of the strip alone, opaque where it is, without the scene's view transform."""
    chain = _ancestors(strip)
    copied = scene.copy()
    try:
        alone = _isolate(copied, chain)
        alone.mute = False
        alone.blend_type, alone.blend_alpha = "REPLACE", 1.0
        copied.frame_start = copied.frame_end = frame
        copied.render.use_sequencer, copied.render.use_compositing = True, False
        copied.render.resolution_percentage = 100
        copied.render.film_transparent = True
        image = copied.render.image_settings
        image.file_format, image.color_mode, image.color_depth = "PNG", "RGBA", "8"
        image.compression = 15
        copied.view_settings.view_transform, copied.view_settings.look = "Standard", "None"
        copied.view_settings.exposure, copied.view_settings.gamma = 0.0, 1.0
        copied.frame_set(frame)
        copied.render.filepath = str(path)
        bpy.ops.render.render(write_still=True, scene=copied.name)
    finally:
        bpy.data.scenes.remove(copied)


def _ancestors(strip: Any) -> list[str]:
    """Names of the strip and of the metas that it lies in, outermost first."""
    chain = [strip.name]
    while (strip := strip.parent_meta()) is not None:
        chain.insert(0, strip.name)
    return chain


def _isolate(scene: Any, chain: list[str]) -> Any:
    """Remove every strip but the last of `chain`, what it is made of, and what it lies in."""
    around = compat.siblings(scene)
    strip = None
    for name in chain:
        strip = around[name]
        needed = {strip, *_made_of(strip)}
        for other in [s for s in around if s not in needed]:
            around.remove(other)
        around = compat.children(strip) if strip.type == "META" else None
    return strip


def _made_of(strip: Any) -> list[Any]:
    found: list[Any] = []
    for part in compat.inputs(strip):
        found += [part, *_made_of(part)]
    return found


def _name(number: int) -> str:
    return f"{number:06d}.png"
