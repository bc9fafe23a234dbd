"""Training: its levels, its loss, that it learns, and that it can be interrupted anywhere."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from keyfollow_daemon.engines.diffusion import edm
from keyfollow_daemon.engines.i2vedit import training
from keyfollow_daemon.engines.i2vedit.attention import Call
from keyfollow_daemon.engines.i2vedit.features import Features
from keyfollow_daemon.engines.i2vedit.lora import MotionLora
from keyfollow_daemon.engines.i2vedit.model import Model
from keyfollow_daemon.engines.i2vedit.training import (
    Draw,
    Lesson,
    Trainer,
    Training,
    bin_of,
    cosine_sigma,
    ladder_sigma,
    velocity_loss,
)
from keyfollow_testkit import svd


@pytest.fixture
def lesson(model: Model) -> Lesson:
    return Lesson(svd.noise(3, 4, 8, 8), svd.noise(4, 8, 8, seed=1), svd.given(model.network, 3).embedding)


def trainer(model: Model, lora: MotionLora, lesson: Lesson, seed: int = 5, **more: Any) -> Trainer:
    how = Training(**{"steps": 6, "rate": 1e-2, "rank": 4, "wide": True, **more})
    return Trainer(model.network, lora, how, lesson, model.levels, None, seed)


@pytest.mark.parametrize("level", [cosine_sigma, ladder_sigma])
def test_levels_fall_from_the_highest_to_the_lowest(level: Any) -> None:
    drawn = [level(u / 10, 0.002, 700.0) for u in range(11)]
    assert drawn == sorted(drawn, reverse=True)
    assert abs(drawn[0] - 700) < 1e-3 and abs(drawn[-1] - 0.002) < 1e-6


def test_the_ladder_is_the_samplers() -> None:
    assert [ladder_sigma(k / 4, 0.002, 700.0) for k in range(5)] == pytest.approx(edm.karras_sigmas(5, 0.002, 700.0)[:-1])


def test_the_loss_is_edms_weighted_error_of_x0(model: Model, lesson: Lesson) -> None:
    draw = Draw(3.0, svd.noise(3, 4, 8, 8, seed=2), svd.noise(4, 8, 8, seed=3))
    with torch.no_grad():
        loss = velocity_loss(model.network, lesson, draw, Training().ids, None)
        x = lesson.clean + 3.0 * draw.noise
        shown = (lesson.first + 0.02 * draw.shown_noise).expand_as(x)
        v = model.network(x[None], 3.0, type(svd.given(model.network, 3))(lesson.embedding, shown[None], Training().ids))[0]
        x0 = edm.predicted_clean(x, v, 3.0)
    assert float(loss) == pytest.approx(float(((x0 - lesson.clean).square() * (1 + 9) / 9).mean()), rel=1e-4)


def test_activations_that_are_made_again_give_the_same_gradients(lesson: Lesson) -> None:
    """Also where the call was told of another clip's frames: it is over by then."""
    draw = Draw(3.0, svd.noise(3, 4, 8, 8, seed=2), svd.noise(4, 8, 8, seed=3))
    found = []
    for again in (False, True):
        network, anchor = svd.model().network, Features(values=True)
        lora = MotionLora(network.unet, 4, True, 0.0)
        lora.load({n: svd.noise(*p.shape) for n, p in lora.parameters.items()})
        with torch.no_grad():
            network(svd.noise(1, 3, 4, 8, 8, seed=4), 3.0, svd.given(network, 3), Call(capture=anchor))
        if again:
            network.compute_again()
        with lora.active(training=True):
            velocity_loss(network, lesson, draw, Training().ids, anchor).backward()
        # the first spatial layer comes before all that is learned
        assert network.hooks.visited == len(network.layers) + again * (len(network.layers) - 1)
        found.append([p.grad for p in lora.parameters.values()])
    assert all(a is not None and b is not None and torch.equal(a, b) for a, b in zip(*found, strict=True))
    # attention to a single token has no gradient for where it looks; what rounding leaves of it depends on the processor
    assert sum(a is not None and bool(a.any()) for a in found[0]) > 0.8 * len(found[0])


def test_what_the_network_is_told() -> None:
    assert Training().ids == (6.0, 127.0, 0.02) and Training(swapped_ids=True).ids == (6.0, 0.02, 127.0)


def test_it_learns(model: Model, lora: MotionLora, lesson: Lesson) -> None:
    made, draw = trainer(model, lora, lesson), Draw(3.0, svd.noise(3, 4, 8, 8, seed=2), svd.noise(4, 8, 8, seed=3))
    losses = [made.advance(draw) for _ in range(6)]
    assert made.done and losses[-1] < 0.9 * losses[0]


def test_an_interrupted_training_ends_the_same(model: Model, lesson: Lesson) -> None:
    """With dropout, which asks torch's own generator, and other random work in between."""
    lora = MotionLora(svd.model().network.unet, 4, False, 0.5)
    network = svd.model().network
    lora = MotionLora(network.unet, 4, False, 0.5)

    def fresh(seed: int = 5) -> Trainer:
        how = Training(steps=4, rate=1e-2, rank=4, dropout=0.5)
        return Trainer(network, lora, how, lesson, model.levels, None, seed)

    whole = fresh()
    for _ in range(4):
        whole.advance()
    want, losses = lora.state(), whole.losses
    part = fresh()
    part.advance(), part.advance()
    kept = {n: t.clone() for n, t in part.state().items()}
    other = fresh(seed=99)
    other.advance()
    torch.rand(7)
    rest = fresh()
    rest.resume(kept)
    while not rest.done:
        rest.advance()
    assert rest.losses == losses and all(torch.equal(t, want[n]) for n, t in lora.state().items())


def test_what_is_shown_is_what_the_last_frame_was_taken_for(model: Model, lora: MotionLora, lesson: Lesson) -> None:
    """Where little noise is added that says nothing, and what was seen before stays."""
    made = trainer(model, lora, lesson)
    noise = svd.noise(3, 4, 8, 8, seed=2), svd.noise(4, 8, 8, seed=3)
    made.advance(Draw(0.1, *noise))
    assert made.seen is None
    made.advance(Draw(3.0, *noise))
    seen = made.seen
    assert seen is not None and seen.shape == (4, 8, 8) and not seen.requires_grad and torch.isfinite(seen).all()
    made.advance(Draw(0.1, *noise))
    assert made.seen is seen


def test_an_early_stop_when_nothing_is_gained(
    model: Model, lora: MotionLora, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "WINDOW", 2)
    falling, level = (
        trainer(model, lora, lesson, early_stop=0.1, steps=100),
        trainer(model, lora, lesson, early_stop=0.1, steps=100),
    )
    falling.losses, level.losses = [4.0, 4.0, 2.0, 2.0], [4.0, 4.0, 3.9, 3.9]
    assert not falling.done and level.done
    level.losses = [4.0, 4.0, 3.9]
    assert not level.done
    assert not trainer(model, lora, lesson, steps=100).done


def test_the_bin_is_the_level_above() -> None:
    sigmas = (8.0, 4.0, 2.0, 0.0)
    assert [bin_of(s, sigmas) for s in (9.0, 8.0, 5.0, 4.0, 2.0, 1.0)] == [0, 0, 0, 1, 2, 2]
