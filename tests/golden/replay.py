"""Replay a case of the golden format through Keyfollow's own engine code and compare every expected tensor.

    python tests/golden/replay.py CASE_DIR [--schedule frame|step|wave] [--dtype fp32|bf16|fp16] [--width N] [--only NAME] [--json]

A case holds a model folder, `settings.json`, and any of the `expected_*.safetensors` (see README.md beside each case); one of
Pix2Video's has `inputs.safetensors`, one of vid2vid-zero's `input_frames.safetensors`, one of I2VEdit's `source.safetensors`. Exit status 1 when a tensor of a float32 replay
is outside the tolerances.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from keyfollow_daemon.engines.diffusion import ddim, depth, loading, vae
from keyfollow_daemon.engines.diffusion.attention import decoder_self_attention
from keyfollow_daemon.engines.diffusion.backbone import TextState
from keyfollow_daemon.engines.pix2video.denoise import Denoiser, Seen
from keyfollow_daemon.engines.pix2video.graph import prompt_driven
from keyfollow_daemon.engines.pix2video.options import Options
from keyfollow_daemon.engines.pix2video.order import order
from keyfollow_daemon.engines.vid2vid_zero import denoise as joint
from keyfollow_daemon.engines.vid2vid_zero.injection import Injection
from keyfollow_daemon.engines.vid2vid_zero.inversion import inverted
from keyfollow_daemon.engines.vid2vid_zero.kinds import layer_kinds
from keyfollow_daemon.engines.vid2vid_zero.network import VideoNetwork
from keyfollow_daemon.engines.vid2vid_zero.null_text import Found, NullText, null_text, used_from
from keyfollow_daemon.engines.vid2vid_zero.spatial import SpatialLoss
from keyfollow_daemon.engines.vid2vid_zero.token_maps import TokenMap, prompt_of, refined, replaced
from safetensors.torch import load_file
from torch import Tensor

Tensors = Mapping[str, Tensor]
HERE = Path(__file__).parent
LATENT_TOLERANCE = 1e-3
FORWARD_TOLERANCE = 1e-4
BYTES_OFF = 0.005
"""Share of 8-bit values that may be one level off."""
VARIANTS: dict[str, dict[str, Any]] = {
    "full": {},
    "no_guidance": {"guided_steps": 0},
    "no_injection": {"injection": False},
    "per_frame": {"guided_steps": 0, "injection": False},
    "anchor_only": {"anchor_only": True},
    "fixed_target": {"fixed_target": "target_index"},
    "reverse": {"reverse": True},
}


@dataclass(frozen=True, slots=True)
class Row:
    """One compared tensor. `off` is the share of unequal values, for 8-bit pictures."""

    tensor: str
    error: float
    tolerance: float
    off: float = 0.0

    @property
    def good(self) -> bool:
        # written so that NaN fails
        return self.error <= self.tolerance and self.off <= BYTES_OFF


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """`denoise.Supply` over tensors by frame."""

    depths: Tensor
    noise: Tensor

    def depth(self, frame: int) -> Tensor:
        return self.depths[frame]

    def level(self, frame: int, step: int) -> Tensor:
        assert step == 0, "nothing is masked here"
        return self.noise[frame]

    def given(self, frame: int, step: int) -> Tensor:
        raise AssertionError("no keyframe here")

    def mask(self, frame: int) -> None:
        return None


@dataclass(slots=True, eq=False)
class Recorded:
    """What a run did, ``(frames, steps, 4, h, w)`` where the README says so."""

    final: Tensor
    clean: Tensor
    before: Tensor
    unguided: Tensor
    layers: dict[str, Tensor] = field(default_factory=dict)


class Case:
    """A case folder, its model open."""

    def __init__(self, folder: Path, schedule: str, dtype: str, width: int) -> None:
        self.folder, self.schedule, self.width = folder, schedule, width
        self.settings: dict[str, Any] = json.loads((folder / "settings.json").read_text())
        self.inputs: Tensors = load_file(folder / "inputs.safetensors")
        self.model = loading.load(str(folder / "model"), torch.device("cpu"), dtype)
        self.source, self.target, self.negative = (
            self.model.text(self.settings.get(name, "")) for name in ("source_prompt", "target_prompt", "negative_prompt")
        )

    def expected(self, name: str) -> Tensors | None:
        file = self.folder / f"expected_{name}.safetensors"
        return load_file(file) if file.exists() else None

    def levels(self, steps: int) -> ddim.Schedule:
        return ddim.schedule(self.model.scheduler, steps)

    def invert(self, latents: Tensor, depths: Tensor, steps: int) -> Tensor:
        """``(frames, T + 1, 4, h, w)``."""

        def predict(x: Tensor, t: Tensor) -> Tensor:
            self.model.backbone.tap.references = None
            return self.model.backbone(x, t, self.source, depths)

        return torch.stack(list(ddim.invert(predict, latents, self.levels(steps))), dim=1)

    def edit(self, noise: Tensor, depths: Tensor, options: Options, layers_at: tuple[int, int] | None = None) -> Recorded:
        """The engine's edit pass over all frames. `layers_at` names the (frame, step) whose attention layers are recorded."""
        graph, levels = prompt_driven(range(len(noise)), options), self.levels(options.steps)
        shape = (len(noise), options.steps, *noise.shape[1:])
        made = Recorded(noise.clone(), torch.zeros(shape), torch.zeros(shape), torch.zeros(shape))
        hooks = LayerHooks(self.model.backbone.unet) if layers_at else None

        def watch(seen: Seen) -> None:
            node, step = seen.pair
            at = (graph[node].frame, step)
            made.clean[at], made.before[at], made.unguided[at] = seen.clean, seen.before, seen.unguided
            if step == options.steps - 1:
                made.final[at[0]] = seen.after
            if hooks is not None and at == layers_at:
                made.layers = hooks.rows(seen.row, seen.row + seen.rows)

        run = Denoiser(self.model.backbone, levels, graph, options, Stored(depths, noise), self.target, self.negative, watch)
        for batch in order(self.schedule, graph, options.steps, self.width, options.lag):
            run.evaluate(batch.pairs)
        if hooks is not None:
            hooks.remove()
        return made

    @cached_property
    def trajectory(self) -> Tensor:
        """The short runs' inversion."""
        return self.invert(self.inputs["vae_latents"], self.inputs["depth"], self.options.steps)

    @property
    def options(self) -> Options:
        s = self.settings
        return Options(
            steps=s["num_inference_steps"],
            guidance=s["guidance_scale"],
            guided_steps=s["guide_last_step_index"] + 1,
            update_weight=s["guide_weight"],
        )


