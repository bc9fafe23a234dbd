"""What the slow engine says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyfollow.edits import EditRequest
from keyfollow.engine_info import EngineInfo, Estimate, Setting
from keyfollow.media.info import MediaInfo

if TYPE_CHECKING:
    from keyfollow_daemon.engines.base import Engine


def describe() -> EngineInfo:
    return EngineInfo(
        id="slow",
        name="Slow",
        version="1",
        summary="Shifts every frame by as much as the keyframe's mean differs from its source's, and takes its time.",
        settings=(
            Setting("seconds", "float", 0.02, "How long a frame takes.", 0.0, 600.0),
            Setting("prepare", "float", 0.0, "How long a frame's inversion takes.", 0.0, 600.0),
            Setting("deaf", "bool", False, "Do not look for a stop while a frame is made."),
            Setting("trap", "text", "", "While this file is there, the next frame takes it away and does what it says."),
            Setting("trace", "text", "", "Every frame that is made is noted at the end of this file."),
        ),
    )


def estimate(request: EditRequest, media: MediaInfo, device: str) -> Estimate:
    return Estimate(seconds=0.0, ram_bytes=1 << 20, disk_bytes=0, frames=media.frames)


def load() -> Engine:
    from .engine import SlowEngine

    return SlowEngine()
