"""The engine's settings as its numerics read them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from keyfollow.edits import SettingValue

from .info import DRAFT_STEPS

REFERENCE_ELEMENTS = 4 * 64 * 64
"""N, the latent's elements at 512 x 512, where the paper chose its weight."""


@dataclass(frozen=True, slots=True)
class Options:
    """One denoising run.

    Args:
        steps: T.
        guidance: classifier-free guidance scale.
        guided_steps: the first so many steps pull x0 towards the target's; 0 is no guidance.
        update_weight: w; the pull's factor is 2 w / N.
        weight_by_size: N is the latent's own size; else that of 512 x 512, so that other sizes behave alike.
        injection: decoder self-attention reads other frames' features.
        anchor_only: it reads the anchor's only.
        fixed_target: index of the step whose x0 is the target of every step; None is the same step.
        relative: the pull compares *edits*, x0 less the source's own x0 at that step, so that frames are not dragged to where the
            frame before had its content. Not in the paper; keyframe-driven runs only.
        reverse: prompt-driven runs go from the last frame to the first.
    """

    steps: int = 50
    guidance: float = 7.5
    guided_steps: int = 26
    update_weight: float = 100.0
    weight_by_size: bool = True
    injection: bool = True
    anchor_only: bool = False
    fixed_target: int | None = None
    relative: bool = False
    reverse: bool = False

    def factor(self, elements: int) -> float:
        """What the guided update multiplies x0 - target by: 2 w / N, the gradient of w times the mean square."""
        return 2.0 * self.update_weight / (elements if self.weight_by_size else REFERENCE_ELEMENTS)

    @property
    def lag(self) -> int:
        """Steps that a frame must be behind the one it follows."""
        return 1 if self.fixed_target is None or not self.guided_steps else self.fixed_target + 1


def steps_of(settings: Mapping[str, SettingValue], draft: bool) -> int:
    steps = int(settings["steps"])
    return min(steps, DRAFT_STEPS) if draft else steps


def options_of(settings: Mapping[str, SettingValue], draft: bool) -> Options:
    """`settings` as `info.describe` lists them, complete."""
    steps, absolute = steps_of(settings, draft), int(settings["guided_steps"])
    guided = math.ceil(float(settings["guided_share"]) * steps - 1e-9) if absolute < 0 else min(absolute, steps)
    fixed = min(int(settings["target_step"]), steps - 1) if settings["fixed_target"] else None
    return Options(
        steps=steps,
        guidance=float(settings["guidance"]),
        guided_steps=0 if settings["no_guidance"] else guided,
        update_weight=float(settings["update_weight"]),
        weight_by_size=bool(settings["weight_by_size"]),
        injection=not settings["no_injection"],
        anchor_only=bool(settings["anchor_only"]),
        fixed_target=fixed,
        reverse=bool(settings["reverse"]),
    )
