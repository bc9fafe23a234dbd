"""The public golden case through our own code: every tensor within its tolerance, in every schedule; and wrong variants are caught."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from keyfollow_daemon.engines.diffusion import attention, ddim
from keyfollow_daemon.engines.pix2video import denoise, graph
from keyfollow_daemon.engines.pix2video.options import Options

HERE = Path(__file__).parent
CASE = HERE / "pix2video"


def _module() -> Any:
    spec = importlib.util.spec_from_file_location("replay", HERE / "replay.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["replay"] = module
    spec.loader.exec_module(module)
    return module


replay = _module()
PARTS = ["inputs", "unet_forward", "inversion"]


@pytest.fixture(scope="module")
def case() -> Any:
    return replay.Case(CASE, "wave", "fp32", 3)


@pytest.mark.parametrize("schedule", ["frame", "step", "wave"])
def test_every_tensor_of_the_short_runs(case: Any, schedule: str) -> None:
    case.schedule = schedule
    # what stands before the edit pass knows of no schedule
    names = [*(PARTS if schedule == "wave" else ()), *replay.VARIANTS]
    rows = [row for name in names for row in replay.replay(case, name)]
    assert len(rows) > 80 and [r for r in rows if not r.good] == []
    case.schedule = "wave"


@pytest.mark.long
@pytest.mark.parametrize("schedule", ["frame", "step", "wave"])
def test_fifty_steps_with_the_papers_constants(case: Any, schedule: str) -> None:
    case.schedule = schedule
    rows = list(replay.replay(case, "default50"))
    assert len(rows) == 5 and [r for r in rows if not r.good] == []
    case.schedule = "wave"


Patch = Callable[[pytest.MonkeyPatch], None]


def attends_to_itself_too(patch: pytest.MonkeyPatch) -> None:
    def context(self: attention.FeatureTap, layer: int, hidden: torch.Tensor) -> torch.Tensor:
        return torch.cat([right(self, layer, hidden), hidden], dim=1)

    right = attention.FeatureTap.context
    patch.setattr(attention.FeatureTap, "context", context)


def halves_swapped(patch: pytest.MonkeyPatch) -> None:
    def references(self: denoise.Denoiser, pairs: Any) -> Any:
        rows = right(self, pairs)
        return None if rows is None else rows[len(pairs) :] + rows[: len(pairs)]

    right = denoise.Denoiser._references
    patch.setattr(denoise.Denoiser, "_references", references)


def a_layer_is_left_out(patch: pytest.MonkeyPatch) -> None:
    def context(self: attention.FeatureTap, layer: int, hidden: torch.Tensor) -> torch.Tensor:
        return hidden if layer == len(self.names) - 1 else right(self, layer, hidden)

    right = attention.FeatureTap.context
    patch.setattr(attention.FeatureTap, "context", context)


def chained(change: Callable[[int, graph.Node], graph.Node]) -> Patch:
    def apply(patch: pytest.MonkeyPatch) -> None:
        right = graph.prompt_driven

        def wrong(frames: Any, options: Options) -> graph.Graph:
            return tuple(change(i, node) for i, node in enumerate(right(frames, options)))

        patch.setattr(replay, "prompt_driven", wrong)

    return apply


def with_options(**changes: Any) -> Patch:
    def apply(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(replay.Case, "options", property(lambda self: replace(right(self), **changes)))

    right = replay.Case.options.fget
    return apply


def timesteps_from_one(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(replay.Case, "levels", lambda self, steps: ddim.schedule(self.model.scheduler, steps, 1))


def clean_from_the_conditional_half(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(denoise, "guided", lambda u, c, scale: c)


def clipped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(denoise, "predicted_clean", lambda x, eps, a: ddim.predicted_clean(x, eps, a).clamp(-1, 1))


WRONG: dict[str, Patch] = {
    "attends to itself too": attends_to_itself_too,
    "halves swapped": halves_swapped,
    "one decoder layer left out": a_layer_is_left_out,
    "previous frame only": chained(lambda i, n: replace(n, references=n.references[1:])),
    "anchor only": chained(lambda i, n: replace(n, references=n.references[:1])),
    "pulled towards the anchor": chained(lambda i, n: replace(n, target=None if n.target is None else 0)),
    "one guided step too few": with_options(guided_steps=2),
    "one guided step too many": with_options(guided_steps=4),
    "twice the pull": with_options(update_weight=8.0),
    "no pull": with_options(guided_steps=0),
    "timesteps from one": timesteps_from_one,
    "no classifier-free guidance": clean_from_the_conditional_half,
    "clipped x0": clipped,
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_variant_is_caught(case: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    WRONG[name](monkeypatch)
    rows = {r.tensor: r for r in replay.replay(case, "full")}
    wrong = rows["full.pred_x0"]
    assert not wrong.good and wrong.error > 5e-3, f"{wrong.error} is too close to a right one's 1e-3"


def test_the_command_prints_errors_by_tensor_and_takes_other_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A case with fewer frames and no variants, as a case never seen before may be."""
    folder = shutil.copytree(CASE, tmp_path / "other", ignore=shutil.ignore_patterns("expected_[!i]*", "frames"))
    status = replay.main([str(folder), "--schedule", "step", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert status == 0 and said["good"] and said["schedule"] == "step"
    assert said["max_abs_error"]["inversion.inverted"] < 1e-4
