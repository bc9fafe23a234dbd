"""What the engine knows of the source alone, in the cache: latents by frame; by clip its inversion (a trajectory, and what the network is
shown of the clip's first frame) and its motion LoRA.

An inversion depends on the clip's frames, the model and the inversion's own settings, with skip-interval attention also on the chain's
first clip; a LoRA on what it was trained with, too. Nothing depends on an edit, or on why a clip begins where it does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from keyfollow.edits import SettingValue
from torch import Tensor

from keyfollow_daemon.cache.keys import entry_key
from keyfollow_daemon.engines.base import Context, Frames, InversionSpec
from keyfollow_daemon.engines.diffusion import sarp, vae
from keyfollow_daemon.engines.diffusion.arrays import from_arrays, to_arrays
from keyfollow_daemon.engines.diffusion.pace import Pace, identity
from keyfollow_daemon.engines.diffusion.preview import LatentColours
from keyfollow_daemon.engines.diffusion.worksize import WorkSize
from keyfollow_daemon.engines.patch.pixels import guide

from .clips import Chain
from .conditioning import INVERSION_FPS, MOTION_BUCKET, NOISE_AUGMENTATION, in_bytes
from .features import FeatureStore
from .lora import MotionLora
from .model import Model
from .network import Conditioning
from .options import Preparing
from .source import Source, inverted
from .training import Lesson, Trainer, bin_of

INVERSION, CHECKPOINT = "inversion", "training"
LATELY = 10
"""Steps whose mean loss is shown."""
Clips = Sequence[tuple[int, ...]]
"""A clip's frames, before them those of the chain's first clip where it sees that one."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Working size, and the one that motion is learned at."""

    work: WorkSize
    training: WorkSize


