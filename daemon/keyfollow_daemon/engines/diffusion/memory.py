"""What a diffusion run takes, and the ladder that it steps down when that is too much. No torch: estimates need it not.

Sizes are those of Stable Diffusion 2 at fp16 (spec § 11: 6.88 M elements of decoder features per sample and step at a 64 x 64 latent);
activations are an allowance, not a measurement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from keyfollow.errors import UsageError

from keyfollow_daemon.models.weights import parameters

BYTES = {"fp32": 4, "bf16": 2, "fp16": 2}
UNET_PARAMETERS = 866_000_000
BESIDE_PARAMETERS = 550_000_000
"""Autoencoder, text encoder and depth model, float32. Both are Stable Diffusion 2's, where no folder is at hand to be asked."""
BESIDE = ("vae", "text_encoder", "text_encoder_2", "depth_estimator", "captioner")
FEATURES_PER_LATENT = 6_880_000 / 4096
ACTIVATIONS_PER_LATENT = 100_000
"""Elements in flight per latent pixel and row."""
DECODER_BYTES_PER_PIXEL = 4200
CPU_BASE = 2 << 30
"""Of the main memory, where the network is on the CPU: for the program, the libraries and the frames at hand."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run spends memory.

    Args:
        batch: frames inverted in one call.
        width: frames in flight of the wave schedule; 1 keeps features of one step only (the step schedule).
        rows: of the network's batch that a frame takes: both halves of classifier-free guidance, and what else goes along.
        by_frame: one frame after the other, features of all steps kept (the frame schedule).
        tiled: autoencoder in tiles, one picture at a time. offload: all but the denoising network on the CPU.
        precision: of the denoising network.
    """

    batch: int
    width: int
    precision: str
    tiled: bool = False
    offload: bool = False
    by_frame: bool = False
    rows: int = 2

    def __str__(self) -> str:
        words = [f"{self.batch} frames prepared at once" if self.batch > 1 else "one frame prepared at a time"]
        words.append(f"{self.width} in flight" if self.width > 1 else "frame by frame" if self.by_frame else "step by step")
        words += ["autoencoder in tiles"] * self.tiled + ["all but the network on the CPU"] * self.offload + [self.precision]
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Parameters:
    """Numbers in a model: in its denoising network (with its ControlNet), and in what stands beside it."""

    network: int = UNET_PARAMETERS
    beside: int = BESIDE_PARAMETERS


def parameters_of(folder: str | None) -> Parameters:
    """Counted in the headers of a model folder's weights; Stable Diffusion 2's where there is none that could be read."""
    if folder is None:
        return Parameters()
    try:
        counts = {name: parameters(Path(folder) / name) for name in ("unet", "controlnet", *BESIDE)}
    except (OSError, UsageError):
        return Parameters()
    network = counts["unet"] + counts["controlnet"]
    return Parameters(network, sum(counts[name] for name in BESIDE)) if network else Parameters()


def ladder(first: Plan, exact: bool = False) -> list[Plan]:
    """`first` and ever smaller plans: fewer frames at once, tiles, offload, and lower precision unless that was asked for (`exact`)."""
    few = replace(first, batch=1, width=1, by_frame=False)
    tiled = replace(few, tiled=True)
    offload = replace(tiled, offload=True)
    plans = [first, few, tiled, offload]
    if first.precision == "fp32" and not exact:
        plans.append(replace(offload, precision="bf16"))
    return [p for i, p in enumerate(plans) if p not in plans[:i]]


def device_bytes(plan: Plan, latent: tuple[int, int], steps: int, model: Parameters = Parameters()) -> int:
    """Peak bytes on the device; `latent` is (height, width)."""
    size, area = BYTES[plan.precision], latent[0] * latent[1]
    rows = max(plan.batch, plan.rows * plan.width)
    # by step those of an anchor and one frame; else all steps of both, and of what is in flight
    kept = 2 if plan.width == 1 and not plan.by_frame else 2 * (steps + plan.width)
    features = FEATURES_PER_LATENT * area * plan.rows * kept
    decoder = DECODER_BYTES_PER_PIXEL * (64 * area if not plan.tiled else min(64 * area, 512 * 512))
    beside = 0 if plan.offload else 4 * model.beside + decoder
    return round(size * (model.network + features + ACTIVATIONS_PER_LATENT * area * rows) + beside)


def fitting(
    plans: Sequence[Plan],
    latent: tuple[int, int],
    steps: int,
    free: int | None,
    model: Parameters = Parameters(),
) -> int:
    """Index in `plans` (`ladder`) of the largest that fits `free` bytes; the last one where none does."""
    if free is None:
        return 0
    return next((i for i, p in enumerate(plans) if device_bytes(p, latent, steps, model) <= free), len(plans) - 1)
