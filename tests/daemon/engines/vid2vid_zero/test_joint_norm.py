"""Norms over all frames of a video."""

from __future__ import annotations

import torch
from keyfollow_daemon.engines.vid2vid_zero.call import Call, Hooks
from keyfollow_daemon.engines.vid2vid_zero.joint_norm import JointGroupNorm
from keyfollow_daemon.engines.vid2vid_zero.network import VideoNetwork
from torch import nn


def test_it_is_groupnorm_of_the_five_dimensional_video() -> None:
    norm, hooks = nn.GroupNorm(2, 4), Hooks(Call(videos=2, frames=3))
    x = torch.randn(6, 4, 5, 5) + torch.arange(6.0).view(6, 1, 1, 1)
    want = norm(x.view(2, 3, 4, 5, 5).transpose(1, 2)).transpose(1, 2).reshape(6, 4, 5, 5)
    assert torch.allclose(JointGroupNorm(norm, hooks)(x), want, atol=1e-6)
    hooks.call = Call(videos=2, frames=3, joint_norm=False)
    assert torch.equal(JointGroupNorm(norm, hooks)(x), norm(x))


def test_given_frames_are_normalised_alone_and_change_nobody() -> None:
    norm, hooks = nn.GroupNorm(2, 4), Hooks(Call(videos=2, frames=3, slots=1))
    x = torch.randn(8, 4, 5, 5)
    out = JointGroupNorm(norm, hooks)(x).unflatten(0, (2, 4))
    hooks.call = Call(videos=2, frames=3)
    frames = x.unflatten(0, (2, 4))[:, 1:].flatten(0, 1)
    assert torch.allclose(out[:, 1:].flatten(0, 1), JointGroupNorm(norm, hooks)(frames), atol=1e-6)
    assert torch.allclose(out[:, 0], norm(x[::4]), atol=1e-6)


def test_resnets_and_the_last_norm_have_it_and_transformers_have_not(network: VideoNetwork) -> None:
    joined = {n for n, m in network.unet.named_modules() if isinstance(m, JointGroupNorm)}
    resnets = {n for n, m in network.unet.named_modules() if type(m).__name__ == "ResnetBlock2D"}
    assert joined == {"conv_norm_out"} | {f"{n}.norm{i}" for n in resnets for i in (1, 2)} and len(resnets) == 22
