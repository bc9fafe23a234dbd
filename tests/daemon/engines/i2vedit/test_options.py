"""Settings as the numerics read them; the paper's by default."""

from __future__ import annotations

import pytest
from keyfollow.errors import UsageError
from keyfollow_daemon.engines.i2vedit.info import describe
from keyfollow_daemon.engines.i2vedit.options import editing, preparing


def test_the_defaults_are_the_papers() -> None:
    settings = describe().resolve({})
    how, what = preparing(settings, draft=False), editing(settings)
    assert how.steps == 25 and how.skip and how.sarp == 0.005
    assert how.training is not None and (how.training.steps, how.training.rank, how.training.wide) == (250, 32, False)
    assert how.training.noise_levels == "uniform" and not how.training.swapped_ids and how.training.early_stop == 0
    assert what.matching is not None and what.matching.stages == (0.5, 0.8) and not what.matching.published_layers
    assert what.ids == (6.0, 127.0, 0.02) and settings["length"] == 14 and settings["overlap"] == 1


@pytest.mark.parametrize(("preset", "stages"), [("local", (0.5, 0.8)), ("style", (0.8, 0.9)), ("shape", (0.4, 0.5))])
def test_presets_are_the_papers_stages(preset: str, stages: tuple[float, float]) -> None:
    info = describe()
    chosen = next(p for p in info.presets if p.id == preset)
    matching = editing(info.resolve(chosen.settings)).matching
    assert matching is not None and matching.stages == stages


def test_every_parity_choice_has_a_setting() -> None:
    settings = describe().resolve(
        {
            "lora_targets": "wide",
            "noise_levels": "cosine",
            "swapped_ids": True,
            "coarse_layers": "published",
            "skip_interval": False,
        }
    )
    how, what = preparing(settings, draft=False), editing(settings)
    assert how.training is not None and how.training.wide and how.training.noise_levels == "cosine"
    assert how.training.ids == (6.0, 0.02, 127.0) and not how.skip
    assert what.matching is not None and what.matching.published_layers


def test_drafts_and_no_training_and_no_matching() -> None:
    settings = describe().resolve({})
    draft = preparing(settings, draft=True)
    assert draft.steps == 10 and draft.training is not None and draft.training.steps == 50
    off = describe().resolve({"training_steps": 0, "attention_matching": False})
    assert preparing(off, draft=False).training is None and editing(off).matching is None


def test_stages_out_of_order() -> None:
    with pytest.raises(UsageError, match="stage_one"):
        editing(describe().resolve({"stage_one": 0.9}))
