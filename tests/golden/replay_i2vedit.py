"""I2VEdit's cases of the golden format, through the engine's own code; `replay.py` calls this.

A case has `source.safetensors`, `noise.safetensors` (every random draw), `lora.safetensors`, `settings.json`, `expected.json` and any of
the `expected_*.safetensors` (README.md beside each case). The recorded threshold decisions are forced, since they are discontinuous; the
share of decisions that the engine would have taken otherwise is a row of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import torch
from keyfollow_daemon.engines.diffusion import edm, sarp
from keyfollow_daemon.engines.i2vedit import model as models
from keyfollow_daemon.engines.i2vedit.conditioning import INVERSION_FPS, in_bytes
from keyfollow_daemon.engines.i2vedit.edit import ClipEdit
from keyfollow_daemon.engines.i2vedit.features import FeatureStore
from keyfollow_daemon.engines.i2vedit.layers import Layer
from keyfollow_daemon.engines.i2vedit.lora import MotionLora
from keyfollow_daemon.engines.i2vedit.matching import Matching
from keyfollow_daemon.engines.i2vedit.network import Conditioning
from keyfollow_daemon.engines.i2vedit.source import Source, inverted
from keyfollow_daemon.engines.i2vedit.training import Draw, Lesson, Trainer, Training, bin_of, cosine_sigma
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import interpolate

cv: Any = cv2
RUNS = {"full": (True, True), "am_noskip": (True, False), "noam_skip": (False, True), "noam_noskip": (False, False)}
"""By name: with attention matching, with skip-interval attention."""
RELATIVE = 5e-4
"""Of the largest expected value, for runs with forced decisions; spec § 13."""
LATENT, LOSS, GRADIENT, WEIGHTS, DECISIONS = 1e-4, 5e-6, 5e-7, 2e-2, 1e-3
Compared = tuple[str, Tensor, Tensor, float]
"""Name, what we got, what is expected, the tolerance."""


@dataclass(frozen=True)
class Forced(Matching):
    """`Matching` whose decisions are given: by ``LAYER.stepK`` ``(F, N)``; those that it would have taken itself are counted."""

    above: Any = None
    counts: Any = None

    def own_share(self, layer: Layer, step: int, difference: Tensor) -> Tensor:
        own = super().own_share(layer, step, difference)
        given = self.above[f"{layer.name}.step{step}"].bool()
        limit = self.thresholds(len(difference))[:, None]
        self.counts[0] += int(((difference >= limit) != given).sum())
        self.counts[1] += given.numel()
        return torch.where(given, torch.ones_like(own), difference)


class I2VCase:
    """A case folder, its model open. `features` says whether the source's are kept (`keep`) or made anew at every step (`rerun`).

    `limit`, where it is set, ends the edit of the first clip, and every training, after so many steps.
    """

    limit: int | None = None

    def __init__(self, folder: Path, dtype: str, features: str = "keep") -> None:
        self.folder = folder
        self.settings: dict[str, Any] = json.loads((folder / "settings.json").read_text())
        self.noise = load_file(folder / "noise.safetensors")
        self.lora_file = load_file(folder / "lora.safetensors")
        self.notes: dict[str, Any] = json.loads((folder / "expected.json").read_text())
        self.model = models.load(str(folder / "model"), torch.device("cpu"), dtype)
        s = self.settings
        self.lora = MotionLora(self.model.network.unet, s["rank"], True, s["lora_dropout"])
        self.sigmas = self.model.sigmas(s["steps"])
        self.store = FeatureStore(self.model.device)
        self.store.budget = 1 << 40 if features == "keep" else 0
        self._sources: dict[tuple[int, str, bool], Source] = {}
        self._told: dict[tuple[int, str, bool], dict[str, Tensor]] = {}

    def expected(self, run: str) -> dict[str, Tensor]:
        file = self.folder / f"expected_{run}.safetensors"
        return load_file(file) if file.exists() else {}

    @cached_property
    def pictures(self) -> Tensor:
        """``(n, 3, h, w)`` in -1…1."""
        return load_file(self.folder / "source.safetensors")["frames_u8"].permute(0, 3, 1, 2).float() / 127.5 - 1

    def clip(self, number: int, size: list[int]) -> Tensor:
        found = self.pictures[self.settings["clip_indices"][number]]
        if list(found.shape[-2:]) == list(size):
            return found
        # in 0…1, as the reference does: what follows is exact, and truncates
        return interpolate((found + 1) / 2, size=tuple(size), mode="bilinear", antialias=True) * 2 - 1

    def source(self, number: int, name: str, skip: bool) -> Source:
        """The inversion of a clip; `name` is ``inv`` or ``inv_train``."""
        # only later clips see another
        key = (number, name, skip and number > 0)
        if key not in self._sources:
            anchor = self.source(0, name, skip) if key[2] else None
            self._sources[key] = self._inverted(key, anchor)
        return self._sources[key]

    def told(self, number: int, name: str, skip: bool) -> dict[str, Tensor]:
        """What came up on the way to `source`, by the format's names."""
        self.source(number, name, skip)
        return self._told[number, name, skip and number > 0]

    def _inverted(self, key: tuple[int, str, bool], anchor: Source | None) -> Source:
        number, name, _ = key
        s, at = self.settings, f"clip{number}/{name}"
        clip = self.clip(number, s["output_res"] if name == "inv" else s["train"])
        both = torch.cat([clip[:1], clip[:1], clip])
        noisy = sarp.perturbed_by(both, self.noise[f"{at}/sarp_noise"][0], s["sarp"])
        first, lead, perturbed = noisy[0], noisy[1], noisy[2:]
        vae = self.model.vae
        clean = vae.scale * vae.sample(perturbed, self.noise[f"{at}/vae_noise"])
        shown = torch.stack([in_bytes(lead), in_bytes(first)]) + s["noise_aug_strength"] * self.noise[f"{at}/cond_aug_noise"]
        lead_latent, first_latent = vae.mean(shown)
        beside = torch.stack([lead_latent, *[first_latent] * (len(clip) - 1)])
        embedding = self.model.image(in_bytes(first))
        given = Conditioning(embedding, beside[None], (INVERSION_FPS, s["motion_bucket_id"], s["noise_aug_strength"]))
        outputs: list[Tensor] = []
        hook = self.model.network.unet.register_forward_hook(lambda _, __, out: outputs.append(out[0][0].float()))
        full = str(key)
        leads = number == 0
        made: Source
        kept: dict[Any, Any] = {}
        trajectory = inverted(
            self.model.network,
            given,
            clean,
            self.sigmas,
            None if anchor is None else anchor.at,
            kept.__setitem__ if self.store.budget else None,
            leads,
        )
        hook.remove()
        made = Source(self.model.network, self.store, full, trajectory, given, self.sigmas, anchor, leads)
        for entry, features in kept.items():
            self.store.offer(made.name(entry), features)
        scaled = trajectory.clone()
        scaled[-1] /= (self.sigmas[0] ** 2 + 1) ** 0.5
        # an anchor that is made anew calls the network as well: the clip's own calls are each step's last
        each = len(outputs) // s["steps"]
        self._told[key] = {
            "sarp_mask": sarp.smooth_areas(both)[:, 0].to(torch.uint8),
            "perturbed": perturbed,
            "vae_latents": clean,
            "inv_image_embeddings": embedding[0],
            "inv_image_latents": lead_latent,
            "inv_firstframe_latents": first_latent,
            "timesteps": torch.tensor([edm.timestep(sigma) for sigma in edm.inversion_sigmas(self.sigmas)[:-1]]),
            "model_out": torch.stack(outputs[each - 1 :: each]),
            "trajectory": scaled,
            "inverted": scaled[-1],
        }
        return made

    def weights(self, number: int, when: str) -> dict[str, Tensor]:
        """The file's LoRA tensors as `MotionLora` names them; what it leaves out (`up` before training) is 0."""
        at = f"clip{number}/{when}/"
        return {n: self.lora_file.get(at + n, torch.zeros_like(p)) for n, p in self.lora.parameters.items()}


