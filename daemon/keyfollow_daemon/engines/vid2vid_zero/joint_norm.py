"""GroupNorm whose mean and variance are those of all frames of a video together (spec § 3).

The published code runs the ResNet blocks' norms on five-dimensional tensors, which couples frames even where attention does not.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .call import Hooks


class JointGroupNorm(nn.Module):
    """`norm` over ``(C / groups, frames, h, w)``. Given frames (the call's slots) are normalised each by itself, and count for nobody."""

    def __init__(self, norm: nn.GroupNorm, hooks: Hooks) -> None:
        super().__init__()
        self.norm, self._hooks = norm, hooks

    def forward(self, x: Tensor) -> Tensor:
        """``(rows, C, h, w)`` to the same."""
        call = self._hooks.call
        if call.frames == 1 or not call.joint_norm:
            normal: Tensor = self.norm(x)
            return normal
        shaped = x.unflatten(0, (call.videos, call.slots + call.frames))
        out: Tensor = self.norm(shaped[:, call.slots :].transpose(1, 2)).transpose(1, 2)
        if call.slots:
            given = self.norm(shaped[:, : call.slots].flatten(0, 1)).unflatten(0, (call.videos, call.slots))
            out = torch.cat([given, out], dim=1)
        return out.flatten(0, 1)


def join_norms(unet: Any, hooks: Hooks) -> None:
    """Put joint norms into every ResNet block (`norm1`, `norm2`) and before the output; a transformer's own norm stays per frame."""
    for name, module in list(unet.named_modules()):
        if name.rpartition(".")[2].isdigit() and hasattr(module, "norm1") and hasattr(module, "conv1"):
            module.norm1, module.norm2 = JointGroupNorm(module.norm1, hooks), JointGroupNorm(module.norm2, hooks)
    unet.conv_norm_out = JointGroupNorm(unet.conv_norm_out, hooks)
