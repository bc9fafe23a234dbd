"""One clip's edit on the tiny network: what matching, masks, anchors and interruption do to it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from keyfollow_daemon.engines.i2vedit.edit import ClipEdit
from keyfollow_daemon.engines.i2vedit.features import FeatureStore
from keyfollow_daemon.engines.i2vedit.lora import MotionLora
from keyfollow_daemon.engines.i2vedit.matching import Matching
from keyfollow_daemon.engines.i2vedit.model import Model
from keyfollow_daemon.engines.i2vedit.source import Source, inverted
from keyfollow_testkit import svd
from torch import Tensor

STEPS = 3


@pytest.fixture(scope="module")
def source(model: Model) -> Source:
    given = svd.given(model.network, 3)
    states = inverted(model.network, given, svd.noise(3, 4, 8, 8), model.sigmas(STEPS))
    return Source(model.network, FeatureStore(model.device), "s", states, given, model.sigmas(STEPS))


def edit(model: Model, lora: MotionLora, source: Source, **more: Any) -> ClipEdit:
    fields: dict[str, Any] = {"weights": None, "given": svd.given(model.network, 3, seed=9), "guidance": 2.0, **more}
    return ClipEdit(model.network, lora, source=source, sigmas=model.sigmas(STEPS), **fields)


def run(made: ClipEdit) -> Tensor:
    while made.step < STEPS:
        made.advance()
    return made.x


def test_guidance_rises_from_one_at_the_first_frame(model: Model, lora: MotionLora, source: Source) -> None:
    plain, guided = (edit(model, lora, source, guidance=g) for g in (1.0, 3.0))
    before = model.network.samples
    one = plain.advance()
    assert model.network.samples == before + 3, "without guidance there is no unconditional half"
    two = guided.advance()
    assert torch.allclose(one[0], two[0], atol=1e-4) and not torch.allclose(one[2], two[2], atol=1e-3)


def test_matching_at_threshold_one_and_all_stages_leads_back_to_the_source(
    model: Model, lora: MotionLora, source: Source
) -> None:
    """Attention that follows everywhere, with what the source itself began with, is the source's."""
    own = svd.given(model.network, 3)
    follow = Matching((1.1, 1.1), (1.0, 1.0))
    led, free = (run(edit(model, lora, source, given=own, guidance=1.0, matching=m)) for m in (follow, None))
    clean = source.trajectory[0]
    assert torch.isfinite(led).all() and not torch.allclose(led, free)
    assert (led - clean).abs().mean() < 1.5 * (free - clean).abs().mean()


def test_outside_a_mask_the_source_stays(model: Model, lora: MotionLora, source: Source) -> None:
    inside = torch.zeros(3, 1, 8, 8)
    inside[..., :4] = 1
    x = run(edit(model, lora, source, inside=inside))
    assert torch.equal(x[..., 4:], source.trajectory[0][..., 4:]) and not torch.allclose(
        x[..., :4], source.trajectory[0][..., :4]
    )


def test_it_goes_on_as_if_it_had_not_stopped(model: Model, lora: MotionLora, source: Source) -> None:
    whole = edit(model, lora, source, matching=Matching())
    whole.advance()
    half = edit(model, lora, source, matching=Matching())
    half.resume(whole.x.clone(), [t.clone() for t in whole.trail])
    assert torch.equal(run(whole), run(half))


def test_the_first_clips_features_are_those_of_its_own_steps(model: Model, lora: MotionLora, source: Source) -> None:
    """They steer a later clip, and are the same when asked for again; so a chain may forget them."""
    first = edit(model, lora, source, matching=Matching(), weights=lora.state())
    run(first)
    one, again = first.features(1), first.features(1)
    assert not one.spatial and all(
        torch.equal(a, b) for n in one.temporal for a, b in zip(one.temporal[n], again.temporal[n], strict=True)
    )
    later, alone = edit(model, lora, source, anchor=first.features), edit(model, lora, source)
    assert not torch.allclose(later.advance(), alone.advance())


def test_the_loras_weights_count(model: Model, lora: MotionLora, source: Source) -> None:
    weights = {n: torch.full_like(t, 0.2) for n, t in lora.state().items()}
    assert not torch.allclose(edit(model, lora, source, weights=weights).advance(), edit(model, lora, source).advance())
