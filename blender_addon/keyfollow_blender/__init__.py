"""Keyfollow in Blender's Video Sequencer: edit one frame of a strip, every other frame follows.

    strip → clips, timing (which source frames) → requests → bridge (the daemon) → runs → results (a strip above)

Registered parts come up in order and go down in reverse; nothing stays behind: no timer, no handler, no socket.
"""

from __future__ import annotations


def register() -> None:
    from . import app, estimate, handlers, keyframes, operators, panels, preferences, runs, state, thumbnails

    for part in (preferences, state, thumbnails, operators, panels, handlers, app, runs, keyframes, estimate):
        part.register()


def unregister() -> None:
    from . import app, estimate, handlers, keyframes, operators, panels, preferences, runs, state, thumbnails

    for part in (estimate, keyframes, runs, app, handlers, panels, operators, thumbnails, state, preferences):
        part.unregister()
