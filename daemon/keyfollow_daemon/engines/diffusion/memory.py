"""What a diffusion run takes, and the ladder that it steps down when that is too much. No torch: estimates need it not.

Sizes are those of Stable Diffusion 2 at fp16 (spec § 11: 6.88 M elements of decoder features per sample and step at a 64 x 64 latent);
activations are an allowance, not a measurement.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

BYTES = {"fp32": 4, "bf16": 2, "fp16": 2}
UNET_PARAMETERS = 866_000_000
BESIDE_PARAMETERS = 550_000_000
"""Autoencoder, text encoder and depth model, float32."""
FEATURES_PER_LATENT = 6_880_000 / 4096
ACTIVATIONS_PER_LATENT = 100_000
"""Elements in flight per latent pixel and row."""
DECODER_BYTES_PER_PIXEL = 4200


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run spends memory.

    Args:
        batch: frames inverted in one call.
        width: frames in flight of the wave schedule; 1 keeps features of one step only (the step schedule).
        tiled: autoencoder in tiles. offload: all but the denoising network on the CPU.
        precision: of the denoising network.
    """

    batch: int
    width: int
    precision: str
    tiled: bool = False
    offload: bool = False


def ladder(first: Plan) -> list[Plan]:
    """`first` and ever smaller plans: fewer frames at once, tiles, offload, lower precision."""
    few = replace(first, batch=1, width=1)
    tiled = replace(few, tiled=True)
    offload = replace(tiled, offload=True)
    plans = [first, few, tiled, offload]
    if first.precision == "fp32":
        plans.append(replace(offload, precision="bf16"))
    return [p for i, p in enumerate(plans) if p not in plans[:i]]


def device_bytes(plan: Plan, latent: tuple[int, int], steps: int) -> int:
    """Peak bytes on the device; `latent` is (height, width)."""
    size, area = BYTES[plan.precision], latent[0] * latent[1]
    rows = max(plan.batch, 2 * plan.width)
    features = FEATURES_PER_LATENT * area * 2 * (2 if plan.width == 1 else steps + plan.width * 2)
    decoder = DECODER_BYTES_PER_PIXEL * (64 * area if not plan.tiled else min(64 * area, 512 * 512))
    beside = 0 if plan.offload else 4 * BESIDE_PARAMETERS + decoder
    return round(size * (UNET_PARAMETERS + features + ACTIVATIONS_PER_LATENT * area * rows) + beside)


def fitting(first: Plan, latent: tuple[int, int], steps: int, free: int | None) -> int:
    """Index in `ladder(first)` of the largest plan that fits `free` bytes; the last one where none does."""
    plans = ladder(first)
    if free is None:
        return 0
    return next((i for i, p in enumerate(plans) if device_bytes(p, latent, steps) <= free), len(plans) - 1)
