"""What was asked for and where it goes on the timeline: kept with the strip as text, so that a job outlives a save and a load. No bpy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from keyfollow.edits import Clip
from keyfollow.plain import PlainError, from_plain, to_plain


@dataclass(frozen=True, slots=True)
class Plan:
    """A run as the timeline sees it.

    Args:
        clip: the source; what pictures are asked from.
        offset: scene frames from the strip's content start to the range's first frame: the strip may be moved meanwhile.
        frames: the source frame that each scene frame of the range shows, handles included.
        handles: scene frames in `frames` before and after the range: hidden, for a strip that is lengthened later.
        suffix: of the result's files.
        baked: what cannot be copied to the result strip and is in the pixels instead; a sentence, empty if nothing is.
        show: ``edit`` leaves what did not change transparent: the source strip stays visible below.
        looks: the result takes over the strip's transform, colour and so on (not when they are in the pixels already).
    """

    clip: Clip
    offset: int
    frames: tuple[int, ...]
    suffix: str = ".tif"
    baked: str = ""
    looks: bool = True
    show: Literal["full", "edit"] = "full"
    quality: str = "final"
    handles: tuple[int, int] = (0, 0)

    @property
    def needed(self) -> list[int]:
        """Source frames whose pictures are needed, ascending, once each."""
        return sorted(set(self.frames))


def pack(plan: Plan) -> str:
    return json.dumps(to_plain(plan))


def unpack(text: str) -> Plan | None:
    """None for text that is no plan, as of a version that is not known."""
    try:
        return from_plain(Plan, json.loads(text))
    except (ValueError, PlainError):
        return None


def file_name(frame: int, suffix: str) -> str:
    """A picture is named by its source frame."""
    return f"{frame:06d}{suffix}"
