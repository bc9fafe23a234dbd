"""Is this request possible on this clip? Asked by clients before anything is sent, and by the worker before anything is done."""

from __future__ import annotations

from .edits import EditRequest
from .engine_info import EngineInfo
from .errors import ModelMissing, UsageError
from .frames import FrameRange
from .media.info import MediaInfo

KEYFRAME_SIZE = "Export the frame with `keyfollow frame`, edit that picture, and keep its size."
MASK_SIZE = "Scale the mask to the clip's size, or paint it over a frame that `keyfollow frame` exported."


def check_request(request: EditRequest, media: MediaInfo, engine: EngineInfo) -> FrameRange:
    """The range of the run: the request's own, else the whole clip.

    Raises:
        UsageError: ``empty_range``, ``frame_out_of_range``, ``no_keyframe``, ``no_edit``, ``keyframe_twice``, ``bad_mask``, ``unknown_setting``,
            ``bad_setting``, ``prompt_missing``.
        ModelMissing: ``engine_unavailable`` when this installation lacks something the engine needs.
    """
    if engine.missing:
        raise ModelMissing("engine_unavailable", f"The engine {engine.name} cannot run here.", " ".join(engine.missing))
    engine.resolve(request.settings)
    if engine.needs_prompt and not request.prompt:
        raise UsageError("prompt_missing", f"The engine {engine.name} needs a prompt.", "Describe the result with --prompt.")
    span = request.range or FrameRange(0, media.frames)
    if span.stop > media.frames:
        raise out_of_range(f"The range {span.start}:{span.stop}", media.frames, media.first_number)
    if engine.needs_keyframe and not request.keyframes:
        raise UsageError(
            "no_keyframe",
            "There is no edited keyframe.",
            "Give one: --keyframe FRAME=IMAGE, or keyframes={FRAME: image} in Python.",
        )
    if not request.keyframes and not request.prompt:
        raise UsageError(
            "no_edit", "There is neither an edited keyframe nor a prompt.", "Give --keyframe FRAME=IMAGE or --prompt TEXT."
        )
    seen: set[int] = set()
    for key in request.keyframes:
        if not 0 <= key.frame < media.frames:
            raise out_of_range(f"Keyframe {key.frame}", media.frames, media.first_number)
        if key.frame in seen:
            raise UsageError("keyframe_twice", f"Frame {key.frame} has two keyframes.", "Give one picture per frame.")
        seen.add(key.frame)
    for mask in request.masks:
        if (mask.image is None) == (mask.video is None) or (mask.image is not None and mask.frame is None):
            raise UsageError(
                "bad_mask", "A mask is either a picture on a frame or a video.", "Use --mask FRAME=IMAGE or --mask VIDEO."
            )
        if mask.frame is not None and not 0 <= mask.frame < media.frames:
            raise out_of_range(f"The mask on frame {mask.frame}", media.frames, media.first_number)
    return span


def check_size(what: str, size: tuple[int, int], media: MediaInfo, remedy: str = KEYFRAME_SIZE) -> None:
    """A keyframe or mask must have the clip's size; `size` is (width, height), `remedy` what to do (`MASK_SIZE` for masks).

    Raises:
        UsageError: ``wrong_size``.
    """
    if size != (media.width, media.height):
        raise UsageError(
            "wrong_size",
            f"{what} is {size[0]}x{size[1]}, but the clip is {media.width}x{media.height}.",
            remedy,
        )


def out_of_range(what: str, frames: int, first_number: int = 0) -> UsageError:
    """``frame_out_of_range``: `what` is not within a clip of `frames` frames, of which `first_number` is the number in the first file's name."""
    return UsageError(
        "frame_out_of_range",
        f"{what} is not in the clip, which has {frames} frame{'s' * (frames > 1)}.",
        f"Frames count from 0: the last one is {frames - 1}."
        + (f" (Frame 0 is the picture numbered {first_number}.)" if first_number else ""),
    )