class LayerHooks:
    """Watches input and output of every self-attention layer, and the network's own output, in the last call."""

    def __init__(self, unet: torch.nn.Module) -> None:
        self._seen: dict[str, Tensor] = {}
        layers = [m for n, m in unet.named_modules() if n.endswith(".attn1") and n.startswith("down_blocks.")]
        layers += [m for n, m in unet.named_modules() if n.endswith(".attn1") and n.startswith("mid_block.")]
        layers += list(decoder_self_attention(unet).values())
        self._handles = [
            layer.register_forward_hook(self._layer(f"{number:02d}"), with_kwargs=True) for number, layer in enumerate(layers)
        ]
        self._handles.append(unet.register_forward_hook(self._noise))

    def rows(self, unconditional: int, conditional: int) -> dict[str, Tensor]:
        halves = {"uncond": unconditional, "cond": conditional}
        return {f"{half}.{n}": t[row : row + 1].float() for half, row in halves.items() for n, t in self._seen.items()}

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()

    def _layer(self, number: str) -> Callable[..., None]:
        def hook(_: torch.nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, Any], out: Tensor) -> None:
            self._seen[f"{number}.features"] = args[0] if args else kwargs["hidden_states"]
            self._seen[f"{number}.attn1_out"] = out

        return hook

    def _noise(self, _: torch.nn.Module, __: Any, out: tuple[Tensor]) -> None:
        self._seen["noise_pred"] = out[0]


def row(name: str, got: Tensor, want: Tensor, tolerance: float = LATENT_TOLERANCE) -> Row:
    if got.shape != want.shape:
        return Row(name, float("inf"), tolerance)
    difference = (got.double() - want.double()).abs()
    if want.dtype == torch.uint8:
        return Row(name, float(difference.max()), 1.0, float((difference > 0).double().mean()))
    return Row(name, float(difference.max()), tolerance)


