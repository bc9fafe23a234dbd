"""What a run takes, and the ladder that it steps down when that is too much. No torch: estimates need it not.

Sizes are those of Stable Diffusion 1 (spec § 14); activations in flight are an allowance, those kept for the gradient are counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from keyfollow_daemon.engines.diffusion.memory import BYTES, DECODER_BYTES_PER_PIXEL, Parameters

ACTIVATIONS = 12_000
"""Elements in flight per latent pixel and row."""
KEPT, KEPT_CHECKPOINTED = 90_000, 18_000
"""Elements kept for null-text's gradient, per latent pixel and frame."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run spends memory.

    Args:
        apart: both halves of a step in calls of their own; frames are prepared one by one, or, where they depend on one another,
            null-text computes activations again for its gradient.
        tiled: autoencoder in tiles. offload: all but the network on the CPU. precision: of the network.
    """

    precision: str
    apart: bool = False
    tiled: bool = False
    offload: bool = False

    def __str__(self) -> str:
        words = ["the halves of a step one after the other"] * self.apart + ["autoencoder in tiles"] * self.tiled
        return ", ".join([*words, *["all but the network on the CPU"] * self.offload, self.precision])


@dataclass(frozen=True, slots=True)
class Work:
    """What a window asks for.

    Args:
        latent: (height, width). frames: those given included. targets: prompts drawn together.
        null_text: embeddings are found by gradient. coupled: through norms that frames share, for all of them at once.
    """

    latent: tuple[int, int]
    frames: int
    targets: int = 1
    null_text: bool = False
    coupled: bool = True


def ladder(first: Plan, exact: bool = False) -> list[Plan]:
    """`first` and ever smaller plans; of lower precision unless that was asked for (`exact`)."""
    apart = replace(first, apart=True)
    tiled = replace(apart, tiled=True)
    offload = replace(tiled, offload=True)
    plans = [first, apart, tiled, offload]
    if first.precision == "fp32" and not exact:
        plans.append(replace(offload, precision="bf16"))
    return plans


def device_bytes(plan: Plan, work: Work, model: Parameters) -> int:
    """Peak bytes on the device."""
    size, area = BYTES[plan.precision], work.latent[0] * work.latent[1]
    edit = ACTIVATIONS * area * work.frames * (1 + work.targets) * (1 if plan.apart else 2)
    kept = KEPT * work.frames
    if plan.apart:
        kept = KEPT_CHECKPOINTED * work.frames if work.coupled else KEPT
    null = kept * area if work.null_text else 0
    decoder = DECODER_BYTES_PER_PIXEL * (64 * area if not plan.tiled else min(64 * area, 512 * 512))
    beside = 0 if plan.offload else 4 * model.beside + decoder
    return size * (model.network + max(edit, null)) + beside


def fitting(plans: list[Plan], work: Work, free: int | None, model: Parameters) -> int:
    """Index in `plans` of the largest that fits `free` bytes; the last one where none does."""
    if free is None:
        return 0
    return next((i for i, p in enumerate(plans) if device_bytes(p, work, model) <= free), len(plans) - 1)
