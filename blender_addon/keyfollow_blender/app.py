"""The add-on's one connection, and what its timer does: pump messages, watch edited pictures, never disturb a render or a save."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
from keyfollow import wire
from keyfollow.edits import Clip
from keyfollow.errors import KeyfollowError

from . import compat, engines, preferences
from .bridge import Bridge, Otherwise

log = logging.getLogger(__name__)
IDLE_S, BUSY_S = 0.1, 0.01
SLOWER = 1.5
"""While an answer is waited for and none comes, the timer comes back so many times later each time, up to `IDLE_S`."""
Work = Callable[[], bool]
"""A piece of work for one tick; False when there is nothing left to do."""


def _program() -> tuple[str, str]:
    chosen = preferences.get()
    return tuple(bpy.path.abspath(p) if p else "" for p in (chosen.program, chosen.home))  # type: ignore[return-value]


def _spare() -> bool:
    return bool(preferences.get().spare)


bridge = Bridge(_program, _spare)
held: set[str] = set()
"""Why the timer must keep still: ``"render"``, ``"save"``, ``"load"`` while Blender does that."""
work: dict[str, Work] = {}
"""What else the timer does, by name; each is called once a tick."""
chores: dict[str, Work] = {}
"""What the timer looks after ten times a second or less, however quickly it comes back: one a tick, and where it can wait, in a tick in
which no message came or went, so that none adds to what else Blender is held up by."""
LATE_S = 0.5
"""A chore does not wait longer than this for such a tick."""
_turns: deque[str] = deque()
_chore_at = 0.0
_wait = BUSY_S
_clips: dict[tuple[object, ...], wire.ClipIs] = {}


def tick() -> float:
    """One turn of the timer; returns the seconds until the next."""
    if held:
        return IDLE_S
    global _wait
    before = (bridge.state, bridge.error)
    moved = _guarded(bridge.tick)
    busy = [_guarded(each) for each in (*work.values(), _next_chore(LATE_S if moved else 0.0))]
    if (bridge.state, bridge.error) != before or any(busy):
        compat.redraw()
    _wait = BUSY_S if moved or any(busy) else min(_wait * SLOWER, IDLE_S)
    return _wait if bridge.busy or any(busy) else IDLE_S


def _next_chore(late: float) -> Work:
    """The chore whose turn it is, if it was due `late` seconds ago."""
    global _chore_at
    now = time.monotonic()
    if now < _chore_at + late or not chores:
        return _nothing
    _chore_at = now + IDLE_S / len(chores)
    if not _turns:
        _turns.extend(chores)
    return chores.get(_turns.popleft(), _nothing)


def _nothing() -> bool:
    return False


def _guarded(turn: Callable[[], Any]) -> Any:
    """A bug must not take the timer away for good, which is what Blender does when a timer raises."""
    try:
        return turn()
    except Exception:
        log.exception("Keyfollow: unexpected error")
        return False


def clip_is(clip: Clip, then: Callable[[wire.ClipIs], None], otherwise: Otherwise) -> None:
    """What the daemon knows of a clip; asked once for each version of the file."""
    key = (clip, *_version(clip))
    if key in _clips:
        then(_clips[key])
        return

    def learn(answer: wire.ClipIs) -> None:
        _clips[key] = answer
        then(answer)

    bridge.ask(wire.ClipAsk(clip), learn, otherwise)


def known_clip(clip: Clip) -> wire.ClipIs | None:
    return _clips.get((clip, *_version(clip)))


def _version(clip: Clip) -> tuple[int, ...]:
    try:
        found = Path(clip.path or "").stat()
    except OSError:
        return ()
    return found.st_size, found.st_mtime_ns


def _said_hello() -> None:
    def learn(answer: wire.EngineList) -> None:
        engines.learn(answer.engines)
        compat.redraw()

    bridge.ask(wire.Engines(), learn, _ignore)


def _ignore(error: KeyfollowError) -> None:
    """The connection itself shows what is wrong."""


def register() -> None:
    bridge.opened.append(_said_hello)
    bpy.app.timers.register(tick, first_interval=IDLE_S, persistent=True)


def unregister() -> None:
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    bridge.close()
    held.clear()
    work.clear()
    chores.clear()
    _turns.clear()
    _clips.clear()