def frames_u8(decoded: Tensor) -> Tensor:
    """``(n, h, w, 3)`` uint8, truncated as the published code does."""
    return torch.stack([torch.from_numpy(np.floor(vae.to_values(d)).astype(np.uint8)) for d in decoded])


def given_inputs(case: Case) -> Iterator[Row]:
    """Our text encoder, VAE and depth normalisation on the case's raw inputs."""
    for name, state in (("source", case.source), ("target", case.target), ("uncond", case.negative)):
        if f"emb_{name}" in case.inputs:
            yield row(f"inputs.emb_{name}", state.tokens, case.inputs[f"emb_{name}"], FORWARD_TOLERANCE)
    pictures = torch.stack([vae.from_bytes(f.numpy()) for f in case.inputs["frames_u8"]])
    yield row("inputs.vae_latents", case.model.vae.encode(pictures), case.inputs["vae_latents"])
    want = case.inputs["depth"]
    maps = [depth.resized(raw, *want.shape[-2:]) for raw in case.inputs["depth_raw"]]
    yield row("inputs.depth", torch.stack([depth.normalised(m, float(m.min()), float(m.max())) for m in maps])[:, None], want)


def forward(case: Case, want: Tensors) -> Iterator[Row]:
    sample = want["sample"]
    case.model.backbone.tap.references = None
    text = TextState(case.inputs["emb_target"])
    times = want["timestep"].reshape(-1).expand(len(sample))
    # which prompt the forward was made with is not in the format: it is one of the three
    errors = []
    for state in (text, TextState(case.inputs["emb_source"]), TextState(case.inputs["emb_uncond"])):
        out = case.model.backbone(sample[:, :4], times, state, sample[:, 4:])
        errors.append(row("unet_forward.out", out, want["out"], FORWARD_TOLERANCE))
    yield min(errors, key=lambda r: r.error)
    unscaled = sample[:, :4] * float(case.settings["vae_scaling_factor"])
    yield row("unet_forward.vae_decode_of_sample4", case.model.vae.decode(unscaled), want["vae_decode_of_sample4"])


def replay(case: Case, only: str | None = None) -> Iterator[Row]:
    """Every expected tensor of the case, in a fixed order."""

    def asked(name: str) -> Tensors | None:
        return case.expected(name) if only in (None, name) else None

    if only in (None, "inputs"):
        yield from given_inputs(case)
    if (want := asked("unet_forward")) is not None:
        yield from forward(case, want)
    options, depths, trajectory = case.options, case.inputs["depth"], case.trajectory
    if (want := asked("inversion")) is not None:
        yield row("inversion.inv_traj", trajectory, want["inv_traj"])
        yield row("inversion.inverted", trajectory[:, -1], want["inverted"])
        yield row("inversion.timesteps", torch.tensor(case.levels(options.steps).timesteps), want["timesteps"])
    for name, changes in VARIANTS.items():
        want = asked(name)
        layers = case.expected("layers") if name == "full" and only in (None, "full") else None
        if want is None and layers is None:
            continue
        chosen = {k: case.settings[v] if isinstance(v, str) else v for k, v in changes.items()}
        yield from variant(case, name, want or {}, layers, trajectory[:, -1], depths, replace(options, **chosen))
    if (want := asked("default50")) is not None:
        yield from default50(case, want)


def variant(
    case: Case, name: str, want: Tensors, layers: Tensors | None, noise: Tensor, depths: Tensor, options: Options
) -> Iterator[Row]:
    at = None
    if layers is not None:
        about = json.loads((case.folder / "layers.json").read_text())
        at = (about["frame"], about["step"])
    made = case.edit(noise, depths, options, at)
    found = {"pred_x0": made.clean, "final_latents": made.final, "latents_in": made.before, "latents_pre_update": made.unguided}
    if "decoded" in want or "frames_u8" in want:
        found["decoded"] = case.model.vae.decode(made.final)
        found["frames_u8"] = frames_u8(found["decoded"])
    found["timesteps"] = torch.tensor(case.levels(options.steps).timesteps)
    found["order"] = torch.tensor([n.frame for n in prompt_driven(range(len(noise)), options)])
    for tensor in want:
        yield row(f"{name}.{tensor}", found[tensor], want[tensor])
    for tensor in layers or {}:
        assert layers is not None
        yield row(f"layers.{tensor}", made.layers[tensor], layers[tensor])


