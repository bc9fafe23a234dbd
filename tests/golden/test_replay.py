"""The public golden cases through our own code: every tensor within its tolerance, in every schedule; and wrong variants are caught."""

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
from keyfollow_daemon.engines.diffusion import attention, ddim, loading
from keyfollow_daemon.engines.pix2video import denoise, graph
from keyfollow_daemon.engines.pix2video.options import Options
from keyfollow_daemon.engines.vid2vid_zero import attention as video_attention
from keyfollow_daemon.engines.vid2vid_zero import injection, joint_norm, kinds, null_text
from keyfollow_testkit.tiny_models import tiny_model
from safetensors.torch import save_file

HERE = Path(__file__).parent
CASE = HERE / "pix2video"
VIDEO_CASE = HERE / "vid2vid_zero"


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


replay = _module(HERE / "replay.py")
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
    noise, want = case.trajectory[:, -1], {"pred_x0": case.expected("full")["pred_x0"]}
    WRONG[name](monkeypatch)
    (wrong,) = replay.variant(case, "full", want, None, noise, case.inputs["depth"], case.options)
    assert not wrong.good and wrong.error > 5e-3, f"{wrong.error} is too close to a right one's 1e-3"


def test_the_command_prints_errors_by_tensor_and_takes_other_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A case with fewer frames and no variants, as a case never seen before may be."""
    folder = shutil.copytree(CASE, tmp_path / "other", ignore=shutil.ignore_patterns("expected_[!i]*", "frames"))
    status = replay.main([str(folder), "--schedule", "step", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert status == 0 and said["good"] and said["schedule"] == "step"
    assert said["max_abs_error"]["inversion.inverted"] < 1e-4


def test_a_case_of_another_shape(tmp_path: Path) -> None:
    """Other size, layers, steps and guidance; what is expected comes from the benchmark's naive port of the published procedure."""
    bench = _module(HERE.parents[1] / "benchmarks" / "diffusion.py")
    (tmp_path / "model").symlink_to(tiny_model("sd2-depth"))
    about = {"num_inference_steps": 5, "guidance_scale": 3.0, "guide_last_step_index": 1, "guide_weight": 2.0}
    words = {"source_prompt": "a swan", "target_prompt": "a glass swan"}
    (tmp_path / "settings.json").write_text(json.dumps({**about, **words}))
    dice = torch.Generator().manual_seed(3)
    frames = torch.randint(0, 256, (3, 64, 96, 3), generator=dice, dtype=torch.uint8)
    latents, depths = torch.randn(3, 4, 8, 12, generator=dice), torch.rand(3, 1, 8, 12, generator=dice) * 2 - 1
    given = {"frames_u8": frames, "depth_raw": depths[:, 0].clone(), "vae_latents": latents, "depth": depths}
    save_file(given, tmp_path / "inputs.safetensors")
    case = replay.Case(tmp_path, "frame", "fp32", 2)
    plain = loading.load(tiny_model("sd2-depth"), torch.device("cpu"), "fp32")
    port, footage = bench.Naive(plain.backbone.unet), bench.Footage(3, 8, torch.device("cpu"))
    footage.latents, footage.depths = latents, depths
    port.invert(footage, case.options, (case.negative, case.source))
    footage.latents = torch.cat(port.inverted)
    port.edit(footage, case.options, (case.negative, case.target))
    save_file({"final_latents": torch.cat(port.finals)}, tmp_path / "expected_full.safetensors")
    assert (case.trajectory[:, -1] - footage.latents).abs().max() < replay.LATENT_TOLERANCE
    for case.schedule in ("frame", "step", "wave"):
        (found,) = replay.replay(case, "full")
        assert found.good, found


@pytest.fixture(scope="module")
def video() -> Any:
    return replay.VideoCase(VIDEO_CASE, "fp32")


@pytest.mark.parametrize("part", ["text", "expected_unet_forward", "expected_mappers", "expected_spatial_step"])
def test_every_tensor_of_vid2vid_zeros_parts(video: Any, part: str) -> None:
    rows = list(replay.replay_video(video, part))
    assert len(rows) >= 4 and [r for r in rows if not r.good] == []


RUNS = [
    f"final_latents.{run}"
    for run in (
        "plain.refine.inject",
        "default.replace.inject",
        "default.refine.inject",
        "alldense.replace",
        "stonly.replace.inject",
    )
]
"""Each mode, both edits; the long test has all of them."""


