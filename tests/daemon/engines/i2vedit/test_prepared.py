"""What is kept of the source, and what it depends on."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.base import InversionSpec
from keyfollow_daemon.engines.diffusion.worksize import work_size
from keyfollow_daemon.engines.i2vedit.clips import Chain, Clip
from keyfollow_daemon.engines.i2vedit.features import FeatureStore
from keyfollow_daemon.engines.i2vedit.lora import MotionLora
from keyfollow_daemon.engines.i2vedit.model import Model
from keyfollow_daemon.engines.i2vedit.options import preparing
from keyfollow_daemon.engines.i2vedit.prepared import Prepared, Sizes
from keyfollow_testkit import svd
from keyfollow_testkit.memory import Memory

TWO = Chain(0, (Clip((0, 1, 2)), Clip((2, 3, 4))))


@pytest.fixture(scope="module")
def tuned() -> tuple[Model, MotionLora]:
    made = svd.model()
    return made, MotionLora(made.network.unet, 4, False, 0.1)


def prepared(tuned: tuple[Model, MotionLora], memory: Memory, revision: str = "r", **changes: Any) -> Prepared:
    settings = svd.settings(**{"steps": 2, "training_steps": 1, **changes})
    sizes = Sizes(work_size(memory.size, 64), work_size(memory.size, 64))
    spec = InversionSpec("i2vedit", "1", settings, revision, "fp32")
    return Prepared(memory, spec, memory, *tuned, FeatureStore(tuned[0].device), sizes, preparing(settings, False))


def test_entries_and_their_names(tuned: tuple[Model, MotionLora], frames: list[FrameBuffer]) -> None:
    memory = Memory(frames)
    made = prepared(tuned, memory)
    made.prepare_frames(range(5))
    assert memory.saved == 5 and memory.phases == {"Preparing": (5, 5)}
    made.prepare([TWO])
    # two trajectories, the first clip's at training size is the same size here, and two LoRAs
    assert memory.saved == 5 + 2 + 2 and memory.phases["Analysing"] == (4, 4) and memory.phases["Training"] == (2, 2)
    assert set(made.keys) <= set(memory.entries) and len(set(made.keys)) == 9
    assert {p.shape for p in memory.previews.get("Training", [])} <= {(8, 8, 3)}
    states = made.source(TWO, 1).trajectory
    assert states.shape == (3, 3, 4, 8, 8) and torch.equal(states[0, 0], made.latents(2)["sample"])


def test_a_second_time_nothing_is_made_and_another_chain_shares_clips(
    tuned: tuple[Model, MotionLora], frames: list[FrameBuffer]
) -> None:
    memory = Memory(frames)
    prepared(tuned, memory).prepare([TWO])
    before, calls = memory.saved, tuned[0].network.calls
    prepared(tuned, memory).prepare([TWO])
    prepared(tuned, memory).prepare([Chain(0, TWO.clips[:1])])
    assert memory.saved == before and tuned[0].network.calls == calls


def test_what_names_depend_on(tuned: tuple[Model, MotionLora], frames: list[FrameBuffer]) -> None:
    memory = Memory(frames)

    def names(number: int = 0, chain: Chain = TWO, **more: Any) -> tuple[str, str]:
        made = prepared(tuned, memory, **more)
        return made.source_key(chain, number), made.weights_key(chain, number)

    inverted, learned = names()
    assert names(steps=3)[0] != inverted and names(steps=3)[1] == learned, "a first clip's LoRA knows of no sampler"
    assert names(training_steps=2) == (inverted, names(training_steps=2)[1]) and names(training_steps=2)[1] != learned
    assert names(sarp=0.0)[0] != inverted and names(sarp=0.0)[1] == learned
    assert names(revision="other")[0] != inverted
    assert names(guidance=3.0, fps=12) == (inverted, learned), "an edit's settings change nothing"
    later = names(1)
    assert names(1, Chain(1, (Clip((1, 2)), TWO.clips[1]))) != later, "a later clip depends on the first"
    apart = names(1, skip_interval=False)
    assert apart == names(0, Chain(2, TWO.clips[1:]), skip_interval=False), "without skip-interval attention it does not"
    backward = Chain(2, (Clip((2, 1, 0)),))
    assert names(0, backward) != (inverted, learned)


def test_a_damaged_entry_is_made_again(tuned: tuple[Model, MotionLora], frames: list[FrameBuffer]) -> None:
    memory = Memory(frames)
    made = prepared(tuned, memory)
    made.prepare([TWO])
    want = made.weights(TWO, 0)
    del memory.entries[made.weights_key(TWO, 0)]
    memory.phases.clear()
    again = prepared(tuned, memory).weights(TWO, 0)
    assert want is not None and again is not None and all(torch.equal(want[n], again[n]) for n in want)


def test_no_training_no_weights(tuned: tuple[Model, MotionLora], frames: list[FrameBuffer]) -> None:
    memory = Memory(frames)
    made = prepared(tuned, memory, training_steps=0)
    made.prepare([TWO])
    assert made.weights(TWO, 0) is None and "Training" not in memory.phases
