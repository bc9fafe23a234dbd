"""A UNet for pictures as one for videos: several videos in one call, their frames coupled by attention and by joint norms.

It computes in the model's dtype and answers in float32; gradients pass through to the text when they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from keyfollow.errors import JobError
from torch import Tensor

from keyfollow_daemon.engines.diffusion.attention import is_plain
from keyfollow_daemon.engines.diffusion.backbone import LATENT_CHANNELS, Backbone, check_finite

from .attention import VideoCrossAttention, VideoSelfAttention
from .call import Call, Hooks, Pair, WordMaps
from .joint_norm import join_norms
from .kinds import Kind, layer_kinds

MAPPED = ("down_blocks.2.", "up_blocks.1.")
"""Cross-attention at a quarter of the latent's size: where words are best told apart."""


class VideoNetwork:
    """Takes over the UNet of `backbone`. `samples` counts rows computed, `calls` calls.

    `joint_norm` and `dense_every` (dense layers see every n-th frame) may be set between calls.

    Args:
        joint_norm: frames share the ResNet blocks' norms, as published; else every frame has its own.
        checkpointed: a gradient's activations are computed again instead of kept.

    Raises:
        JobError: ``unknown_layers`` for a UNet that is no Stable Diffusion 1 or 2 on four channels.
    """

    def __init__(self, backbone: Backbone, joint_norm: bool = True, checkpointed: bool = False) -> None:
        self._backbone, self.joint_norm, self.dense_every = backbone, joint_norm, 1
        self.unet: Any = backbone.unet
        self._hooks = Hooks()
        self.samples = self.calls = 0
        layers = {n: m for n, m in self.unet.named_modules() if n.endswith((".attn1", ".attn2"))}
        plain = layers and all(is_plain(m) and m.is_cross_attention == n.endswith("2") for n, m in layers.items())
        four = int(self.unet.config.in_channels) == LATENT_CHANNELS
        if not plain or not four or getattr(self.unet.config, "addition_embed_type", None) is not None:
            raise JobError(
                "unknown_layers",
                "The model is of a kind that vid2vid-zero does not know.",
                "Use a Stable Diffusion 1 or 2 model without depth.",
            )
        self._layers = layers
        if checkpointed:
            self.unet.enable_gradient_checkpointing()
        join_norms(self.unet, self._hooks)
        for name, layer in layers.items():
            if name.endswith(".attn2"):
                layer.set_processor(VideoCrossAttention(self._hooks, name.startswith(MAPPED)))
        self.kinds: Mapping[str, Kind] = {}
        self.set_kinds(layer_kinds(self.self_attention, "hybrid"))

    @property
    def self_attention(self) -> list[str]:
        return [n for n in self._layers if n.endswith(".attn1")]

    @property
    def device(self) -> torch.device:
        return self._backbone.device

    @property
    def dtype(self) -> torch.dtype:
        return self._backbone.dtype

    def set_kinds(self, kinds: Mapping[str, Kind]) -> None:
        """What each self-attention layer sees in calls with `cross_frame`."""
        for name, kind in kinds.items():
            self._layers[name].set_processor(VideoSelfAttention(self._hooks, kind))
        self.kinds = dict(kinds)

    def __call__(
        self,
        x: Tensor,
        timestep: int,
        text: Tensor,
        *,
        slots: int = 0,
        cross_frame: bool = False,
        pairs: tuple[Pair, ...] = (),
        maps: WordMaps | None = None,
    ) -> Tensor:
        """Predicted noise ``(videos, slots + frames, 4, h, w)`` float32.

        Args:
            x: the same shape, float32; a video's slots before its frames.
            text: ``(videos, 77, D)``.

        Raises:
            JobError: ``not_finite`` when the network gives NaN or infinity; ``hooks_lost``.
        """
        videos, frames = x.shape[:2]
        self._hooks.call = Call(videos, frames - slots, slots, cross_frame, self.joint_norm, self.dense_every, pairs, maps)
        self._hooks.visited = 0
        self.calls += 1
        self.samples += videos * frames
        rows = x.flatten(0, 1)
        times = torch.full((len(rows),), timestep, device=x.device)
        out: Tensor = self.unet(rows.to(self.dtype), times, text.to(self.dtype), return_dict=False)[0].float()
        if self._hooks.visited != len(self._layers):
            raise JobError(
                "hooks_lost",
                f"{self._hooks.visited} of the model's {len(self._layers)} attention layers answered.",
                "Something replaced their processors: load the model anew, without other add-ons.",
            )
        check_finite(out.detach(), self.dtype)
        noise = self._backbone.noise(out, rows, times)
        return noise.view(videos, frames, *noise.shape[1:])
