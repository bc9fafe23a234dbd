"""I2VEdit's public case through our own code: every tensor within its tolerance; wrong variants are caught."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from keyfollow_daemon.engines.diffusion import edm, sarp
from keyfollow_daemon.engines.i2vedit import attention, difference, matching, training
from keyfollow_daemon.engines.i2vedit.conditioning import NOISE_AUGMENTATION
from keyfollow_daemon.engines.i2vedit.layers import Layer

HERE = Path(__file__).parent
CASE = HERE / "i2vedit"
torch.set_num_threads(1)


def _module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


replay = _module("replay")
clips = _module("replay_i2vedit")
FIRST = "am_noskip/clip0/edit"


@pytest.fixture(scope="module")
def case() -> Any:
    return clips.I2VCase(CASE, "fp32")


@pytest.fixture
def short(case: Any) -> Iterator[Any]:
    """Edits and trainings end after a step."""
    case.limit = 1
    yield case
    case.limit = None


def rows(case: Any, only: str | None) -> list[Any]:
    return [replay.row(*compared) for compared in clips.replay_i2vedit(case, only)]


def test_sarp_encoders_and_inversion(case: Any) -> None:
    found = rows(case, "full/clip0/inv")
    assert [r for r in found if not r.good] == []
    exact = {r.tensor.rsplit("/", 1)[1]: r.error for r in found}
    assert len(found) == 20 and exact["sarp_mask"] == exact["perturbed"] == 0


def test_an_edits_first_step(short: Any) -> None:
    found = rows(short, FIRST)
    assert len(found) > 25 and [r for r in found if not r.good] == []


def test_a_trainings_first_step(short: Any) -> None:
    found = rows(short, "training/clip0")
    assert len(found) > 10 and [r for r in found if not r.good] == []


@pytest.mark.long
@pytest.mark.parametrize("features", ["keep", "rerun"])
def test_every_tensor(features: str) -> None:
    """Both clips in all four runs, and both trainings; the source's features kept, and made anew."""
    found = rows(clips.I2VCase(CASE, "fp32", features), None)
    assert len(found) > 850 and [r for r in found if not r.good] == []


@pytest.mark.parametrize(
    ("stages", "published", "wrong"),
    [((0.4, 0.8), True, 0), ((0.4, 0.8), False, 2), ((0.5, 0.8), True, 0), ((0.6, 0.8), True, 11)],
)
def test_the_temporal_table(case: Any, stages: tuple[float, float], published: bool, wrong: int) -> None:
    """What followed the source in every layer and step; five steps: 0.4 and 0.5 both end stage one after the second."""
    how = matching.Matching(stages=stages, published_layers=published)
    layers = {(layer.place, layer.position): layer for layer in case.model.network.layers if layer.kind == "temporal"}
    table = case.notes["full"]["clip0/edit/temporal_table"]
    assert sum(how.follows(layers[p, n], k, 5) != (w == "source") for p, n, k, w, _ in table) == wrong


Patch = Callable[[pytest.MonkeyPatch], None]


def source_another_level_down(patch: pytest.MonkeyPatch) -> None:
    right = clips.Source.at
    patch.setattr(clips.Source, "at", lambda self, entry: right(self, entry - 1))


