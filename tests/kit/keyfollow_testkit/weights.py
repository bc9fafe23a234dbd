"""Models without meaning: the layouts that the product takes, with a few numbers for weights, and files that are none."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import safetensors.numpy

INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.42.1",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "safety_checker": [None, None],
    "requires_safety_checker": False,
}


def tensors(seed: int = 0, count: int = 512) -> bytes:
    """Weights as a safetensors file."""
    values = np.random.default_rng(seed).standard_normal(count).astype(np.float32)
    return bytes(safetensors.numpy.save({"weight": values}))


def pipeline(seed: int = 0) -> dict[str, bytes]:
    """A model in diffusers layout, by path."""
    return {
        "model_index.json": json.dumps(INDEX).encode(),
        "unet/config.json": b'{"_class_name": "UNet2DConditionModel"}',
        "unet/diffusion_pytorch_model.safetensors": tensors(seed, 4096),
        "vae/config.json": b'{"_class_name": "AutoencoderKL"}',
        "vae/diffusion_pytorch_model.safetensors": tensors(seed + 1),
        "tokenizer/vocab.json": b'{"a": 0}',
        "tokenizer/merges.txt": b"#version: 0.2\n",
        "scheduler/scheduler_config.json": b'{"_class_name": "DDIMScheduler"}',
    }


def single(seed: int = 0) -> dict[str, bytes]:
    """A model of one component, as transformers saves it."""
    return {"config.json": b'{"architectures": ["DPTForDepthEstimation"]}', "model.safetensors": tensors(seed)}


def lay_out(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write `files` below `folder`."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def pickles(marker: Path) -> dict[str, bytes]:
    """Pickles that make the file `marker` when they are loaded, in the forms that weights come in.

    Written by hand: GLOBAL os.system, its argument, REDUCE.
    """
    command = f"touch {marker}".encode()
    call = b"cos\nsystem\n(X" + struct.pack("<I", len(command)) + command + b"tR."
    protocol0 = b"cos\nsystem\n(S'" + command + b"'\ntR."
    found = {"protocol 0": protocol0}
    for protocol in (2, 3, 4, 5):
        found[f"protocol {protocol}"] = b"\x80" + bytes([protocol]) + call
    found["torch zip"] = _zip({"archive/data.pkl": b"\x80\x02" + call, "archive/version": b"3\n"})
    found["torch legacy"] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19." + b"\x80\x02" + call
    # a head that looks like a safetensors length, then a pickle
    found["after a length"] = struct.pack("<Q", len(call)) + call
    found["before tensors"] = b"\x80\x02" + call + tensors()
    found["behind tensors"] = tensors() + b"\x80\x02" + call
    return found


def _zip(members: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        for name, data in members.items():
            target.writestr(name, data)
    return file.getvalue()
