"""Stable Video Diffusion's UNet behind one function: v from noisy latents, a level, and what the video starts from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import torch
from keyfollow.errors import JobError
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from keyfollow_daemon.engines.diffusion import edm
from keyfollow_daemon.engines.diffusion.backbone import check_finite

from .attention import Call, HookedAttention, Hooks
from .layers import hooked_layers


@dataclass(frozen=True, slots=True, eq=False)
class Conditioning:
    """What the video starts from, for B videos.

    Args:
        embedding: CLIP's, ``(B, 1, D)``.
        latents: the first picture's, not scaled, ``(B, F, 4, h, w)``: what stands beside every frame's noisy latent.
        ids: frames a second, motion bucket, noise on the first picture; the same for all.
    """

    embedding: Tensor
    latents: Tensor
    ids: tuple[float, float, float]

    def guided(self) -> Conditioning:
        """Two videos: the unconditional one, all zeros, then this one."""
        return Conditioning(
            torch.cat([torch.zeros_like(self.embedding), self.embedding]),
            torch.cat([torch.zeros_like(self.latents), self.latents]),
            self.ids,
        )


class Network:
    """The hooked UNet. `calls` counts calls, `samples` frames that were computed. Computes in the UNet's dtype, answers in float32."""

    def __init__(self, unet: Any) -> None:
        layers = hooked_layers(unet)
        self.unet, self.hooks = unet, Hooks()
        self.layers = tuple(layer for layer, _ in layers)
        for layer, attention in layers:
            attention.set_processor(HookedAttention(self.hooks, layer))
        self.calls = self.samples = 0
        # asked of diffusers once: its answer goes through every parameter
        self.device, self.dtype = torch.device(unet.device), cast(torch.dtype, unet.dtype)

    def compute_again(self) -> None:
        """From now on training computes activations again where it would keep them."""
        self.unet.enable_gradient_checkpointing()
        # which leaves out the temporal half of every transformer (diffusers 0.42)
        for module in self.unet.modules():
            for block in getattr(module, "temporal_transformer_blocks", ()):
                block.forward = partial(self._kept_or_again, block.forward)

    def _kept_or_again(self, forward: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
        if not torch.is_grad_enabled():
            return forward(*args, **kwargs)
        told = self.hooks.call

        def as_told(*args: Any, **kwargs: Any) -> Tensor:
            # by the time of the way back the call is over
            now, self.hooks.call = self.hooks.call, told
            try:
                return forward(*args, **kwargs)
            finally:
                self.hooks.call = now

        return cast(Tensor, checkpoint(as_told, *args, use_reentrant=False, **kwargs))

    def __call__(self, x: Tensor, sigma: float, given: Conditioning, call: Call | None = None) -> Tensor:
        """v, ``(B, F, 4, h, w)`` float32.

        Args:
            x: ``(B, F, 4, h, w)`` float32, with noise of `sigma`.
            call: for the hooked layers; its `frames` are set here.

        Raises:
            JobError: ``not_finite``, ``hooks_lost``.
        """
        videos, frames = x.shape[:2]
        call = call or Call()
        self.calls += 1
        self.samples += videos * frames
        self.hooks.call, self.hooks.visited = _with_frames(call, frames), 0
        inputs = torch.cat([edm.scaled_input(x, sigma), given.latents.to(x)], dim=2).to(self.dtype)
        ids = torch.tensor([given.ids] * videos, device=self.device, dtype=self.dtype)
        level = torch.tensor(edm.timestep(sigma), device=self.device)
        try:
            out: Tensor = self.unet(inputs, level, given.embedding.to(self.dtype), ids, return_dict=False)[0].float()
        finally:
            self.hooks.call = Call()
        if self.hooks.visited < len(self.layers):
            raise JobError(
                "hooks_lost",
                f"{self.hooks.visited} of the model's {len(self.layers)} attention layers answered.",
                "Something replaced their processors: load the model anew, without other add-ons.",
            )
        check_finite(out.detach(), self.dtype)
        return out


def _with_frames(call: Call, frames: int) -> Call:
    return Call(frames, call.capture, call.match, call.anchor, call.source_anchor, call.watch)
