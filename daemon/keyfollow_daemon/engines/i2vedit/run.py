"""One edit pass over one edit: chain by chain, clip by clip, from where an interrupted run goes on, and what is handed out.

What a clip leaves behind is small and of one size, whatever the chain's length: the frame that it hands to the next one, frames that are
still to be blended, and of the first clip what its steps began with, since skip-interval attention asks for its features again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from keyfollow_daemon.engines.base import Context, Edit, EditedFrame, Frames
from keyfollow_daemon.engines.diffusion import vae
from keyfollow_daemon.engines.diffusion.arrays import from_arrays, to_arrays
from keyfollow_daemon.engines.diffusion.handout import Handout, similarity
from keyfollow_daemon.engines.diffusion.locality import Locality
from keyfollow_daemon.engines.diffusion.pace import Pace, identity
from keyfollow_daemon.engines.patch.pixels import guide

from .clips import Chain, following_share
from .conditioning import NOISE_AUGMENTATION
from .edit import At, ClipEdit
from .features import FeatureStore
from .handover import held
from .lora import MotionLora
from .model import Model
from .network import Conditioning
from .options import Editing
from .prepared import Prepared

CHECKPOINT = "edit pass"
WHOLE = 1 - 1e-6


class Run:
    """See `frames`."""

    def __init__(
        self,
        frames: Frames,
        edit: Edit,
        ctx: Context,
        model: Model,
        lora: MotionLora,
        prepared: Prepared,
        chains: Sequence[Chain],
        how: Editing,
        overlap: int,
        budget: int,
        about: str,
    ) -> None:
        self._edit, self._ctx, self._model, self._lora, self._prepared = edit, ctx, model, lora, prepared
        self._chains, self._how, self._overlap = chains, how, overlap
        self._keys = {k.frame: k for k in edit.keyframes}
        self._places = [(chain, number) for chain in chains for number in range(len(chain.clips))]
        self._locality = Locality(frames, edit, ctx, prepared.sizes.work)
        self._handout = Handout(frames, edit, ctx, prepared.sizes.work, model.vae, self._locality)
        self._store = FeatureStore(model.device)
        self._store.budget = budget
        """Of the first clip's edit, for the clips after it."""
        pictures = [(k.frame, k.image.digest()) for k in edit.keyframes]
        masks = [(m.role, m.frame, m.weight.tobytes()) for m in edit.masks]
        self._identity = repr((chains, pictures, masks, how, dict(edit.settings), edit.seed, edit.draft, about))
        self._pace = Pace()
        self._done = 0
        self._before: Tensor | None = None
        """``(4, h, w)`` scaled: the frame that the clip before handed over; and as a picture, ``(3, H, W)`` in -1…1."""
        self._picture_of_last: Tensor | None = None
        self._first: ClipEdit | None = None
        self._first_trail: Tensor | None = None
        self._parts: dict[int, tuple[Tensor, float]] = {}
        """By frame, latents that more is to be blended with: their weighted sum, and the weights'."""
        self._drawn: dict[int, Tensor] = {}
        """Final latents of the clip that was finished last."""

    def frames(self) -> Iterator[EditedFrame]:
        """Every wanted frame once: keyframes first, then clip by clip, those between drawn ones last."""
        wanted, keys = set(self._edit.wanted), set(self._keys)
        for frame in sorted(wanted & keys):
            self._ctx.check()
            yield self._handout.keyframe(self._keys[frame])
        left = wanted - keys
        drawn_ones = {f for chain in self._chains for clip in chain.clips for f in clip.frames} - keys
        between = bool(left - drawn_ones)
        made: dict[int, EditedFrame] = {}
        for finished in self._draw(left, between):
            for drawn in self._decoded(finished, None if between else left):
                if between:
                    made[drawn.frame] = drawn
                elif drawn.frame in left:
                    left.discard(drawn.frame)
                    yield drawn
        if between:
            yield from self._handout.with_those_between(made, made.__getitem__)
        total = self._total
        self._ctx.progress("Propagating", total, total)

    @property
    def _total(self) -> int:
        return len(self._places) * (len(self._prepared.sigmas) - 1)

    # --- drawing ---

    def _draw(self, left: set[int], keep_all: bool) -> Iterator[dict[int, Tensor]]:
        """Final latents by frame, as they become final; those that an interrupted run left first."""
        kept = self._restore(left, keep_all)
        if self._drawn:
            yield self._drawn
        for place in range(self._done, len(self._places)):
            if not left:
                return
            before = self._drawn if keep_all else {}
            finished = self._clip(place, kept, before)
            kept = {}
            yield finished

    def _clip(self, place: int, kept: dict[str, Tensor], before: dict[int, Tensor]) -> dict[int, Tensor]:
        chain, number = self._places[place]
        steps = len(self._prepared.sigmas) - 1
        if number == 0:
            self._first, self._first_trail, self._before = None, None, None
            self._store.forget()
        made, colours = self._edit_of(chain, number), self._prepared.colours(chain.clips[number].frames[0])
        if kept:
            made.resume(kept["x"].to(made.x), list(kept["trail"].to(made.x)))
        while made.step < steps:
            self._ctx.check()
            # the frame that is farthest from what the clip begins with
            preview = colours.preview(None if made.clean is None else made.clean[-1])
            self._ctx.progress("Propagating", place * steps + made.step, self._total, preview)
            made.advance()
            if made.step < steps and self._pace.due():
                with self._pace:
                    self._checkpoint({"x": made.x, "trail": torch.stack(made.trail)})
        if number == 0 and self._prepared.skips(chain):
            self._first, self._first_trail = made, torch.stack(made.trail)
        finished = self._add(chain, number, made.x)
        self._done, self._drawn = place + 1, {**before, **finished}
        if self._pace.due():
            with self._pace:
                self._checkpoint({})
        return finished

    def _edit_of(self, chain: Chain, number: int) -> ClipEdit:
        anchor: At | None = None
        if number and self._prepared.skips(chain):
            first = self._first or self._recalled(chain)
            anchor = lambda step: self._store.get(step, lambda: first.features(step))  # noqa: E731
        return self._made(chain, number, self._given(chain, number), anchor)

    def _made(self, chain: Chain, number: int, given: Conditioning, anchor: At | None) -> ClipEdit:
        inside = None
        if self._locality:
            masks = [m for f in chain.clips[number].frames if (m := self._locality.latent(f)) is not None]
            inside = torch.stack(masks).to(self._model.device)
        return ClipEdit(
            self._model.network,
            self._lora,
            self._prepared.weights(chain, number),
            self._prepared.source(chain, number),
            given,
            self._prepared.sigmas,
            self._how.guidance,
            self._how.matching,
            anchor,
            inside,
        )

    def _recalled(self, chain: Chain) -> ClipEdit:
        """The first clip's edit as an interrupted run left it."""
        assert self._first_trail is not None
        self._first = self._made(chain, 0, self._given_first(chain), None)
        trail = self._first_trail.to(self._model.device)
        self._first.resume(trail[-1], list(trail))
        return self._first

    # --- what a clip begins with ---

    def _given(self, chain: Chain, number: int) -> Conditioning:
        if number == 0:
            return self._given_first(chain)
        assert self._before is not None and self._picture_of_last is not None
        return self._conditioning(chain, number, self._picture_of_last, self._before / self._model.vae.scale)

    def _given_first(self, chain: Chain) -> Conditioning:
        picture = self._key_picture(chain)
        return self._conditioning(chain, 0, picture, self._model.vae.mean(picture[None])[0])

    def _conditioning(self, chain: Chain, number: int, picture: Tensor, latent: Tensor) -> Conditioning:
        """`picture` ``(3, h, w)`` in -1…1, `latent` ``(4, h, w)`` unscaled: with noise, the same for all frames (spec § 5)."""
        device = self._model.device
        seed = int.from_bytes(identity(f"{self._edit.seed} {chain.key} {number}")[:7].tolist(), "big")
        noise = torch.randn(latent.shape, generator=torch.Generator().manual_seed(seed)).to(latent)
        frames = len(chain.clips[number].frames)
        shown = (latent + NOISE_AUGMENTATION * noise).to(device).expand(1, frames, *latent.shape)
        return Conditioning(self._model.image(picture).to(device), shown, self._how.ids)

    def _key_picture(self, chain: Chain) -> Tensor:
        return vae.from_bytes(self._prepared.sizes.work.shrink(guide(self._keys[chain.key].image)))

    # --- what a clip leaves ---

    def _add(self, chain: Chain, number: int, x: Tensor) -> dict[int, Tensor]:
        """Blend the clip's latents with what others made of the same frames; those that are final now."""
        clip = chain.clips[number].frames
        more = number + 1 < len(chain.clips)
        shared = self._overlap
        for at, frame in enumerate(clip):
            weight = chain.weight(frame)
            if number and at < shared:
                weight *= following_share(shared, at)
            if more and at >= len(clip) - shared:
                weight *= 1 - following_share(shared, at - len(clip) + shared)
            if frame not in self._keys and weight:
                total, weights = self._parts.get(frame, (torch.zeros_like(x[at], device="cpu"), 0.0))
                self._parts[frame] = (total + weight * x[at].cpu(), weights + weight)
        if more:
            self._hand_over(chain, clip, x)
        final = sorted(f for f, (_, weights) in self._parts.items() if weights >= WHOLE)
        return {f: self._parts.pop(f)[0] for f in final}

    def _hand_over(self, chain: Chain, clip: tuple[int, ...], x: Tensor) -> None:
        at = len(clip) - self._overlap
        latent = x[at]
        if self._how.hold_colours and not self._locality:
            key = self._model.vae.mean(self._key_picture(chain)[None])[0] * self._model.vae.scale
            source, key_source = (self._prepared.latents(f)["sample"] for f in (clip[at], chain.key))
            latent = held(latent, source, key, key_source)
        self._before = latent
        # decoded with the frames that it stands among
        start = at - at % self._model.vae.together
        among = x[start : start + self._model.vae.together].clone()
        among[at - start] = latent
        self._picture_of_last = _rounded(self._model.vae.decode(among)[at - start])

    def _decoded(self, latents: dict[int, Tensor], left: set[int] | None) -> Iterator[EditedFrame]:
        """Frames from their latents, decoded with their neighbours: always the same ones, whichever of them are wanted."""
        together = self._model.vae.together
        frames = sorted(latents)
        for start in range(0, len(frames), together):
            group = frames[start : start + together]
            if left is not None and not left & set(group):
                continue
            edited = self._model.vae.decode(torch.stack([latents[f] for f in group]))
            sources = [self._prepared.latents(f)["sample"] for f in group]
            roundtrip = self._model.vae.decode(torch.stack(sources))
            for at, frame in enumerate(group):
                self._ctx.check()
                sure = self._confidence(frame, sources[at])
                yield self._handout.pictured(frame, vae.to_values(edited[at]), vae.to_values(roundtrip[at]), sure)

    def _confidence(self, frame: int, source: Tensor) -> float:
        """How alike the source is here and at the nearest keyframe: where little is found again, little could be carried."""
        nearest = min(self._keys, key=lambda k: (abs(k - frame), k))
        return similarity(source, self._prepared.latents(nearest)["sample"])

    # --- interruption ---

    def _checkpoint(self, inside: dict[str, Tensor]) -> None:
        state = {"identity": identity(self._identity), "done": torch.tensor(self._done), **inside}
        if self._first_trail is not None:
            state["first"] = self._first_trail
        if self._before is not None and self._picture_of_last is not None:
            state |= {"before": self._before, "picture": self._picture_of_last}
        for frame, (total, weight) in self._parts.items():
            state |= {f"part.{frame}": total, f"weight.{frame}": torch.tensor(weight, dtype=torch.float64)}
        state |= {f"drawn.{frame}": latent for frame, latent in self._drawn.items()}
        self._ctx.checkpoint(CHECKPOINT, to_arrays(state))

    def _restore(self, left: set[int], keep_all: bool) -> dict[str, Tensor]:
        """Take up an interrupted run's state; what it had of a clip in the middle."""
        kept = self._ctx.restore(CHECKPOINT)
        if kept is None:
            return {}
        state = from_arrays(kept)
        if not torch.equal(state["identity"], identity(self._identity)):
            return {}
        drawn, parts = (
            {int(n.split(".")[1]): t for n, t in state.items() if n.startswith(f"{kind}.")} for kind in ("drawn", "part")
        )
        done = int(state["done"])
        to_come = {f for chain, number in self._places[done:] for f in chain.clips[number].frames}
        if not keep_all and left - to_come - set(parts) - set(drawn):
            # frames that were handed out and then lost: they are not in reach from here
            return {}
        self._done, self._drawn = done, drawn
        self._parts = {f: (t, float(state[f"weight.{f}"])) for f, t in parts.items()}
        self._first_trail = state.get("first")
        if "before" in state:
            self._before, self._picture_of_last = state["before"].to(self._model.device), state["picture"]
        return state if "x" in state else {}


def _rounded(decoded: Tensor) -> Tensor:
    """A decoded picture as 8 bits would hold it, in -1…1."""
    return ((decoded / 2 + 0.5).clamp(0, 1) * 255).round() / 127.5 - 1
