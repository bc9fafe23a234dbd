"""A folder of Stable Video Diffusion (image to video) in diffusers' layout, opened: safetensors only, nothing fetched.

DIR/unet  vae  image_encoder  feature_extractor  scheduler
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import torch

from keyfollow_daemon.engines.diffusion import edm
from keyfollow_daemon.engines.diffusion.loading import PRECISIONS, check_folder, opening

from .conditioning import ImageEncoder
from .network import Network
from .vae import DECODED_TOGETHER, VideoVae

PARTS = ("unet", "vae", "image_encoder", "feature_extractor", "scheduler")


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Everything of a folder that the engine uses, on `device`; `levels` are the lowest and the highest sigma."""

    network: Network
    vae: VideoVae
    image: ImageEncoder
    levels: tuple[float, float]
    device: torch.device

    def sigmas(self, steps: int) -> tuple[float, ...]:
        """The sampler's levels, descending to 0."""
        return edm.karras_sigmas(steps, *self.levels)


def load(
    folder: str, device: torch.device, precision: str, *, offload: bool = False, together: int = DECODED_TOGETHER
) -> Model:
    """Open a model folder.

    Args:
        precision: ``fp32``, ``bf16`` or ``fp16``, for the denoising network; the rest computes in float32.
        offload: keep autoencoder and image encoder on the CPU.
        together: frames that are decoded at once.

    Raises:
        ModelMissing, UsageError: see `loading.check_folder`; UsageError ``bad_model`` when a part is not what its place says.
    """
    root = check_folder(folder, PARTS)
    beside = torch.device("cpu") if offload else device
    with opening(folder):
        from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
        from transformers import CLIPVisionModelWithProjection
        from transformers.utils import logging

        logging.disable_progress_bar()
        scheduler = json.loads((root / "scheduler" / "scheduler_config.json").read_text())
        extractor = json.loads((root / "feature_extractor" / "preprocessor_config.json").read_text())
        parts: list[Any] = []
        for kind, name, dtype, place, word in (
            (UNetSpatioTemporalConditionModel, "unet", PRECISIONS[precision], device, "torch_dtype"),
            (AutoencoderKLTemporalDecoder, "vae", torch.float32, beside, "torch_dtype"),
            (CLIPVisionModelWithProjection, "image_encoder", torch.float32, beside, "dtype"),
        ):
            part = kind.from_pretrained(str(root / name), use_safetensors=True, local_files_only=True, **{word: dtype})
            parts.append(part.to(place).eval().requires_grad_(False))
        image = ImageEncoder(parts[2], tuple(extractor["image_mean"]), tuple(extractor["image_std"]))
        levels = (float(scheduler["sigma_min"]), float(scheduler["sigma_max"]))
    return Model(Network(parts[0]), VideoVae(parts[1], together=together), image, levels, device)