def close(name: str, got: Tensor, want: Tensor, relative: float = RELATIVE) -> Compared:
    return name, got, want, max(relative * float(want.abs().max()), LATENT) if want.dtype != torch.uint8 else 1.0


def replay_i2vedit(case: I2VCase, only: str | None = None) -> Iterator[Compared]:
    """Every expected tensor. `only`: a run's name, ``training``, or a run's name and a part: ``full/clip0/edit``, ``training/clip0``."""
    run, _, part = (only or "").partition("/")
    for name, (matching, skip) in RUNS.items():
        want = case.expected(name) if run in ("", name) else {}
        if want:
            yield from _run(case, name, want, matching, skip, part)
    if run in ("", "training") and (want := case.expected("full")):
        for number in range(case.settings["n_clips"]):
            if part in ("", f"clip{number}"):
                yield from _training(case, number, want)


def _run(case: I2VCase, run: str, want: dict[str, Tensor], matching: bool, skip: bool, part: str) -> Iterator[Compared]:
    for number in range(case.settings["n_clips"]):
        for name in ("inv", "inv_train"):
            at = f"clip{number}/{name}"
            known = {k.removeprefix(f"{at}/"): t for k, t in want.items() if k.startswith(f"{at}/")}
            if known and at.startswith(part):
                got = case.told(number, name, skip)
                for tensor, expected in known.items():
                    # the mask and the perturbed frames are exact
                    exact = tensor in ("sarp_mask", "perturbed")
                    yield (f"{run}/{at}/{tensor}", got[tensor], expected, 0.0) if exact else close(f"{run}/{at}/{tensor}", got[tensor], expected)  # fmt: skip
    if not part or "edit" in part:
        last = int(part.partition("/")[0].removeprefix("clip")) + 1 if part else case.settings["n_clips"]
        yield from _edits(case, run, want, matching, skip, last)


