"""Keyfollow: edit one frame of a clip; every other frame follows. Local, offline.

    import keyfollow

    with keyfollow.connect() as kf:
        run = kf.propagate("clip.mp4", keyframes={12: "frame12_edited.png"})
        for frame in run:
            print(frame.number, frame.confidence, frame.image.pixels.shape)

Names are imported when they are first used: `import keyfollow` alone loads neither ZeroMQ nor a codec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["FrameBuffer", "FrameRange", "KeyfollowError", "Mask", "__version__", "connect"]

if TYPE_CHECKING:
    from .client import connect
    from .edits import Mask
    from .errors import KeyfollowError
    from .frames import FrameBuffer, FrameRange

_HOMES = {"connect": "client", "Mask": "edits", "KeyfollowError": "errors", "FrameBuffer": "frames", "FrameRange": "frames"}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{home}"), name)