def no_lora(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(clips.I2VCase, "weights", lambda *_: None)


def difference_not_halved(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(attention, "row_difference", lambda *given: 2 * difference.row_difference(*given))


def heads_averaged_first(patch: pytest.MonkeyPatch) -> None:
    def wrong(q: torch.Tensor, k: torch.Tensor, qs: torch.Tensor, ks: torch.Tensor) -> torch.Tensor:
        gap = [
            torch.stack([difference._rows(a, b).mean(dim=0) for a, b in zip(x, y, strict=True)]) for x, y in ((q, k), (qs, ks))
        ]
        return (gap[0] - gap[1]).abs().sum(dim=-1).clamp(0, 2) / 2

    patch.setattr(attention, "row_difference", wrong)


def values_from_the_source_map_everywhere(patch: pytest.MonkeyPatch) -> None:
    def own_share(self: Any, layer: Layer, step: int, d: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(d)

    patch.setattr(clips.Forced, "own_share", own_share)


def mixture_the_other_way_round(patch: pytest.MonkeyPatch) -> None:
    right = clips.Forced.own_share
    patch.setattr(clips.Forced, "own_share", lambda self, *given: 1 - right(self, *given))


def guidance_half_too_much(patch: pytest.MonkeyPatch) -> None:
    right = clips.ClipEdit

    def wrong(*given: Any, **more: Any) -> Any:
        made = right(*given, **more)
        made._guidance = made._guidance + 0.5
        return made

    patch.setattr(clips, "ClipEdit", wrong)


def guidance_even(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(torch, "linspace", lambda a, b, n, **more: torch.full((n,), b))


def unconditional_half_is_shown_the_picture(patch: pytest.MonkeyPatch) -> None:
    right = clips.Conditioning.guided
    patch.setattr(
        clips.Conditioning, "guided", lambda self: replace(right(self), latents=torch.cat([self.latents, self.latents]))
    )


EDITS: dict[str, tuple[Patch, str]] = {
    "the source another level down": (source_another_level_down, "spatial/down.4.step0/q_src"),
    "no LoRA": (no_lora, "v_pred"),
    "the difference is not halved": (difference_not_halved, "spatial/down.4.step0/diff"),
    "heads averaged before the difference": (heads_averaged_first, "spatial/down.4.step0/diff"),
    "spatial attention follows everywhere": (values_from_the_source_map_everywhere, "v_pred"),
    "the mixture the other way round": (mixture_the_other_way_round, "v_pred"),
    "guidance half too much": (guidance_half_too_much, "v_pred"),
    "guidance the same for all frames": (guidance_even, "v_pred"),
    "the unconditional half sees the picture": (unconditional_half_is_shown_the_picture, "v_pred"),
}


QUICK = ("the difference is not halved", "guidance half too much")
"""The others take a minute together."""


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.long) for n in EDITS])
def test_a_wrong_edit_is_caught(short: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short.source(0, "inv", False)
    apply, tensor = EDITS[name]
    apply(monkeypatch)
    wrong = {r.tensor: r for r in rows(short, FIRST)}[f"{FIRST}/{tensor}"]
    assert not wrong.good and wrong.error > 2 * wrong.tolerance, f"{wrong.error} is too close to {wrong.tolerance}"


def shown_without_noise(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(training, "NOISE_AUGMENTATION", 0.0)


def scaled_picture(patch: pytest.MonkeyPatch) -> None:
    right = clips.Lesson
    patch.setattr(clips, "Lesson", lambda clean, first, embedding: right(clean, 0.18215 * first, embedding))


def levels_the_other_way_round(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(clips, "cosine_sigma", lambda u, low, high: training.cosine_sigma(1 - u, low, high))


def error_of_x0_without_weight(patch: pytest.MonkeyPatch) -> None:
    right = training.velocity_loss

    def wrong(network: Any, lesson: Any, draw: Any, *rest: Any) -> torch.Tensor:
        loss: torch.Tensor = right(network, lesson, draw, *rest) * draw.sigma**2 / (1 + draw.sigma**2)
        return loss

    patch.setattr(training, "velocity_loss", wrong)


# what the network is told beside the level cannot be caught here: this case's norms, one channel a group, take it out again
LESSONS: dict[str, Patch] = {
    "no noise on the picture": shown_without_noise,
    "a scaled picture": scaled_picture,
    "levels the other way round": levels_the_other_way_round,
    "x0's error without its weight": error_of_x0_without_weight,
}


@pytest.mark.parametrize("name", LESSONS)
def test_a_wrong_training_is_caught(short: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    LESSONS[name](monkeypatch)
    wrong = {r.tensor: r for r in rows(short, "training/clip0")}["training/clip0/train/loss0"]
    assert not wrong.good and wrong.error > 2 * wrong.tolerance


@pytest.mark.parametrize("edge", ["replicate", "reflect"])
def test_another_border_in_sarp_is_caught(case: Any, edge: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = torch.nn.functional.conv2d

    def wrong(pictures: torch.Tensor, kernels: torch.Tensor, padding: int) -> torch.Tensor:
        return right(torch.nn.functional.pad(pictures, (1, 1, 1, 1), mode=edge), kernels)

    monkeypatch.setattr(torch.nn.functional, "conv2d", wrong)
    clip = case.clip(0, case.settings["output_res"])
    masks = sarp.smooth_areas(torch.cat([clip[:1], clip[:1], clip]))[:, 0]
    assert (masks != case.expected("full")["clip0/inv/sarp_mask"].bool()).any()


def test_inversion_asked_at_the_higher_level_is_caught(case: Any) -> None:
    want = case.expected("full")
    states, sigmas = want["clip0/inv/trajectory"], edm.inversion_sigmas(case.sigmas)
    v = want["clip0/inv/model_out"][1]
    right, wrong = (edm.euler_step(states[1], edm.predicted_clean(states[1], v, low), low, sigmas[2]) for low in sigmas[1:3])
    limit = clips.RELATIVE * states[2].abs().max()
    assert (right - states[2]).abs().max() < limit < (wrong - states[2]).abs().max()
    assert case.settings["noise_aug_strength"] == NOISE_AUGMENTATION


def test_the_command_takes_cases_with_fewer_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    for file in CASE.iterdir():
        if file.name not in ("expected_am_noskip.safetensors", "expected_noam_skip.safetensors"):
            (folder / file.name).symlink_to(file)
    status = replay.main([str(folder), "--only", "full/clip0/inv_train", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert status == 0 and said["good"] and said["max_abs_error"]["full/clip0/inv_train/inverted"] < 1e-3