def _edits(case: I2VCase, run: str, want: dict[str, Tensor], matching: bool, skip: bool, clips: int) -> Iterator[Compared]:
    s, vae, before, first, video = case.settings, case.model.vae, None, None, []
    for number in range(clips):
        at = f"clip{number}/edit"
        if before is None:
            shown = torch.from_numpy(cv.imread(str(case.folder / "edit.png"))[..., ::-1].copy())
            latent = vae.mean(shown.permute(2, 0, 1)[None].float() / 127.5 - 1)[0]
        else:
            latent, shown = before
        embedding = case.model.image(shown.permute(2, 0, 1).float() / 127.5 - 1)
        latent = latent + s["noise_aug_strength"] * case.noise[f"{at}/cond_noise"][0]
        source = case.source(number, "inv", skip)
        frames = len(s["clip_indices"][number])
        ids = (float(s["edit_fps_minus1"]), float(s["motion_bucket_id"]), float(s["noise_aug_strength"]))
        given = Conditioning(embedding, latent.expand(1, frames, *latent.shape), ids)
        above = {k.removeprefix(f"{at}/above/"): t for k, t in want.items() if k.startswith(f"{at}/above/")}
        how = Forced(tuple(s["thr"]), tuple(s["beta"]), True, above, [0, 0]) if matching else None
        seen = Seen(case, f"{run}/{at}", want)
        anchor = None
        if skip and first is not None:
            leader, store = first, case.store
            anchor = lambda step: store.get((run, "edit", step), lambda: leader.features(step))  # noqa: E731, B023
        made = ClipEdit(
            case.model.network,
            case.lora,
            case.weights(number, "trained"),
            source,
            given,
            case.sigmas,
            s["max_guidance"],
            how,
            anchor,
            watch=seen if matching else None,
        )
        v, x0, x = [], [], []
        steps = min(case.limit or s["steps"], s["steps"])
        for step in range(steps):
            start, seen.step = made.x, step
            v.append(made.advance())
            x0.append(edm.predicted_clean(start, v[-1], case.sigmas[step]))
            x.append(made.x)
        found = {"v_pred": torch.stack(v), "x0_pred": torch.stack(x0), "x_out": torch.stack(x)}
        for tensor, got in found.items():
            if f"{at}/{tensor}" in want:
                yield close(f"{run}/{at}/{tensor}", got, want[f"{at}/{tensor}"][:steps])
        yield from seen.rows
        if how is not None:
            yield f"{run}/{at}/decisions", torch.tensor(how.counts[0] / max(1, how.counts[1])), torch.tensor(0.0), DECISIONS
            table = [row for row in case.notes[run].get(f"{at}/temporal_table", []) if row[2] < steps]
            wrong = sum(seen.followed.get((f"{p}.{n}", k)) != (w == "source") for p, n, k, w, _ in table)
            yield f"{run}/{at}/temporal_table", torch.tensor(wrong), torch.tensor(0), 0.0
        if steps < s["steps"]:
            return
        first = first or made
        decoded = vae.decode(made.x)
        pictures = (((decoded / 2 + 0.5).clamp(0, 1)) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
        video.append(pictures if number == 0 else pictures[s["overlay"] :])
        found = {
            "cond_pil_u8": shown,
            "image_embeddings": given.guided().embedding,
            "added_time_ids": torch.tensor([ids, ids]),
            "cond_concat_frame0": given.guided().latents[:, 0],
            "timesteps": torch.tensor([edm.timestep(sigma) for sigma in case.sigmas[:-1]]),
            "latents": made.x,
            "frames_u8": pictures,
        }
        for tensor, got in found.items():
            if f"{at}/{tensor}" in want:
                yield close(f"{run}/{at}/{tensor}", got, want[f"{at}/{tensor}"])
        before = (made.x[-1] / vae.scale, pictures[-1])
    if "output_video_u8" in want and len(video) == s["n_clips"]:
        yield close(f"{run}/output_video_u8", torch.cat(video), want["output_video_u8"])


class Seen:
    """Compares what matching did in one clip's edit with the case's samples."""

    def __init__(self, case: I2VCase, name: str, want: dict[str, Tensor]) -> None:
        self.step = 0
        self.rows: list[Compared] = []
        self.followed: dict[tuple[str, int], bool] = {}
        run, self._name = name.split("/", 1)
        self._run, self._want = run, want
        self._thresholds = Matching(tuple(case.settings["thr"]))
        stats = case.notes[run].get(f"{self._name}/diffstat", [])
        self._stats = {row[0]: row[1:3] for row in stats}

    def __call__(self, layer: Layer, seen: dict[str, Tensor]) -> None:
        at = f"{layer.name}.step{self.step}"
        if layer.kind == "temporal":
            self.followed[layer.name, self.step] = bool(seen["follows"])
            maps = {n: _map(seen[q], seen[k]) for n, q, k in (("p_src", "q_src", "k_src"), ("p_edit", "q", "k"))}
            seen = {**maps, "p_used": maps["p_src"] if seen["follows"] else maps["p_edit"]}
        else:
            seen = {**seen, "thr": self._thresholds.thresholds(len(seen["diff"]))}
            if at in self._stats:
                mean, most = self._stats[at]
                got = torch.stack([seen["diff"].mean(), seen["diff"].max()])
                self._row(f"diffstat/{at}", got, torch.tensor([mean, most]))
        for name, tensor in seen.items():
            key = f"{self._name}/{layer.kind}/{at}/{name}"
            if key in self._want:
                self._row(f"{layer.kind}/{at}/{name}", tensor, self._want[key])

    def _row(self, name: str, got: Tensor, want: Tensor) -> None:
        self.rows.append(close(f"{self._run}/{self._name}/{name}", got.clone(), want))


def _map(query: Tensor, key: Tensor) -> Tensor:
    out: Tensor = (query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5).softmax(dim=-1)
    return out


def _training(case: I2VCase, number: int, want: dict[str, Tensor]) -> Iterator[Compared]:
    s, vae, at = case.settings, case.model.vae, f"clip{number}/train"
    clip = case.clip(number, s["train"])
    clean = vae.scale * vae.sample(clip, case.noise[f"{at}/vae_noise_latents"])
    first = vae.sample(clip[:1], case.noise[f"{at}/vae_noise_refer"])[0]
    lesson = Lesson(clean, first, case.model.image(clip[0]))
    how = Training(s["train_steps"], s["adamw"]["lr"], s["rank"], True, s["lora_dropout"], "cosine", swapped_ids=True)
    levels = case.model.levels
    anchor = None
    if number:
        leader = case.source(0, "inv_train", True)
        anchor = lambda sigma: leader.at(s["steps"] - 1 - bin_of(sigma, case.sigmas))  # noqa: E731
    trainer = Trainer(case.model.network, case.lora, how, lesson, levels, anchor, 0)
    case.lora.load(case.weights(number, "init"))
    about = case.notes["full"]
    steps = min(case.limit or s["train_steps"], s["train_steps"])
    for step in range(steps):
        drawn = {k: case.noise[f"{at}/step{step}/{k}"][0] for k in ("u", "noise", "noise_1")}
        draw = Draw(cosine_sigma(float(drawn["u"]), *levels), drawn["noise"], drawn["noise_1"][:1])
        loss = trainer.advance(draw)
        yield f"training/{at}/loss{step}", torch.tensor(loss), torch.tensor(about[f"{at}/loss"][step]), LOSS
        gradients = {n: p.grad for n, p in case.lora.parameters.items() if p.grad is not None}
        norm = torch.stack([g.norm() for g in gradients.values()]).norm()
        yield f"training/{at}/grad_norm{step}", norm, torch.tensor(about[f"{at}/grad_norm"][step]), 1e-5
        for name, gradient in gradients.items():
            if (key := f"{at}/grad{step}/{name}") in want:
                yield f"training/{key}", gradient, want[key], GRADIENT
    if steps < s["train_steps"]:
        return
    # the first steps of AdamW are sign-like where a gradient is about 0: the whole is compared, not its largest entry
    got, trained = (
        torch.cat([w[n].flatten() for n in sorted(w)]) for w in (case.lora.state(), case.weights(number, "trained"))
    )
    yield f"training/{at}/trained", (got - trained).norm() / trained.norm(), torch.tensor(0.0), WEIGHTS
