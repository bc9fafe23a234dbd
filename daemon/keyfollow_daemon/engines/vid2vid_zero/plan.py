"""What a run takes, and the ladder that it steps down when that is too much. No torch: estimates need it not.

Sizes are those of Stable Diffusion 1 (spec § 14); activations in flight are an allowance, those kept for the gradient are counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from keyfollow_daemon.engines.diffusion.memory import BESIDE_PARAMETERS, BYTES, DECODER_BYTES_PER_PIXEL, UNET_PARAMETERS

ACTIVATIONS = 12_000
"""Elements in flight per latent pixel and row."""
KEPT, KEPT_CHECKPOINTED = 90_000, 18_000
"""Elements kept for null-text's gradient, per latent pixel and frame."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run spends memory.

    Args:
        apart: both halves of a step in calls of their own; null-text computes activations again for its gradient.
        tiled: autoencoder in tiles. offload: all but the network on the CPU. precision: of the network.
    """

    precision: str
    apart: bool = False
    tiled: bool = False
    offload: bool = False


def ladder(first: Plan) -> list[Plan]:
    """`first` and ever smaller plans."""
    apart = replace(first, apart=True)
    tiled = replace(apart, tiled=True)
    offload = replace(tiled, offload=True)
    plans = [first, apart, tiled, offload]
    if first.precision == "fp32":
        plans.append(replace(offload, precision="bf16"))
    return plans


def device_bytes(plan: Plan, latent: tuple[int, int], frames: int, null_text: bool) -> int:
    """Peak bytes on the device for windows of `frames`; `latent` is (height, width)."""
    size, area = BYTES[plan.precision], latent[0] * latent[1]
    edit = ACTIVATIONS * area * frames * (2 if plan.apart else 4)
    null = (KEPT_CHECKPOINTED if plan.apart else KEPT) * area * frames if null_text else 0
    decoder = DECODER_BYTES_PER_PIXEL * (64 * area if not plan.tiled else min(64 * area, 512 * 512))
    beside = 0 if plan.offload else 4 * BESIDE_PARAMETERS + decoder
    return size * (UNET_PARAMETERS + max(edit, null)) + beside


def fitting(plans: list[Plan], latent: tuple[int, int], frames: int, null_text: bool, free: int | None) -> int:
    """Index in `plans` of the largest that fits `free` bytes; the last one where none does."""
    if free is None:
        return 0
    return next((i for i, p in enumerate(plans) if device_bytes(p, latent, frames, null_text) <= free), len(plans) - 1)
