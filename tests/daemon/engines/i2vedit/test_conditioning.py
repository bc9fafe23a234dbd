"""Pictures as the image encoder sees them."""

from __future__ import annotations

import numpy as np
import torch
from keyfollow_daemon.engines.i2vedit.conditioning import in_bytes
from keyfollow_daemon.engines.i2vedit.model import Model
from keyfollow_testkit.svd import noise
from keyfollow_testkit.svd_model import svd_folder


def test_an_embedding_is_the_pipelines_own(model: Model) -> None:
    from diffusers import StableVideoDiffusionPipeline
    from PIL import Image

    pixels = np.random.default_rng(1).integers(0, 256, (40, 72, 3), dtype=np.uint8)
    pipeline = StableVideoDiffusionPipeline.from_pretrained(svd_folder(), torch_dtype=torch.float32)
    with torch.no_grad():
        want = pipeline._encode_image(Image.fromarray(pixels), "cpu", 1, False)
    got = model.image(torch.from_numpy(pixels).permute(2, 0, 1).float() / 127.5 - 1)
    assert got.shape == want.shape and (got - want).abs().max() < 1e-5


def test_bytes_are_truncated() -> None:
    steps = torch.tensor([-1.0, -1 + 1.9 / 127.5, 1.0])
    assert in_bytes(steps).tolist() == torch.tensor([-1.0, 1 / 127.5 - 1, 1.0]).tolist()
    picture = noise(3, 4, 4).clamp(-1, 1)
    assert (picture - in_bytes(picture)).min() >= -1e-6 and (picture - in_bytes(picture)).max() <= 1 / 127.5