class Prepared:
    """Looks up, and computes what is missing or damaged.

    Args:
        spec: with `model_revision` and `dtype` as they are.
        store: for attention features of the source.
    """

    def __init__(
        self,
        frames: Frames,
        spec: InversionSpec,
        ctx: Context,
        model: Model,
        lora: MotionLora,
        store: FeatureStore,
        sizes: Sizes,
        how: Preparing,
    ) -> None:
        self._frames, self._spec, self._ctx, self._model, self._lora, self._store = frames, spec, ctx, model, lora, store
        self.sizes, self._how = sizes, how
        self.sigmas = model.sigmas(how.steps)
        self.keys: list[str] = []
        """Of all entries that were asked for."""
        self._sources: dict[str, Source] = {}
        self._pace = Pace()

    # --- by frame ---

    def prepare_frames(self, frames: Sequence[int]) -> None:
        """Make sure that the latents of all of `frames` are in the cache."""
        for done, frame in enumerate(frames):
            self._ctx.check()
            self._ctx.progress("Preparing", done, len(frames))
            self.latents(frame)
        self._ctx.progress("Preparing", len(frames), len(frames))

    def latents(self, frame: int) -> dict[str, Tensor]:
        """Scaled samples of the posterior, ``(4, h, w)``: ``sample`` of the frame with noise on smooth areas, ``lesson`` of the frame as it
        is, at training size."""
        work, training = self.sizes.work, self.sizes.training
        settings: dict[str, SettingValue] = {
            "content": f"{work.content} in {work.padded}, {training.content} in {training.padded}",
            "sarp": self._how.sarp,
        }
        return self._entry("latents", settings, [(frame,)], partial(self._encoded, frame))

    def _encoded(self, frame: int) -> dict[str, Tensor]:
        made = {}
        for name, size, noisy in (("sample", self.sizes.work, True), ("lesson", self.sizes.training, False)):
            picture = self._picture(frame, size, "smooth areas" if noisy else None)
            dice = self._dice(frame, f"posterior {name}")
            noise = torch.randn(1, 4, *size.latent, generator=dice)
            made[name] = (self._model.vae.sample(picture[None], noise) * self._model.vae.scale)[0]
        return made

    def colours(self, frame: int, name: str = "sample") -> LatentColours:
        """What latents of that name look like, by those of `frame`."""
        size = self.sizes.work if name == "sample" else self.sizes.training
        return LatentColours(self.latents(frame)[name], size.shrink(guide(self._frames[frame])), size)

    # --- by clip ---

    def prepare(self, chains: Sequence[Chain]) -> None:
        """Make sure that every clip's trajectory and LoRA are in the cache: first all that is inverted, then all that is learned."""
        every = [(chain, number) for chain in chains for number in range(len(chain.clips))]
        missing = [at for at in every if self._ctx.cache.load(self.source_key(*at)) is None]
        steps, done = self._how.steps, 0
        for at in missing:

            def step() -> None:
                nonlocal done
                self._ctx.check()
                self._ctx.progress("Analysing", min(done, len(missing) * steps), len(missing) * steps)
                done += 1

            self._inversion(*at, step)
        if missing:
            self._ctx.progress("Analysing", len(missing) * steps, len(missing) * steps)
        if self._how.training is not None:
            self._learn([at for at in every if self._ctx.cache.load(self.weights_key(*at)) is None])
        for at in every:
            self.keys += [self.source_key(*at), *([self.weights_key(*at)] if self._how.training else [])]

    def skips(self, chain: Chain) -> bool:
        """Whether the chain's later clips see its first one."""
        return self._leads(chain, 0)

    def source(self, chain: Chain, number: int) -> Source:
        """The inverted clip."""
        key = self.source_key(chain, number)
        if key not in self._sources:
            # a chain's first clip stays for those after it; of others one at a time is enough
            first = None if number == 0 else self.source_key(chain, 0)
            self._sources = {k: s for k, s in self._sources.items() if k == first}
            made = self._inversion(chain, number, self._ctx.check)
            self._sources[key] = self._opened(chain, number, "work", made, key)
        return self._sources[key]

    def weights(self, chain: Chain, number: int) -> dict[str, Tensor] | None:
        """The clip's motion LoRA, on the device."""
        if self._how.training is None:
            return None
        found = self._ctx.cache.load(self.weights_key(chain, number))
        if found is None:
            self._learn([(chain, number)])
            found = self._ctx.cache.load(self.weights_key(chain, number))
            assert found is not None
        return from_arrays(found, self._model.device)

    def source_key(self, chain: Chain, number: int, at: str = "work") -> str:
        return self._key(INVERSION, self._source_settings(at), self._clips(chain, number))

    def weights_key(self, chain: Chain, number: int) -> str:
        size = self.sizes.training
        settings: dict[str, SettingValue] = {"content": f"{size.content} in {size.padded}", "how": repr(self._how.training)}
        clips = self._clips(chain, number)
        if len(clips) > 1:
            # the first clip is seen as its inversion saw it
            settings |= {"sarp": self._how.sarp, "sigmas": str(self.sigmas)}
        return self._key("motion", settings, clips)

    def _clips(self, chain: Chain, number: int) -> Clips:
        own = chain.clips[number].frames
        return [chain.clips[0].frames, own] if number and self._how.skip else [own]

    def _source_settings(self, at: str) -> dict[str, SettingValue]:
        size = self.sizes.work if at == "work" else self.sizes.training
        return {"content": f"{size.content} in {size.padded}", "sarp": self._how.sarp, "sigmas": str(self.sigmas)}

    def _inversion(self, chain: Chain, number: int, step: Callable[[], None], at: str = "work") -> dict[str, Tensor]:
        """``states`` as `inverted` gives them, and what the network was shown beside them (`_shown`)."""
        made = partial(self._inverted, chain, number, step, at)
        return self._entry(INVERSION, self._source_settings(at), self._clips(chain, number), made)

    def _inverted(self, chain: Chain, number: int, step: Callable[[], None], at: str) -> dict[str, Tensor]:
        clip, leads = chain.clips[number].frames, self._leads(chain, number)
        if at == "work":
            clean = torch.stack([self.latents(f)["sample"] for f in clip])
        else:
            pictures = torch.stack([self._picture(f, self.sizes.training, "smooth areas") for f in clip])
            # where both sizes are the same these are the same latents, as their entry is the same
            noises = [torch.randn(4, *self.sizes.training.latent, generator=self._dice(f, "posterior sample")) for f in clip]
            clean = self._model.vae.sample(pictures, torch.stack(noises)) * self._model.vae.scale
        anchor, shown = self._anchor(chain, number, at), self._shown(chain, number, at)
        named = self._opened(chain, number, at, {"states": clean[None], **shown}, self.source_key(chain, number, at))
        keep = (lambda entry, made: self._store.offer(named.name(entry), made)) if self._store.budget else None
        states = inverted(
            self._model.network,
            self._given(shown, len(clip)),
            clean.to(self._model.device),
            self.sigmas,
            None if anchor is None else anchor.at,
            keep,
            leads,
            step,
        )
        return {"states": states, **shown}

    def _opened(self, chain: Chain, number: int, at: str, made: Mapping[str, Tensor], name: str) -> Source:
        return Source(
            self._model.network,
            self._store,
            name,
            made["states"].to(self._model.device),
            self._given(made, len(chain.clips[number].frames)),
            self.sigmas,
            self._anchor(chain, number, at),
            self._leads(chain, number),
        )

    def _leads(self, chain: Chain, number: int) -> bool:
        return number == 0 and self._how.skip and len(chain.clips) > 1

    def _anchor(self, chain: Chain, number: int, at: str) -> Source | None:
        if number == 0 or not self._how.skip:
            return None
        if at == "work":
            return self.source(chain, 0)
        key = self.source_key(chain, 0, at)
        if key not in self._sources:
            made = self._inversion(chain, 0, self._ctx.check, at)
            self._sources[key] = self._opened(chain, 0, at, made, key)
        return self._sources[key]

    def _shown(self, chain: Chain, number: int, at: str) -> dict[str, Tensor]:
        """What the plain network is shown of a source clip: its first picture, noise on smooth areas and all over it (spec § 3). Its CLIP
        ``embedding`` ``(1, 1, D)``, and ``latent`` ``(1, 4, h, w)``, not scaled."""
        size, frame = self.sizes.work if at == "work" else self.sizes.training, chain.clips[number].frames[0]
        picture = in_bytes(self._picture(frame, size, "shown"))
        noise = torch.randn(picture.shape, generator=self._dice(frame, "augmentation"))
        latent = self._model.vae.mean((picture + NOISE_AUGMENTATION * noise)[None])
        return {"embedding": self._model.image(picture), "latent": latent}

    def _given(self, shown: Mapping[str, Tensor], frames: int) -> Conditioning:
        device, latent = self._model.device, shown["latent"]
        ids = (INVERSION_FPS, MOTION_BUCKET, NOISE_AUGMENTATION)
        return Conditioning(shown["embedding"].to(device), latent.expand(1, frames, *latent.shape[1:]).to(device), ids)

    # --- training ---

    def _learn(self, missing: Sequence[tuple[Chain, int]]) -> None:
        assert self._how.training is not None
        steps = self._how.training.steps
        for count, (chain, number) in enumerate(missing):
            key = self.weights_key(chain, number)
            trainer, colours = self._trainer(chain, number, key), self.colours(chain.clips[number].frames[0], "lesson")
            mark = identity(key)
            kept = self._ctx.restore(CHECKPOINT)
            if kept is not None and torch.equal(torch.from_numpy(kept["identity"]), mark):
                trainer.resume(from_arrays(kept, self._model.device))
            while not trainer.done:
                self._ctx.check()
                lately = trainer.losses[-LATELY:]
                loss = f" (loss {sum(lately) / len(lately):.3f})" if lately else ""
                preview = colours.preview(trainer.seen)
                self._ctx.progress(f"Training{loss}", count * steps + trainer.step, len(missing) * steps, preview)
                trainer.advance()
                if self._pace.due():
                    with self._pace:
                        self._ctx.checkpoint(CHECKPOINT, to_arrays({**trainer.state(), "identity": mark}))
            self._ctx.cache.save(key, to_arrays(self._lora.state()))
        if missing:
            self._ctx.progress("Training", len(missing) * steps, len(missing) * steps)

    def _trainer(self, chain: Chain, number: int, key: str) -> Trainer:
        assert self._how.training is not None
        frames, device, size = chain.clips[number].frames, self._model.device, self.sizes.training
        clean = torch.stack([self.latents(f)["lesson"] for f in frames]).to(device)
        picture = self._picture(frames[0], size, None)
        noise = torch.randn(1, 4, *size.latent, generator=self._dice(frames[0], "posterior shown"))
        lesson = Lesson(
            clean, self._model.vae.sample(picture[None], noise)[0].to(device), self._model.image(picture).to(device)
        )
        first = self._anchor(chain, number, "training")
        anchor = None
        if first is not None:
            top, sigmas, seen = len(self.sigmas) - 2, self.sigmas, first
            anchor = lambda sigma: seen.at(top - bin_of(sigma, sigmas))  # noqa: E731
        return Trainer(
            self._model.network, self._lora, self._how.training, lesson, self._model.levels, anchor, int(key[:12], 16)
        )

    # --- common ---

    def _picture(self, frame: int, size: WorkSize, noisy: str | None) -> Tensor:
        """``(3, h, w)`` in -1…1, padded; `noisy` names the noise on smooth areas."""
        picture = vae.from_bytes(size.shrink(guide(self._frames[frame])))
        if noisy is None or not self._how.sarp:
            return picture
        noise = torch.randn(picture.shape, generator=self._dice(frame, noisy))
        return sarp.perturbed_by(picture[None], noise[None], self._how.sarp)[0]

    def _dice(self, frame: int, what: str) -> torch.Generator:
        """Noise that follows from the frame alone."""
        seed = int.from_bytes(identity(f"{self._frames.digest(frame).hex()} {what}")[:7].tolist(), "big")
        return torch.Generator().manual_seed(seed)

    def _entry(
        self, what: str, settings: Mapping[str, SettingValue], clips: Clips, make: Callable[[], dict[str, Tensor]]
    ) -> dict[str, Tensor]:
        key = self._key(what, settings, clips)
        if what == "latents" and key not in self.keys:
            self.keys.append(key)
        found = self._ctx.cache.load(key)
        if found is None:
            self._ctx.cache.save(key, to_arrays(make()))
            found = self._ctx.cache.load(key)
            assert found is not None
        return from_arrays(found)

    def _key(self, what: str, settings: Mapping[str, SettingValue], clips: Clips) -> str:
        return entry_key(
            engine=self._spec.engine,
            version=self._spec.version,
            settings={**settings, "what": what, "lengths": str([len(c) for c in clips])},
            model_revision=self._spec.model_revision,
            dtype=self._spec.dtype,
            prompt="",
            digests=[self._frames.digest(f) for clip in clips for f in clip],
        )
