"""What a run takes, and the ladder that it steps down when that is too much. No torch: estimates need it not.

Sizes are those of Stable Video Diffusion, counted on the real architecture without numbers (benchmarks/i2vedit.py), not measured on a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from keyfollow_daemon.engines.diffusion.memory import BYTES, DECODER_BYTES_PER_PIXEL

UNET_PARAMETERS = 1_525_000_000
BESIDE_PARAMETERS = 730_000_000
"""Autoencoder (97 M) and image encoder (632 M), float32."""
LORA_PARAMETERS = {False: 3_200_000, True: 17_800_000}
"""At rank 32, by `wide`."""
ACTIVATIONS = 15_100
"""Elements in flight per latent pixel, frame and row."""
KEPT, KEPT_CHECKPOINTED = 244_000, 43_400
"""Elements in flight in training, per latent pixel and frame."""
FEATURES = 11_400
"""Elements of queries and keys of all hooked layers of one call, per latent pixel and frame: 1.36 GiB of spatial ones in bf16 (spec § 4)."""
MARGIN = 1.1
"""What kernels work in and what lies unused between tensors: an allowance, not counted."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run spends memory.

    Args:
        checkpointed: training computes activations again instead of keeping them.
        together: frames decoded at once; fewer see fewer neighbours.
        offload: all but the network on the CPU. precision: of the network.
    """

    precision: str
    checkpointed: bool = False
    together: int = 8
    offload: bool = False

    def __str__(self) -> str:
        words = ["activations computed again in training"] * self.checkpointed + [f"{self.together} frames decoded at once"]
        return ", ".join([*words, *["all but the network on the CPU"] * self.offload, self.precision])


def ladder(first: Plan, exact: bool) -> list[Plan]:
    """`first` and ever smaller plans; a lower precision only unless one was asked for (`exact`)."""
    checkpointed = replace(first, checkpointed=True)
    # fewer than four take no less than the edit does
    few = replace(checkpointed, together=4)
    offload = replace(few, offload=True)
    # in fp32 the edit takes more than decoding does: fewer frames at once would give nothing back
    plans = [first, checkpointed, *[few] * (first.precision != "fp32"), offload]
    if first.precision == "fp32" and not exact:
        plans.append(replace(offload, precision="bf16"))
    return plans


def device_bytes(plan: Plan, latent: tuple[int, int], training: tuple[int, int], frames: int, learns: bool) -> int:
    """Peak bytes on the device, where one thing is done at a time; latents are (height, width)."""
    size, area, small = BYTES[plan.precision], latent[0] * latent[1], training[0] * training[1]
    edit = (2 * ACTIVATIONS + FEATURES) * area * frames
    kept = (KEPT_CHECKPOINTED if plan.checkpointed else KEPT) * small * frames if learns else 0
    decoder = 0 if plan.offload else DECODER_BYTES_PER_PIXEL * 64 * area * plan.together
    weights = size * UNET_PARAMETERS + (0 if plan.offload else 4 * BESIDE_PARAMETERS)
    return round(MARGIN * (weights + max(size * edit, size * kept, decoder)))


def fitting(
    plans: list[Plan], latent: tuple[int, int], training: tuple[int, int], frames: int, learns: bool, free: int | None
) -> int:
    """Index in `plans` of the largest that fits `free` bytes; the last one where none does."""
    if free is None:
        return 0
    fits = (i for i, p in enumerate(plans) if device_bytes(p, latent, training, frames, learns) <= free)
    return next(fits, len(plans) - 1)


def clip_bytes(latent: tuple[int, int], frames: int) -> int:
    """Latents of one clip, float32."""
    return 16 * frames * latent[0] * latent[1]


def disk_bytes(frames: int, latent: tuple[int, int], training: tuple[int, int], steps: int, wide: bool, leads: bool) -> int:
    """What is kept of a clip: its trajectory and the latent it is shown, a chain's first clip's at training size too, its frames' latents,
    its LoRA."""
    states, small = clip_bytes(latent, frames), clip_bytes(training, frames)
    shown = (states + small * leads) // frames
    return (steps + 2) * states + small + (steps + 1) * small * leads + shown + 4 * LORA_PARAMETERS[wide]