def default50(case: Case, want: Tensors) -> Iterator[Row]:
    """The paper's own constants: T 50, w 100, guided while s <= 25, guidance 7.5."""
    options = Options()
    noise = case.invert(want["vae_latents"], want["depth"], options.steps)[:, -1]
    yield row("default50.inverted", noise, want["inverted"])
    made = case.edit(noise, want["depth"], options)
    yield row("default50.timesteps", torch.tensor(case.levels(options.steps).timesteps), want["timesteps"])
    yield row("default50.pred_x0_at_steps", made.clean[:, want["steps"]], want["pred_x0_at_steps"])
    yield row("default50.final_latents", made.final, want["final_latents"])
    for name in (n for n in want if n.startswith("frame") and n.endswith("_u8")):
        number = int(name.removeprefix("frame").removesuffix("_u8"))
        yield row(f"default50.{name}", frames_u8(case.model.vae.decode(made.final[number : number + 1]))[0], want[name])


MODES = {"plain": "none", "default": "hybrid", "alldense": "dense", "stonly": "dense_few"}
"""The format's names for what self-attention sees, and ours."""
U_TOLERANCE, PICTURE_TOLERANCE, TEXT_TOLERANCE = 1e-3, 2e-3, 1e-5


class VideoCase:
    """A case folder of vid2vid-zero, its model open. Videos are ``(frames, 4, h, w)`` here, ``(4, frames, h, w)`` in the files."""

    def __init__(self, folder: Path, dtype: str) -> None:
        self.folder = folder
        self.settings: dict[str, Any] = json.loads((folder / "settings.json").read_text())
        self.model = loading.load(str(folder / "model"), torch.device("cpu"), dtype)
        self.network = VideoNetwork(self.model.backbone)
        self.steps: int = self.settings["num_inference_steps"]
        # "null" is the format's name for the empty prompt
        self.prompts: dict[str, str] = {"null": "", "src": self.settings["prompts"]["source"], **self.settings["prompts"]}
        self._runs: dict[str, list[Tensor]] = {}

    def expected(self, name: str) -> Tensors:
        file = self.folder / f"{name}.safetensors"
        return load_file(file) if file.exists() else {}

    def text(self, name: str) -> Tensor:
        return self.model.text(self.prompts[name]).tokens.clone()

    @cached_property
    def levels(self) -> ddim.Schedule:
        return ddim.schedule(self.model.scheduler, self.steps, 1)

    @cached_property
    def pictures(self) -> Tensor:
        return torch.stack([vae.from_bytes(f.numpy()) for f in self.expected("input_frames")["frames_uint8"]])

    @cached_property
    def clean(self) -> Tensor:
        return self.model.vae.encode(self.pictures).clone()

    @cached_property
    def trajectory(self) -> Tensor:
        return inverted(self.network, self.levels, self.clean, self.text("null"))

    @cached_property
    def found(self) -> Found:
        return self.null(cross_frame=False)

    def null(self, cross_frame: bool) -> Found:
        s = self.settings
        self.see("default")
        how = NullText(s["null_inner_steps"], s["null_base_lr"], s["guidance_scale"], cross_frame)
        return null_text(self.network, self.levels, self.trajectory, self.text("src"), self.text("null"), how)

    def see(self, mode: str) -> None:
        chosen = layer_kinds(self.network.self_attention, MODES[mode], self.settings["st_attn_idx"])
        self.network.set_kinds(chosen)

    def tokens(self, prompt: str) -> TokenMap:
        source, target = (prompt_of(self.prompts[name], self.model.text) for name in ("src", prompt))
        return (replaced if len(source.words) == len(target.words) else refined)(source, target)

    def run(self, name: str) -> list[Tensor]:
        """Latents ``(videos, frames, 4, h, w)`` after each step of ``mode.prompt[.inject][.no_null_text]``."""
        if name not in self._runs:
            mode, prompt, *flags = name.split(".")
            targets = []
            if prompt in self.prompts:
                chosen = self.settings["controllers"].get(prompt, {}) if "inject" in flags else {}
                injection = Injection(self.tokens(prompt), self.steps, chosen["cross_replace_steps"], chosen["self_replace_steps"]) if chosen else None  # fmt: skip
                targets.append(joint.Target(self.text(prompt), injection))
            empty = self._empty(name)  # finding it sees in its own mode
            self.see(mode)
            source = joint.Source(self.trajectory, self.text("src"), empty, guided=True, reset=False)
            how = joint.Sampling(self.settings["guidance_scale"], keep_source=True)
            denoiser, states = joint.Denoiser(self.network, self.levels, source, targets, how), []
            for _ in range(self.steps):
                denoiser.advance()
                states.append(denoiser.x)
            self._runs[name] = states
        return self._runs[name]

    def _empty(self, name: str) -> list[Tensor]:
        null = self.text("null")
        if name.endswith("no_null_text"):
            return [null] * self.steps
        ratio = 1.0 if name == "plain.recon" else self.settings["null_uncond_ratio"]
        return [used_from(self.found.embeddings, null, step, ratio) for step in range(self.steps)]


