"""A motion LoRA: low-rank additions to a video UNet's temporal layers, trained on one clip (I2VEdit, § 3.2; spec § 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

ADAPTER = "motion"
TEMPORAL = "temporal_transformer_blocks"
ATTENTION = ("attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0")
"""The paper's: temporal attention."""
WIDE = (
    *ATTENTION,
    *("attn2.to_q", "attn2.to_k", "attn2.to_v", "attn2.to_out.0"),
    *("ff_in.net.0.proj", "ff_in.net.2", "ff.net.0.proj", "ff.net.2"),
)
"""The published code's: every linear layer of a temporal block."""


def target_names(unet: nn.Module, wide: bool) -> dict[str, nn.Linear]:
    """The layers that a motion LoRA adds to, by name."""
    ends = tuple(f".{end}" for end in (WIDE if wide else ATTENTION))
    return {n: m for n, m in unet.named_modules() if TEMPORAL in n and n.endswith(ends) and isinstance(m, nn.Linear)}


class MotionLora:
    """peft's LoRA inside `unet`, scale 1, float32 whatever the network is in. Off until `active`.

    Args:
        rank: at most; a layer with fewer inputs or outputs has fewer.
        dropout: while training.
    """

    def __init__(self, unet: nn.Module, rank: int, wide: bool, dropout: float) -> None:
        from peft import LoraConfig, inject_adapter_in_model

        names = target_names(unet, wide)
        small = {n: r for n, m in names.items() if (r := min(m.in_features, m.out_features)) < rank}
        config = LoraConfig(
            r=rank, lora_alpha=rank, lora_dropout=dropout, target_modules=list(names), rank_pattern=small, alpha_pattern=small
        )
        inject_adapter_in_model(config, unet, ADAPTER)
        self._layers: dict[str, Any] = {n: unet.get_submodule(n) for n in names}
        for layer in self._layers.values():
            layer.lora_A[ADAPTER].float()
            layer.lora_B[ADAPTER].float()
        self._loaded: Mapping[str, Tensor] | None = None
        self._switch(False)

    @property
    def parameters(self) -> dict[str, nn.Parameter]:
        """``NAME.down`` (rank, in) and ``NAME.up`` (out, rank), float32."""
        out = {}
        for name, layer in self._layers.items():
            out[f"{name}.down"], out[f"{name}.up"] = layer.lora_A[ADAPTER].weight, layer.lora_B[ADAPTER].weight
        return out

    @contextmanager
    def active(self, training: bool = False) -> Iterator[None]:
        """The additions count within the block; while `training`, with dropout, and they may change."""
        if training:
            self._loaded = None
        self._switch(True, training)
        try:
            yield
        finally:
            self._switch(False)

    @contextmanager
    def using(self, weights: Mapping[str, Tensor]) -> Iterator[None]:
        """`active` with those weights, which are loaded unless they were the last ones used."""
        if self._loaded is not weights:
            self.load(weights)
            self._loaded = weights
        with self.active():
            yield

    def state(self) -> dict[str, Tensor]:
        """Copies of `parameters`."""
        return {n: p.detach().clone() for n, p in self.parameters.items()}

    @torch.no_grad()
    def load(self, state: Mapping[str, Tensor]) -> None:
        self._loaded = None
        for name, parameter in self.parameters.items():
            parameter.copy_(state[name])

    @torch.no_grad()
    def reset(self, seed: int) -> None:
        """As new: down ~ N(0, 1/rank²), up = 0."""
        self._loaded = None
        dice = torch.Generator().manual_seed(seed)
        for name, parameter in self.parameters.items():
            if name.endswith(".down"):
                parameter.copy_(torch.randn(parameter.shape, generator=dice) / len(parameter))
            else:
                parameter.zero_()

    def _switch(self, on: bool, training: bool = False) -> None:
        for layer in self._layers.values():
            layer.enable_adapters(on)
            layer.train(training)
