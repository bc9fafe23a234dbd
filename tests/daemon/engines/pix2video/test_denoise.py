"""The edit pass beyond the golden case: what it costs, keeps, and goes on from. (Its numbers: tests/golden/test_replay.py.)"""

from __future__ import annotations

import pytest
import torch
from keyfollow_daemon.engines.diffusion import ddim, loading
from keyfollow_daemon.engines.diffusion.backbone import Backbone
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_daemon.engines.pix2video.denoise import Denoiser
from keyfollow_daemon.engines.pix2video.graph import Graph, keyframe_driven, prompt_driven
from keyfollow_daemon.engines.pix2video.options import Options
from keyfollow_daemon.engines.pix2video.order import order
from keyfollow_testkit.tiny_models import tiny_model
from torch import Tensor

OPTIONS = Options(steps=4, guided_steps=2, update_weight=4.0)


@pytest.fixture(scope="module")
def model() -> Model:
    return loading.load(tiny_model("sd2-depth"), torch.device("cpu"), "fp32")


class Random:
    """`Supply` of random latents; masked on the right where `masked`."""

    def __init__(self, masked: bool = False) -> None:
        self.masked = masked

    def depth(self, frame: int) -> Tensor:
        return torch.rand(1, 8, 8, generator=self._dice(frame, -1)) * 2 - 1

    def level(self, frame: int, step: int) -> Tensor:
        return torch.randn(4, 8, 8, generator=self._dice(frame, step))

    def given(self, frame: int, step: int) -> Tensor:
        return torch.randn(4, 8, 8, generator=self._dice(1000 + frame, step))

    def mask(self, frame: int) -> Tensor | None:
        mask = torch.ones(1, 8, 8)
        mask[..., 4:] = 0
        return mask if self.masked else None

    @staticmethod
    def _dice(frame: int, step: int) -> torch.Generator:
        return torch.Generator().manual_seed(frame * 100 + step + 1)


def denoiser(model: Model, graph: Graph, options: Options = OPTIONS, supply: Random | None = None) -> Denoiser:
    levels = ddim.schedule(model.scheduler, options.steps)
    return Denoiser(model.backbone, levels, graph, options, supply or Random(), model.text("a swan"), model.text(""))


def run(
    model: Model, graph: Graph, schedule: str, options: Options = OPTIONS, supply: Random | None = None
) -> dict[int, Tensor]:
    made = denoiser(model, graph, options, supply)
    for batch in order(schedule, graph, options.steps, 3, options.lag):
        made.evaluate(batch.pairs)
    return made.latents


CHAIN = prompt_driven(range(6), OPTIONS)
SPAN = keyframe_driven([1, 2, 3], [0, 4], OPTIONS)


@pytest.mark.parametrize("graph", [CHAIN, SPAN], ids=["prompt", "keyframes"])
def test_every_schedule_gives_the_same_numbers(model: Model, graph: Graph) -> None:
    frame, step, wave = (run(model, graph, s) for s in ("frame", "step", "wave"))
    for node in range(len(graph)):
        assert torch.allclose(frame[node], step[node], atol=1e-4) and torch.allclose(frame[node], wave[node], atol=1e-4)


@pytest.mark.parametrize("schedule", ["frame", "step", "wave"])
def test_nothing_is_kept_longer_than_someone_needs_it(model: Model, schedule: str) -> None:
    made = denoiser(model, CHAIN)
    for batch in order(schedule, CHAIN, OPTIONS.steps, 3, 1):
        made.evaluate(batch.pairs)
    state = made.state()
    assert {name.split(".")[0] for name in state} == {"latent", "uses"} and len(state["uses"]) == 0


def test_step_order_needs_as_much_for_many_frames_as_for_few(model: Model) -> None:
    peaks = []
    for frames in (8, 64):
        graph, most = prompt_driven(range(frames), OPTIONS), 0
        made = denoiser(model, graph)
        for batch in order("step", graph, 2, 1, 1):
            made.evaluate(batch.pairs)
            kept = [t for name, t in made.state().items() if name.startswith(("feature", "clean"))]
            most = max(most, sum(t.nbytes for t in kept))
        peaks.append(most)
    assert peaks[0] == peaks[1] > 0


def test_forwards_per_frame_at_fifty_steps(model: Model) -> None:
    """98 of the reference's 100: the step at t = 0 leads nowhere and is left out, and so is everything twice."""
    options, backbone = Options(update_weight=4.0), model.backbone
    before = backbone.samples
    run(model, prompt_driven(range(2), options), "wave", options)
    assert backbone.samples - before == 2 * 98


def test_guidance_one_computes_one_half(model: Model) -> None:
    options = Options(steps=4, guidance=1.0, guided_steps=2, update_weight=4.0)
    before = model.backbone.samples
    run(model, CHAIN, "step", options)
    assert model.backbone.samples - before == len(CHAIN) * 3


def test_outside_the_mask_the_sources_latents_stay(model: Model) -> None:
    made = run(model, CHAIN, "step", supply=Random(masked=True))
    for node, latent in made.items():
        source = Random().level(CHAIN[node].frame, OPTIONS.steps)
        assert torch.equal(latent[..., 4:], source[..., 4:]) and not torch.allclose(latent[..., :4], source[..., :4])


def test_a_given_node_keeps_its_own_latents_and_others_see_its_features(model: Model) -> None:
    class Other(Random):
        def given(self, frame: int, step: int) -> Tensor:
            return super().given(frame, step) + (0.5 if frame == 0 else 0)

    one, two = run(model, SPAN, "step"), run(model, SPAN, "step", supply=Other())
    roots = [i for i, n in enumerate(SPAN) if n.given]
    assert all(torch.equal(one[i], Random().given(SPAN[i].frame, OPTIONS.steps)) for i in roots)
    assert all(not torch.equal(one[i], two[i]) for i, n in enumerate(SPAN) if not n.given)


@pytest.mark.parametrize("schedule", ["frame", "step", "wave"])
@pytest.mark.parametrize("cut", [1, 7, 11])
def test_a_run_goes_on_from_its_state(model: Model, schedule: str, cut: int) -> None:
    whole = run(model, CHAIN, schedule)
    first, second = denoiser(model, CHAIN), denoiser(model, CHAIN)
    batches = list(order(schedule, CHAIN, OPTIONS.steps, 3, 1))
    for batch in batches[:cut]:
        first.evaluate(batch.pairs)
    second.resume({n: t.clone() for n, t in first.state().items()})
    for batch in batches[cut:]:
        second.evaluate(batch.pairs)
    assert all(torch.equal(second.latents[n], whole[n]) for n in whole)


def test_a_backbone_counts_its_work(model: Model) -> None:
    assert isinstance(model.backbone, Backbone)
    calls = model.backbone.calls
    run(model, CHAIN, "frame")
    assert model.backbone.calls - calls == len(CHAIN) * 3
