"""The folder of a tiny Stable Video Diffusion model with random weights: wired as the real one is, only width and depth are not.

No torch until it is made: tests of all engines name it.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

INDEX = {
    "_class_name": "StableVideoDiffusionPipeline",
    "_diffusers_version": "0.42.1",
    "unet": ["diffusers", "UNetSpatioTemporalConditionModel"],
    "vae": ["diffusers", "AutoencoderKLTemporalDecoder"],
    "image_encoder": ["transformers", "CLIPVisionModelWithProjection"],
    "feature_extractor": ["transformers", "CLIPImageProcessor"],
    "scheduler": ["diffusers", "EulerDiscreteScheduler"],
}
SCHEDULER = {
    "_class_name": "EulerDiscreteScheduler",
    "prediction_type": "v_prediction",
    "sigma_max": 700.0,
    "sigma_min": 0.002,
    "timestep_spacing": "leading",
    "timestep_type": "continuous",
    "use_karras_sigmas": True,
}
EXTRACTOR = {
    "image_processor_type": "CLIPImageProcessor",
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
}
WIDTH = 16
"""Of the CLIP embedding."""


def unet_config() -> dict[str, Any]:
    return {
        "sample_size": 8,
        "in_channels": 8,
        "out_channels": 4,
        "down_block_types": ("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        "up_block_types": ("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
        "block_out_channels": (32, 32),
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 24,
        "layers_per_block": 1,
        "cross_attention_dim": WIDTH,
        "num_attention_heads": (2, 4),
        "num_frames": 4,
    }


@cache
def svd_folder() -> str:
    """In diffusers' layout, made once for the process; the autoencoder has the usual factor 8."""
    import torch
    from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    folder = Path(tempfile.mkdtemp(prefix="keyfollow-svd-")) / "model"
    atexit.register(shutil.rmtree, folder.parent, ignore_errors=True)
    torch.manual_seed(11)
    unet = UNetSpatioTemporalConditionModel(**unet_config())
    vae = AutoencoderKLTemporalDecoder(
        down_block_types=("DownEncoderBlock2D",) * 4, block_out_channels=(32,) * 4, layers_per_block=1, sample_size=64
    )
    vision = CLIPVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, patch_size=32, projection_dim=WIDTH
    )
    image = CLIPVisionModelWithProjection(vision)
    for name, part in (("unet", unet), ("vae", vae), ("image_encoder", image)):
        part.save_pretrained(folder / name, safe_serialization=True)
    for file, content in (
        ("model_index.json", INDEX),
        ("scheduler/scheduler_config.json", SCHEDULER),
        ("feature_extractor/preprocessor_config.json", EXTRACTOR),
    ):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(json.dumps(content))
    return str(folder)