def replay_video(case: VideoCase, only: str | None = None, names: Container[str] | None = None) -> Iterator[Row]:
    """Every expected tensor of the case. `only` is a file's name without its ending, `names` are tensors of it."""
    parts = {
        "text": video_inputs,
        "expected_unet_forward": video_forward,
        "expected_mappers": video_mappers,
        "expected_spatial_step": video_spatial,
        "expected_latents": video_latents,
        "expected_frames": video_frames,
    }
    for name, part in parts.items():
        if only in (None, name):
            yield from part(case, {n: t for n, t in case.expected(name).items() if names is None or n in names})


def video_inputs(case: VideoCase, want: Tensors) -> Iterator[Row]:
    for name, tensor in want.items():
        kind, _, prompt = name.partition(".")
        got = case.model.text.ids(case.prompts[prompt]) if kind == "input_ids" else case.text(prompt)
        yield row(f"text.{name}", got, tensor, TEXT_TOLERANCE)


def video_forward(case: VideoCase, want: Tensors) -> Iterator[Row]:
    sample = want["sample"].transpose(1, 2)
    for name in (n for n in want if n.startswith("eps.")):
        mode = name.removeprefix("eps.")
        case.network.joint_norm = mode != "per_frame_2d"
        alone = mode in ("per_frame_2d", "default_normal_infer")
        case.see("default" if alone else mode)
        with torch.no_grad():
            out = case.network(sample, int(want["timestep"]), want["encoder_hidden_states"], cross_frame=not alone)
        case.network.joint_norm = True
        yield row(f"unet_forward.{name}", out.transpose(1, 2), want[name], FORWARD_TOLERANCE)


def video_mappers(case: VideoCase, want: Tensors) -> Iterator[Row]:
    for prompt in sorted({n.partition(".")[0] for n in want}):
        tokens, chosen = case.tokens(prompt), case.settings["controllers"][prompt]
        weights = Injection(tokens, case.steps, chosen["cross_replace_steps"])
        over_time = torch.stack([weights.following(step) for step in range(case.steps + 1)])
        yield row(f"mappers.{prompt}.cross_replace_alpha", over_time, want[f"{prompt}.cross_replace_alpha"], 0)
        mapper = want[f"{prompt}.mapper"][0]
        if mapper.ndim == 2:
            yield row(f"mappers.{prompt}.mapper", tokens.across, mapper, 1e-6)
            continue
        yield row(f"mappers.{prompt}.refine_alphas", tokens.keep, want[f"{prompt}.refine_alphas"][0], 0)
        followed = tokens.keep > 0
        yield row(f"mappers.{prompt}.mapper", tokens.across.argmax(dim=0)[followed], mapper.long()[followed], 0)


