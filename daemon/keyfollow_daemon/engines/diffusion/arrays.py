"""Tensors to what caches and checkpoints hold, and back. numpy has no bfloat16: it travels as int16 under a marked name."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from keyfollow_daemon.engines.base import Array

BF16 = ":bf16"


def to_arrays(tensors: Mapping[str, Tensor]) -> dict[str, Array]:
    out: dict[str, Array] = {}
    for name, tensor in tensors.items():
        t = tensor.detach().cpu().contiguous()
        if t.dtype == torch.bfloat16:
            out[name + BF16] = t.view(torch.int16).numpy()
        else:
            out[name] = t.numpy()
    return out


def from_arrays(arrays: Mapping[str, Array], device: torch.device | str = "cpu") -> dict[str, Tensor]:
    out: dict[str, Tensor] = {}
    for name, array in arrays.items():
        t = torch.from_numpy(array)
        if name.endswith(BF16):
            name, t = name.removesuffix(BF16), t.view(torch.bfloat16)
        out[name] = t.to(device)
    return out
