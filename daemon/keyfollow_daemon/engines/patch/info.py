"""What the patch engine is, offers and costs. Imports nothing heavy: `load` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyfollow.edits import EditRequest
from keyfollow.engine_info import EngineInfo, Estimate, Preset, Setting
from keyfollow.media.info import MediaInfo

from .plan import KEEP_BYTES

if TYPE_CHECKING:
    from keyfollow_daemon.engines.base import Engine

SECONDS_PER_MEGAPIXEL = 0.8
"""Final quality, flows included, every frame delivered: CPU time of a 2020s x86 server, measured at 512 x 512 (0.45 to 0.75) and 1920 x 1080 (0.54), and
something for what else it does."""
DRAFT_SPEEDUP = 3.5
LEAST_ANALYSIS_SIDE, MAX_ANALYSIS_SIDE, MAX_DRAFT_SIDE = 256, 1024, 512
"""Pictures are analysed at half size, again and again, until they fit (drafts into less), but for small ones; what is delivered keeps its size."""
FLOW_BYTES, TRACK_BYTES = 8, 8
"""Of the cache, per pixel of the finest flow, and per pixel of the analysis (what an edit of a quarter of the picture takes counted in)."""
RAM_BASE = 180 << 20
RAM_PER_PIXEL = 480


PRESETS = ("auto", "local change", "style")


def describe() -> EngineInfo:
    return EngineInfo(
        id="patch",
        name="Patch",
        version="15",
        summary=(
            "Follows the picture's own motion and carries your edit along as a change of colour and light, on the CPU, with no "
            "weights to download. Best for recolouring, retouching, decals and grades that follow what is in the picture; "
            "strokes over flat areas and styles that redraw edges come out weaker."
        ),
        settings=(
            Setting("strength", "float", 1.0, "How much of the edit is applied, in every frame; 1 is all of it.", 0.0, 1.0),
            Setting(
                "preset",
                "choice",
                "auto",
                "Local change carries the edit along as a change of colour and light; Style draws every frame anew with the keyframe's "
                "own pixels; auto takes Style where the edit redraws the whole picture.",
                choices=PRESETS,
            ),
            Setting(
                "repaint", "float", 1.0, "How far Style draws anew; below 1 it is mixed with the edit carried along.", 0.0, 1.0
            ),
            Setting("feather", "float", 2.0, "Pixels over which a mask fades in, inside its border.", 0.0, 64.0),
            Setting(
                "fill",
                "float",
                24.0,
                "Pixels around the tracked edit in which it is completed where tracking is unsure; 0 leaves such places unedited.",
                0.0,
                256.0,
            ),
            Setting(
                "change_threshold",
                "float",
                -1.0,
                "Differences from the source up to this (of 255) count as untouched in a keyframe; -1 finds it: 0, or the noise "
                "that saving as JPEG left.",
                -1.0,
                64.0,
                advanced=True,
            ),
        ),
        presets=(
            Preset("local", "A thing recoloured, retouched or decorated; the rest stays."),
            # a hole in a style is always wrong, however far from what was tracked
            Preset("style", "The whole picture changes: no place is left without the edit.", {"fill": 256.0}),
        ),
        piecewise=True,
    )


def analysis_scale(width: int, height: int, draft: bool) -> float:
    """Size of the analysis copy over the size of the source, a power of one half."""
    scale = 0.5 if draft or max(width, height) > LEAST_ANALYSIS_SIDE else 1.0
    return _fitting(scale, max(width, height), MAX_DRAFT_SIDE if draft else MAX_ANALYSIS_SIDE)


def draft_scale(width: int, height: int) -> float:
    """Size that drafts are drawn at over the size of the source."""
    return _fitting(0.5, max(width, height), MAX_ANALYSIS_SIDE)


def _fitting(scale: float, side: int, most: int) -> float:
    while side * scale > most:
        scale /= 2
    return scale


def finest_level(width: int, height: int, draft: bool) -> int:
    """Level of the pyramid of the analysis copy at which flow is estimated (`flow.dense_flow`)."""
    return 1 if draft or max(width, height) <= LEAST_ANALYSIS_SIDE else 0


def estimate(request: EditRequest, media: MediaInfo, device: str) -> Estimate:
    """Cost of a run with nothing prepared. `device` does not matter: all of it runs on the CPU."""
    start, stop = (request.range.start, request.range.stop) if request.range else (0, media.frames)
    keys = [k.frame for k in request.keyframes]
    span = max([stop - 1, *keys]) - min([start, *keys]) + 1
    frames = stop - start
    scale = analysis_scale(media.width, media.height, request.quality == "draft")
    pixels = media.width * media.height
    seconds = SECONDS_PER_MEGAPIXEL * pixels / 1e6 * (span + len(keys))
    analysed = round(pixels * scale * scale)
    flows = analysed * FLOW_BYTES // 4 ** finest_level(media.width, media.height, request.quality == "draft")
    return Estimate(
        seconds=seconds / (DRAFT_SPEEDUP if request.quality == "draft" else 1.0),
        ram_bytes=RAM_BASE + RAM_PER_PIXEL * pixels + (2 * KEEP_BYTES if len(keys) > 1 else 0),
        disk_bytes=(flows + analysed * TRACK_BYTES) * (span - 1) + media.frame_bytes * frames,
        frames=frames,
        works_at=(round(media.width * scale), round(media.height * scale)),
        delivers=(media.width, media.height),
    )


def load() -> Engine:
    from .engine import PatchEngine

    return PatchEngine()
