"""Joint sampling: who is computed, with what, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from keyfollow_daemon.engines.diffusion import ddim
from keyfollow_daemon.engines.vid2vid_zero.denoise import DDIM, DPM, Denoiser, Sampling, Seam, Source, Target
from keyfollow_daemon.engines.vid2vid_zero.injection import Injection
from keyfollow_daemon.engines.vid2vid_zero.local_blend import LocalBlend
from keyfollow_daemon.engines.vid2vid_zero.spatial import SpatialLoss
from keyfollow_daemon.engines.vid2vid_zero.token_maps import TokenMap
from keyfollow_testkit.zero_fakes import FormulaNetwork

STEPS, CONFIG = 5, {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
LEVELS = ddim.schedule(CONFIG, STEPS, 1)
DICE = torch.Generator().manual_seed(0)
TRAJECTORY = torch.randn(STEPS + 1, 3, 4, 8, 8, generator=DICE)
EMPTY, SOURCE, ONE, TWO = (torch.full((1, 77, 4), v) for v in (0.0, 1.0, 2.0, 3.0))
SAME = TokenMap(torch.eye(77), torch.ones(77))
FOLLOWS = Target(ONE, Injection(SAME, STEPS, 0.4, 0.0))


def by_text(x: torch.Tensor, timestep: int, text: torch.Tensor) -> torch.Tensor:
    return 0.3 * x + 0.1 * text.mean(dim=(1, 2)).view(-1, 1, 1, 1, 1)


def run(
    targets: list[Target], how: Sampling | None = None, *, guided: bool = False, reset: bool = True, **more: Any
) -> tuple[Denoiser, FormulaNetwork]:
    network: Any = FormulaNetwork(by_text)
    source = Source(TRAJECTORY, SOURCE, [EMPTY] * STEPS, guided, reset)
    made = Denoiser(network, LEVELS, source, targets, how or Sampling(), **more)
    for _ in range(STEPS):
        made.advance()
    return made, network


def prompts(call: dict[str, Any]) -> list[float]:
    return [float(t[0, 0]) for t in call["text"]]


def test_the_published_batch_and_the_direct_one() -> None:
    """Faithful: 4 videos a step. Direct: 3, the source on its prompt alone, for as long as somebody follows it."""
    _, network = run([FOLLOWS], Sampling(keep_source=True), guided=True, reset=False)
    assert network.rows == [4] * STEPS and prompts(network.asked[0]) == [0, 0, 1, 2]
    assert [(p.source, p.target) for p in network.asked[0]["pairs"]] == [(2, 3)]
    _, network = run([FOLLOWS], Sampling(keep_source=True))
    assert network.rows == [3] * STEPS and prompts(network.asked[0]) == [0, 1, 2]
    _, network = run([FOLLOWS])
    assert network.rows == [3, 3, 2, 2, 2], "0.4 of 6 steps are 2"


def test_without_guidance_there_is_one_half() -> None:
    _, network = run([FOLLOWS], Sampling(guidance=1.0, keep_source=True))
    assert network.rows == [2] * STEPS and prompts(network.asked[0]) == [1, 2]


def test_several_targets_share_one_source() -> None:
    """2 + 2P videos, not 4P; and each comes out as it does alone."""
    two = Target(TWO, Injection(SAME, STEPS, 0.8, 0.0))
    both, network = run([FOLLOWS, two], Sampling(keep_source=True), guided=True, reset=False)
    assert network.rows == [2 + 2 * 2] * STEPS and prompts(network.asked[0]) == [0, 0, 0, 1, 2, 3]
    assert [(p.source, p.target) for p in network.asked[0]["pairs"]] == [(3, 4), (3, 5)]
    alone, _ = run([two], Sampling(keep_source=True), guided=True, reset=False)
    assert torch.allclose(both.x[2], alone.x[1], atol=1e-5) and torch.allclose(both.x[0], alone.x[0], atol=1e-5)


def test_halves_apart_are_the_same_two_halves() -> None:
    blend = replace(FOLLOWS, blend=LocalBlend(torch.ones(77), torch.ones(77)))
    together, _ = run([blend])
    apart, network = run([blend], Sampling(apart=True))
    assert network.rows == [1, 2] * STEPS and torch.allclose(together.x, apart.x, atol=1e-6)
    assert [(p.source, p.target) for p in network.asked[1]["pairs"]] == [(0, 1)]


def test_direct_inversion_ends_at_the_source_itself() -> None:
    made, _ = run([FOLLOWS])
    assert torch.equal(made.x[0], TRAJECTORY[0]) and not torch.equal(made.x[1], TRAJECTORY[0])


def test_a_mask_leaves_the_rest_the_source() -> None:
    mask = torch.zeros(3, 1, 8, 8)
    mask[..., :4] = 1
    made, _ = run([FOLLOWS], guided=True, reset=False, mask=mask)
    assert torch.equal(made.x[1, ..., 4:], TRAJECTORY[0, ..., 4:]) and (made.x[1, ..., :4] != TRAJECTORY[0, ..., :4]).all()


def test_the_spatial_loss_off_is_bit_identical_and_full_ends_at_the_source() -> None:
    plain, _ = run([FOLLOWS])
    off, _ = run([FOLLOWS], Sampling(spatial=SpatialLoss(0.0, 0.0)))
    assert torch.equal(plain.x, off.x)
    held, _ = run([FOLLOWS], Sampling(spatial=SpatialLoss(0.5, 0.05)))
    assert (held.x[1] - TRAJECTORY[0]).abs().mean() < (plain.x[1] - TRAJECTORY[0]).abs().mean()
    # x0' = z0 where the weight is 1: the first step's noise is then the one that leads there
    _, network = run([FOLLOWS], Sampling(spatial=SpatialLoss(1.0, 0.0)))
    a, b = LEVELS.alphas[0], LEVELS.alphas_before[0]
    noise = (TRAJECTORY[-1] - a**0.5 * TRAJECTORY[0]) / (1 - a) ** 0.5
    want = b**0.5 * TRAJECTORY[0] + (1 - b) ** 0.5 * noise
    assert torch.allclose(network.asked[1]["x"][0], want, atol=1e-4)


def test_local_blend_puts_back_the_source_away_from_the_words() -> None:
    nowhere = replace(FOLLOWS, blend=LocalBlend(torch.ones(77), torch.ones(77)))
    blended, network = run([nowhere])
    plain, _ = run([FOLLOWS])
    assert network.rows == [3] * STEPS, "its maps need the source to the end"
    assert torch.allclose(blended.x, plain.x, atol=1e-5), "the fake's words look everywhere"
    seen = network.asked[0]["maps"]
    assert [w is not None for w in seen.words] == [False, True, True] and seen.words[1].shape == (77, 1)
    only = Denoiser._blend

    def corner(self: Denoiser, step: int) -> None:
        self._blended[1] = torch.zeros(2, 3, 4)
        self._blended[1][..., 0] = 1
        only(self, step)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Denoiser, "_blend", corner)
        patch.setattr("keyfollow_daemon.engines.vid2vid_zero.local_blend.functional.max_pool2d", lambda x, *a, **k: x)
        made, _ = run([nowhere])
    assert (
        torch.equal(made.x[1, ..., 4:], TRAJECTORY[0, ..., 4:]) and (made.x[1, ..., :4, :4] != TRAJECTORY[0, ..., :4, :4]).all()
    )


def test_given_frames_stand_before_the_others_at_their_own_level() -> None:
    slots = torch.arange(float(STEPS + 1)).view(-1, 1, 1, 1, 1, 1) + torch.tensor([0.0, 0.5]).view(1, 2, 1, 1, 1, 1)
    _, network = run([FOLLOWS], slots=slots.expand(-1, -1, 2, 4, 8, 8))
    for step, call in enumerate(network.asked):
        assert call["slots"] == 2 and call["x"].shape[1] == 5
        assert (call["x"][0, :2] == step + 0.5).all(), "the target's, in the unconditional half"
        assert (call["x"][-1, :2] == step + 0.5).all()
    assert (network.asked[0]["x"][1, :2] == 0).all(), "the source's"


def test_seams_take_the_neighbours_latents_by_weight() -> None:
    levels = torch.full((STEPS + 1, 2, 1, 4, 8, 8), 7.0)
    made, _ = run([FOLLOWS], seams=[Seam((0,), (1.0,), levels)])
    assert torch.allclose(made.x[1, 0], torch.tensor(7.0)) and (made.x[1, 1] - 7).abs().min() > 1e-3
    assert torch.equal(made.x[0], TRAJECTORY[0]), "an exact source is not sewn"
    whole, _ = run([FOLLOWS], seams=[Seam((0,), (0.0,), levels)])
    plain, _ = run([FOLLOWS])
    assert torch.equal(whole.x, plain.x)


def test_a_run_goes_on_from_its_state() -> None:
    targets = [replace(FOLLOWS, blend=LocalBlend(torch.ones(77), torch.ones(77)))]
    how = Sampling(sampler=DPM)
    whole, _ = run(targets, how)
    network: Any = FormulaNetwork(by_text)
    source = Source(TRAJECTORY, SOURCE, [EMPTY] * STEPS)
    first, second = (Denoiser(network, LEVELS, source, targets, how) for _ in range(2))
    for _ in range(2):
        first.advance()
    second.resume({name: t.clone() for name, t in first.state().items()})
    for _ in range(STEPS - 2):
        second.advance()
    assert torch.equal(second.x, whole.x) and second.step == STEPS


def test_the_multistep_sampler_is_of_second_order() -> None:
    """Data that are Gaussian with variance v have noise sqrt(1 - a) x / (a v + 1 - a), and an exact way down."""
    v = 0.25

    def errors(steps: int, sampler: str) -> tuple[float, float]:
        """Half way, and at the end."""
        levels = ddim.schedule(CONFIG, steps, 1)
        alpha = dict(zip(levels.timesteps, levels.alphas, strict=True))
        network: Any = FormulaNetwork(lambda x, t, text: (1 - alpha[t]) ** 0.5 * x / (alpha[t] * v + 1 - alpha[t]))
        source = Source(torch.ones(steps + 1, 1, 4, 2, 2), SOURCE, [EMPTY] * steps)
        made, found = Denoiser(network, levels, source, [Target(ONE)], Sampling(1.0, sampler)), []
        for step in range(steps):
            made.advance()
            a, b = levels.alphas[0], levels.alphas_before[step]
            found.append(abs(float(made.x[1, 0, 0, 0, 0]) - ((b * v + 1 - b) / (a * v + 1 - a)) ** 0.5))
        return found[steps // 2], found[-1]

    half, end = errors(20, DPM)
    assert half < 0.3 * errors(10, DPM)[0] and half < 0.3 * errors(20, DDIM)[0] and end < 0.5 * errors(20, DDIM)[1]
