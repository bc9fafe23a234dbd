"""Tiny models with random weights in diffusers' layout, one of each kind that the engines take: what a network is called and how it is
wired is the real one's, only width and depth are not. Tokenizer, autoencoder and depth network are the golden model's."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import torch

GOLDEN = Path(__file__).parents[2] / "golden" / "pix2video" / "model"
KINDS = {
    "sd2-depth": "StableDiffusionDepth2ImgPipeline",
    "sd15-depth": "StableDiffusionControlNetPipeline",
    "sdxl-depth": "StableDiffusionXLControlNetPipeline",
}
WIDTH = 32
"""Of the text encoders; SDXL has two side by side."""
POOLED = 16


@cache
def tiny_model(kind: str) -> str:
    """The folder of a model of that kind (`KINDS`), made once for the process."""
    folder = Path(tempfile.mkdtemp(prefix=f"keyfollow-{kind}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for part in ("tokenizer", "text_encoder", "vae", "scheduler", "depth_estimator", "feature_extractor"):
        shutil.copytree(GOLDEN / part, folder / part)
    torch.manual_seed(7)
    parts = {"unet": _unet(kind)}
    if kind != "sd2-depth":
        parts["controlnet"] = _controlnet(parts["unet"])
    if kind == "sdxl-depth":
        shutil.copytree(folder / "tokenizer", folder / "tokenizer_2")
        parts["text_encoder_2"] = _second_encoder()
    for name, part in parts.items():
        part.save_pretrained(folder / name, safe_serialization=True)
    (folder / "model_index.json").write_text(json.dumps(_index(kind)))
    return str(folder)


def _unet(kind: str) -> Any:
    from diffusers import UNet2DConditionModel

    xl: dict[str, Any] = {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 6 * 8 + POOLED,
        "transformer_layers_per_block": (1, 2),
    }
    return UNet2DConditionModel(
        sample_size=8,
        in_channels=5 if kind == "sd2-depth" else 4,
        out_channels=4,
        block_out_channels=(8, 16),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D" if kind != "sdxl-depth" else "CrossAttnDownBlock2D"),
        up_block_types=("UpBlock2D" if kind != "sdxl-depth" else "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        norm_num_groups=4,
        layers_per_block=1,
        attention_head_dim=(1, 2),
        cross_attention_dim=WIDTH * (2 if kind == "sdxl-depth" else 1),
        use_linear_projection=kind != "sd15-depth",
        **(xl if kind == "sdxl-depth" else {}),
    )


def _controlnet(unet: Any) -> Any:
    from diffusers import ControlNetModel

    made = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4, 8, 8, 8))
    for layer in (*made.controlnet_down_blocks, made.controlnet_mid_block, made.controlnet_cond_embedding.conv_out):
        torch.nn.init.constant_(layer.weight, 0.05)  # they start as zero: a fresh ControlNet says nothing
    return made


def _second_encoder() -> Any:
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    about = json.loads((GOLDEN / "text_encoder" / "config.json").read_text())
    return CLIPTextModelWithProjection(CLIPTextConfig(**{**about, "projection_dim": POOLED}))


def _index(kind: str) -> dict[str, Any]:
    index: dict[str, Any] = json.loads((GOLDEN / "model_index.json").read_text())
    index["_class_name"] = KINDS[kind]
    if kind != "sd2-depth":
        index["controlnet"] = ["diffusers", "ControlNetModel"]
    if kind == "sdxl-depth":
        index |= {"tokenizer_2": index["tokenizer"], "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"]}
    return index