def video_spatial(case: VideoCase, want: Tensors) -> Iterator[Row]:
    if not want:
        return
    loss = SpatialLoss(float(want["lambda_pixel"]), float(want["lambda_grad"]), float(want["step"]))
    clean, source = want["x0_pred"], want["x0_source"]
    guided = loss.step(clean, source, 1.0)
    yield row("spatial_step.gradient", loss.gradient(clean, source), want["gradient"], FORWARD_TOLERANCE)
    yield row("spatial_step.x0_guided", guided, want["x0_guided"], FORWARD_TOLERANCE)
    for name, part in (("pixel", SpatialLoss(1, 0)), ("gradient", SpatialLoss(0, 0.1))):
        values = [part.report(x, source) / (part.values or part.gradients) for x in (clean, guided)]
        yield row(
            f"spatial_step.{name}_mse_before_after", torch.tensor(values), want[f"{name}_mse_before_after"], FORWARD_TOLERANCE
        )


def video_latents(case: VideoCase, want: Tensors) -> Iterator[Row]:
    for name, tensor in want.items():
        kind, _, run = name.partition(".")
        if name == "latents_x0":
            got = case.clean[None].transpose(1, 2)
        elif name == "ddim_inversion":
            got = case.trajectory.transpose(1, 2)
        elif name == "ddim_inversion_with_prompt":
            got = inverted(case.network, case.levels, case.clean, case.text("src")).transpose(1, 2)
        elif name == "uncond_embeddings":
            got = case.found.embeddings
        elif name == "uncond_embeddings_st_attention":
            got = case.null(cross_frame=True).embeddings
        elif kind == "step_latents":
            got = torch.stack(case.run(run)).transpose(2, 3)
        else:
            got = case.run(run)[-1].transpose(1, 2)
        yield row(f"latents.{name}", got, tensor, U_TOLERANCE if kind.startswith("uncond") else LATENT_TOLERANCE)
    losses = torch.tensor(case.found.losses)
    if "uncond_embeddings" in want and losses.shape == torch.tensor(case.settings["null_text_losses"]).shape:
        yield row("latents.null_text_losses", losses, torch.tensor(case.settings["null_text_losses"]), FORWARD_TOLERANCE)


def video_frames(case: VideoCase, want: Tensors) -> Iterator[Row]:
    for name, tensor in want.items():
        final = case.run(name.removeprefix("frames."))[-1]
        decoded = case.model.vae.decode(final.flatten(0, 1)).unflatten(0, final.shape[:2])
        yield row(f"frames.{name}", (decoded / 2 + 0.5).clamp(0, 1).transpose(1, 2), tensor, PICTURE_TOLERANCE)


def replay_clips(folder: Path, dtype: str, features: str, only: str | None) -> Iterator[Row]:
    """I2VEdit's cases, which have a module of their own."""
    if str(HERE) not in sys.path:
        sys.path.insert(0, str(HERE))
    module = importlib.import_module("replay_i2vedit")
    for compared in module.replay_i2vedit(module.I2VCase(folder, dtype, features), only):
        yield row(*compared)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("--schedule", choices=("frame", "step", "wave"), default="frame")
    parser.add_argument("--dtype", choices=tuple(loading.PRECISIONS), default="fp32")
    parser.add_argument("--width", type=int, default=8, help="frames in flight of the wave schedule")
    parser.add_argument("--features", choices=("keep", "rerun"), default="keep", help="of the source, for I2VEdit")
    parser.add_argument("--only", metavar="NAME", help="one expected file, e.g. full, inversion, expected_latents; or inputs")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    if (given.case / "inputs.safetensors").exists():
        rows = list(replay(Case(given.case, given.schedule, given.dtype, given.width), given.only))
    elif (given.case / "source.safetensors").exists():
        rows = list(replay_clips(given.case, given.dtype, given.features, given.only))
    else:
        rows = list(replay_video(VideoCase(given.case, given.dtype), given.only))
    good = all(r.good for r in rows)
    if given.json:
        errors = {r.tensor: r.error for r in rows}
        off = {r.tensor: r.off for r in rows if r.off}
        print(json.dumps({"case": str(given.case), "schedule": given.schedule, "dtype": given.dtype, "good": good,
                          "max_abs_error": errors, "share_off": off}))  # fmt: skip
    else:
        for r in rows:
            print(f"{'ok ' if r.good else 'BAD'} {r.error:10.3e} (<= {r.tolerance:g})  {r.tensor}")
    return 0 if good or given.dtype != "fp32" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