def test_vid2vid_zeros_inversion_null_text_and_edits(video: Any) -> None:
    rows = list(replay.replay_video(video, "expected_latents", ["latents_x0", "ddim_inversion", "uncond_embeddings", *RUNS]))
    rows += replay.replay_video(video, "expected_frames", ["frames.default.replace.inject"])
    assert len(rows) == 5 + len(RUNS) and [r for r in rows if not r.good] == []


@pytest.mark.long
def test_every_tensor_of_vid2vid_zero(video: Any) -> None:
    rows = list(replay.replay_video(video))
    assert len(rows) == 57 and [r for r in rows if not r.good] == []


def itself_in_place_of_the_frame_before(patch: pytest.MonkeyPatch) -> None:
    def sparse(query: Any, key: Any, value: Any, videos: int, slots: int) -> torch.Tensor:
        def seen(t: torch.Tensor) -> torch.Tensor:
            rows = t.unflatten(0, (videos, -1))
            return torch.cat([rows[:, :1].expand_as(rows), rows], dim=2).flatten(0, 1)

        return video_attention.attend(query, seen(key), seen(value))

    patch.setattr(video_attention, "sparse", sparse)


def kinds_changed(change: Callable[[str, str], str]) -> Patch:
    def apply(patch: pytest.MonkeyPatch) -> None:
        right = kinds.layer_kinds
        patch.setattr(replay, "layer_kinds", lambda names, *a: {n: change(n, k) for n, k in right(names, *a).items()})

    return apply


def swap_up_blocks(name: str, kind: str) -> str:
    return {"up_blocks.1.attentions.0.": "sparse", "up_blocks.2.attentions.0.": "dense"}.get(name[:25], kind)


def norms_per_frame(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(joint_norm.JointGroupNorm, "forward", lambda self, x: self.norm(x))


def refine_as_long_as_replace(patch: pytest.MonkeyPatch) -> None:
    right = replay.Injection
    patch.setattr(replay, "Injection", lambda tokens, steps, cross, layout: right(tokens, steps, 0.8, layout))


def first_half_of_the_embeddings(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(replay, "used_from", lambda u, empty, step, ratio: null_text.used_from(u, empty, step, -ratio))


def unconditional_half_follows_too(patch: pytest.MonkeyPatch) -> None:
    right = replay.VideoNetwork.__call__

    def both(self: Any, *given: Any, pairs: Any = (), **more: Any) -> Any:
        return right(
            self, *given, pairs=(*pairs, *(replace(p, source=p.source - 2, target=p.target - 2) for p in pairs)), **more
        )

    patch.setattr(replay.VideoNetwork, "__call__", both)


def maps_from_the_target(patch: pytest.MonkeyPatch) -> None:
    right = injection.Injection.pair
    patch.setattr(injection.Injection, "pair", lambda self, step, source, target: right(self, step, target, target))


VIDEO_WRONG: dict[str, tuple[Patch, str]] = {
    "sparse keys are first and self": (itself_in_place_of_the_frame_before, "default.replace.inject"),
    "dense in another up block": (kinds_changed(swap_up_blocks), "default.replace.inject"),
    "middle block is sparse": (kinds_changed(lambda n, k: "sparse" if n.startswith("mid") else k), "default.replace.inject"),
    "norms per frame": (norms_per_frame, "default.replace.inject"),
    "refine followed for 80 %": (refine_as_long_as_replace, "default.refine.inject"),
    "the first half of the embeddings": (first_half_of_the_embeddings, "default.replace.inject"),
    "the unconditional half follows": (unconditional_half_follows_too, "default.replace.inject"),
    "the target follows itself": (maps_from_the_target, "default.replace.inject"),
}


@pytest.mark.parametrize("name", VIDEO_WRONG)
def test_a_wrong_vid2vid_zero_is_caught(video: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    apply, run = VIDEO_WRONG[name]
    assert video.found is not None, "what the run starts from is right"
    kept, video._runs = video._runs, {}
    apply(monkeypatch)
    (wrong,) = replay.replay_video(video, "expected_latents", [f"final_latents.{run}"])
    video._runs = kept
    assert not wrong.good and wrong.error > 5e-3, f"{wrong.error} is too close to a right one's 1e-3"
