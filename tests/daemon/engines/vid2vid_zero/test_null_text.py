"""Embeddings that hold the source's reconstruction to its inversion."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from keyfollow_daemon.engines.diffusion import ddim
from keyfollow_daemon.engines.vid2vid_zero.inversion import inverted
from keyfollow_daemon.engines.vid2vid_zero.network import VideoNetwork
from keyfollow_daemon.engines.vid2vid_zero.null_text import NullText, null_text, used_from
from keyfollow_testkit import zero
from keyfollow_testkit.zero_fakes import FormulaNetwork

CONFIG = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
LEVELS = ddim.schedule(CONFIG, 4, 1)
EMPTY, SOURCE = torch.zeros(1, 77, 4), torch.ones(1, 77, 4)


def by_text(x: torch.Tensor, timestep: int, text: torch.Tensor) -> torch.Tensor:
    return 0.1 * x + text.mean(dim=(1, 2)).view(-1, 1, 1, 1, 1)


def test_calls_are_counted_and_none_is_made_twice() -> None:
    """A step: the conditional half once, each inner iteration once (with its gradient), the final embedding once."""
    network: Any = FormulaNetwork(by_text)
    found = null_text(network, LEVELS, torch.randn(5, 2, 4, 4, 4), SOURCE, EMPTY, NullText(inner=3))
    assert len(network.asked) == 4 * (1 + 3 + 1) and found.embeddings.shape == (4, 77, 4)
    assert [len(step) for step in found.losses] == [3] * 4
    assert all(step[2] < step[0] for step in found.losses), "it learns"


def test_frames_one_by_one_have_the_same_gradient(network: VideoNetwork) -> None:
    """Frames that are not coupled: less memory, the same embeddings, but for what Adam makes of gradients that are almost 0."""
    network.joint_norm = False
    levels, dice = ddim.schedule(CONFIG, 2, 1), torch.Generator().manual_seed(0)
    trajectory, text = torch.randn(3, 3, 4, 8, 8, generator=dice), torch.randn(2, 1, 77, 32, generator=dice)
    rows: list[int] = []
    hook = network.unet.register_forward_pre_hook(lambda _, given: rows.append(len(given[0])))
    whole, parts = (null_text(network, levels, trajectory, text[0], text[1], NullText(), at_once=n) for n in (None, 1))
    hook.remove()
    assert rows == [3] * 6 + [3, *[1] * 6] * 2
    moved, also = whole.embeddings - text[1], parts.embeddings - text[1]
    assert torch.nn.functional.cosine_similarity(moved.flatten(), also.flatten(), dim=0) > 0.999
    assert whole.losses[0][0] == pytest.approx(parts.losses[0][0], rel=1e-5)
    assert whole.losses[1][0] == pytest.approx(parts.losses[1][0], rel=1e-3)


def test_it_stops_early_after_the_step_that_showed_it_may() -> None:
    network: Any = FormulaNetwork(lambda x, t, text: 0 * x + 0 * text.sum())
    noise = torch.randn(1, 4, 4, 4)
    levels = [noise * (LEVELS.alphas_before[0] / LEVELS.alphas[0]) ** 0.5]
    for step in range(1, 4):
        levels.append(levels[-1] * (LEVELS.alphas_before[step] / LEVELS.alphas[step]) ** 0.5)
    trajectory = torch.stack([noise, *levels])[[4, 3, 2, 1, 0]]
    found = null_text(network, LEVELS, trajectory, SOURCE, EMPTY, NullText(inner=9))
    assert [len(step) for step in found.losses] == [1] * 4


def test_half_precision_gives_numbers_that_help() -> None:
    """Issue 2 of the published code: black frames. The network is in fp16; u, Adam and latents are not."""
    levels = ddim.schedule(CONFIG, 2, 1)
    half, full = zero.network("fp16"), zero.network()
    text = torch.randn(2, 1, 77, 32, generator=torch.Generator().manual_seed(0))
    clean = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        trajectory = inverted(full, levels, clean, text[0])
    how = NullText(inner=2)
    found, want = (null_text(n, levels, trajectory, text[1], text[0], how) for n in (half, full))
    assert found.embeddings.dtype == torch.float32 and torch.isfinite(found.embeddings).all()
    moved, right = found.embeddings - text[0], want.embeddings - text[0]
    assert torch.nn.functional.cosine_similarity(moved.flatten(), right.flatten(), dim=0) > 0.8
    assert all(a == pytest.approx(b, rel=0.05) for x, y in zip(found.losses, want.losses, strict=True) for a, b in zip(x, y, strict=True))  # fmt: skip


def test_a_gradient_that_is_no_number_moves_nothing() -> None:
    network: Any = FormulaNetwork(lambda x, t, text: x * 0 + torch.log(text.mean(dim=(1, 2)) * 0).view(-1, 1, 1, 1, 1))
    found = null_text(network, LEVELS, torch.randn(5, 1, 4, 4, 4), SOURCE, EMPTY, NullText(inner=2))
    assert torch.equal(found.embeddings, EMPTY.expand(4, -1, -1))


@pytest.mark.parametrize(
    ("ratio", "used"), [(-0.5, [3, 4]), (1.0, [0, 1, 2, 3, 4]), (0.5, [0, 1, 2]), (-1.0, [0, 1, 2, 3, 4]), (0.0, [])]
)
def test_the_share_of_steps_they_are_used_in(ratio: float, used: list[int]) -> None:
    found = torch.arange(1.0, 6.0).view(5, 1, 1).expand(5, 77, 4)
    assert [s for s in range(5) if used_from(found, EMPTY, s, ratio)[0, 0, 0] == s + 1] == used
