"""A caption, from a tiny random BLIP: one picture, one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from keyfollow_daemon.engines.diffusion.caption import LONGEST, Captioner


def tiny() -> Any:
    from transformers import BlipConfig, BlipForConditionalGeneration

    torch.manual_seed(0)
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {**small, "vocab_size": 40, "encoder_hidden_size": 16, "bos_token_id": 30, "sep_token_id": 1, "eos_token_id": 1}
    config = BlipConfig(text_config=text, vision_config={**small, "image_size": 32, "patch_size": 16})
    return BlipForConditionalGeneration(config)


class Words:
    """Stands for BLIP's processor: pixels in, words out."""

    class Inputs(dict[str, torch.Tensor]):
        def to(self, device: object) -> Words.Inputs:
            return self

    def __call__(self, images: Any, return_tensors: str) -> Inputs:
        pixels = torch.from_numpy(images[:32, :32]).permute(2, 0, 1)[None].float() / 255
        return self.Inputs(pixel_values=pixels)

    def decode(self, tokens: torch.Tensor, skip_special_tokens: bool) -> str:
        return " ".join(str(int(t)) for t in tokens) + " "


def test_the_same_picture_has_the_same_caption(tmp_path: Path) -> None:
    caption = Captioner(tiny(), Words())
    picture = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    said = caption(picture)
    assert said and said == caption(picture) == said.strip() and len(said.split()) <= LONGEST + 2
