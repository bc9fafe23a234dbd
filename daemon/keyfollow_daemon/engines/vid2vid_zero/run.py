"""One edit pass over one edit: window by window, from where an interrupted run goes on, and what is handed out.

What a window leaves in memory is small and of one size, whatever the clip's length: the latents, at every step, of the frames that it
shares with a neighbour, and of the first frame, which without keyframes is every later window's anchor.

Several prompts are drawn together: each is a job of its own, the first to run draws for all of them, the others find it done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import torch
from torch import Tensor

from keyfollow_daemon.engines.base import Context, Edit, EditedFrame, Frames
from keyfollow_daemon.engines.diffusion import ddim
from keyfollow_daemon.engines.diffusion.arrays import from_arrays, to_arrays
from keyfollow_daemon.engines.diffusion.handout import Handout, similarity
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_daemon.engines.diffusion.locality import Locality
from keyfollow_daemon.engines.diffusion.pace import Pace, identity
from keyfollow_daemon.engines.diffusion.preview import LatentColours

from .denoise import Denoiser, Seam, Source
from .drawn import Drawn, DrawnFrame
from .info import windows_of
from .keyframes import Keyframes
from .network import VideoNetwork
from .null_text import used_from
from .options import Editing, Preparing, together
from .plan import Plan
from .prepared import Prepared, PreparedWindow
from .targets import target
from .windows import Window, fading, order, touching

CHECKPOINT = "edit pass"


class Run:
    """See `frames`."""

    def __init__(
        self,
        frames: Frames,
        edit: Edit,
        ctx: Context,
        model: Model,
        network: VideoNetwork,
        prepared: Prepared,
        levels: ddim.Schedule,
        how: Preparing,
        what: Editing,
        plan: Plan,
    ) -> None:
        self._edit, self._ctx, self._model, self._network, self._prepared = edit, ctx, model, network, prepared
        self._levels, self._how, self._what = levels, how, what
        self._keys = {k.frame: k for k in edit.keyframes}
        self._prompts = together(edit, prepared.prompt)
        self._own = 1 + self._prompts.index(edit.prompt or prepared.prompt)
        """Which video is this run's; 0 is the source."""
        guidance = what.sampling.guidance
        if self._keys and edit.prompt in ("", prepared.prompt):
            # without a prompt of its own there is nothing to be guided towards: what is right already would drift away from itself
            guidance = 1.0
        self._sampling = replace(what.sampling, guidance=guidance, apart=plan.apart)
        self._targets = [target(model.text, prepared.prompt, p, what, len(levels), model.device) for p in self._prompts]
        every = windows_of(frames.count, edit.settings)
        texts = {p: t.text for p, t in zip(self._prompts, self._targets, strict=True)}
        self._keyframes = Keyframes(edit.keyframes, every, prepared, texts, ctx)
        self._windows = order(touching(every, edit.range.start, edit.range.stop), sorted(self._keys))
        self._to_come = {w.number: w for w in self._windows}
        """By number, windows that are not begun."""
        self._locality = Locality(frames, edit, ctx, prepared.size)
        self._handout = Handout(frames, edit, ctx, prepared.size, model.vae, self._locality)
        pictures = [(k.frame, k.image.digest()) for k in edit.keyframes]
        self._identity = repr(
            (self._windows, pictures, self._prompts, prepared.prompt, how, what, plan.precision, levels.timesteps)
        )
        self._pace = Pace()
        self._done = 0
        self._edges: dict[tuple[int, int], Tensor] = {}
        """By (window, neighbour to come): latents of the frames they share, `Seam.levels`."""
        self._anchor: Tensor | None = None
        """``(S + 1, videos, 4, h, w)`` of the first window's first frame."""
        self._drawn = Drawn(ctx)

    def frames(self) -> Iterator[EditedFrame]:
        """Every wanted frame once: keyframes first, then window by window, those between drawn ones last."""
        wanted, keys = set(self._edit.wanted), set(self._keys)
        for frame in sorted(wanted & keys):
            self._ctx.check()
            yield self._handout.keyframe(self._keys[frame])
        every = sorted({f for w in self._windows for f in w.frames} - keys)
        between = bool(wanted - set(every) - keys)
        left = wanted - keys
        for finished in self._draw() if left else ():
            if not between:
                for frame in sorted(left & set(finished)):
                    left.discard(frame)
                    yield self._finished(frame)
                if not left:
                    break
        if between:
            yield from self._handout.with_those_between(every, self._finished)
        total = len(self._windows) * len(self._levels)
        self._ctx.progress("Propagating", total, total)

    def _finished(self, frame: int) -> EditedFrame:
        found = self._drawn[frame]
        edited, source = found.latents
        return self._handout.drawn(frame, edited, source, found.confidence)

    def _draw(self) -> Iterator[list[int]]:
        """Frames whose latents are final, as they become so; those that an interrupted run, or another job, has drawn first."""
        found, kept = self._restore()
        if len(self._prompts) > 1 and not found and not kept:
            prompt = self._prompts[self._own - 1]
            found = self._drawn.take({w.number: self._key(w, prompt) for w in self._windows}) or []
        self._done = len(found)
        yield from found
        for window in self._windows[self._done :]:
            yield self._window(window, kept)
            kept = {}

    def _window(self, window: Window, kept: dict[str, Tensor]) -> list[int]:
        steps, total = len(self._levels), len(self._windows) * len(self._levels)
        del self._to_come[window.number]
        prepared = self._prepared[window]
        slots = self._slots(window)
        made = self._denoiser(window, prepared, slots)
        first = self._prepared.picture(window.frames[0])
        colours = LatentColours(prepared.trajectory[0, 0], first, self._prepared.size)
        trail = [made.x.cpu()]
        if kept:
            made.resume({n.removeprefix("denoiser "): t for n, t in kept.items() if n.startswith("denoiser ")})
            trail = list(kept["trail"])
        while made.step < steps:
            self._ctx.check()
            preview = colours.preview(None if made.clean is None else made.clean[self._own, len(window.frames) // 2])
            self._ctx.progress("Propagating", self._done * steps + made.step, total, preview)
            made.advance()
            trail.append(made.x.cpu())
            if made.step < steps and self._pace.due():
                with self._pace:
                    self._checkpoint({f"denoiser {n}": t for n, t in made.state().items()} | {"trail": torch.stack(trail)})
        self._leave(window, torch.stack(trail))
        finished = self._keep(window, made.x, prepared.trajectory[0], slots)
        self._done += 1
        if self._pace.due():
            with self._pace:
                self._checkpoint({})
        return finished

    def _denoiser(self, window: Window, prepared: PreparedWindow, slots: Tensor | None) -> Denoiser:
        guided = self._how.method == "null_text"
        source = Source(
            prepared.trajectory, self._prepared.source, self._empty(prepared), guided, reset=self._how.method == "direct"
        )
        mask = None
        if self._locality:
            masks = [m for f in window.frames if (m := self._locality.latent(f)) is not None]
            mask = torch.stack(masks).to(self._model.device)
        return Denoiser(self._network, self._levels, source, self._targets, self._sampling, slots, self._seams(window), mask)

    def _empty(self, prepared: PreparedWindow) -> list[Tensor]:
        if self._how.method == "negative_prompt":
            return [self._prepared.source] * len(self._levels)
        if prepared.embeddings is None:
            return [self._prepared.empty] * len(self._levels)
        found, ratio = prepared.embeddings, self._what.null_ratio
        return [used_from(found, self._prepared.empty, step, ratio) for step in range(len(self._levels))]

    def _slots(self, window: Window) -> Tensor | None:
        if self._keys:
            return self._keyframes.slots(window)
        return None if self._anchor is None else self._anchor[:, :, None]

    def _seams(self, window: Window) -> list[Seam]:
        seams = []
        for other in (window.number - 1, window.number + 1):
            levels = self._edges.get((other, window.number))
            if levels is not None:
                shared = levels.shape[2]
                first = 0 if other < window.number else len(window.frames) - shared
                seams.append(Seam(tuple(range(first, first + shared)), fading(shared, other < window.number), levels))
        return seams

    def _shared(self, window: Window, other: int) -> list[int]:
        """Frames of `window` that the window numbered `other`, if that is to come, will make anew."""
        following = self._to_come.get(other)
        return [] if following is None else [f for f in window.frames if f in following.frames]

    def _leave(self, window: Window, trail: Tensor) -> None:
        for other in (window.number - 1, window.number + 1):
            self._edges.pop((other, window.number), None)
            places = [window.frames.index(f) for f in self._shared(window, other)]
            if places:
                self._edges[window.number, other] = trail[:, :, places]
        if not self._keys and self._anchor is None and len(self._windows) > 1:
            self._anchor = trail[:, :, 0].clone()

    def _keep(self, window: Window, latents: Tensor, clean: Tensor, slots: Tensor | None) -> list[int]:
        """Put by what no later window changes any more, of all videos."""
        later = {f for n in (window.number - 1, window.number + 1) for f in self._shared(window, n)}
        finished = {f: at for at, f in enumerate(window.frames) if f not in later and f not in self._keys}
        sure = {f: self._confidence(window, f, clean, slots) for f in finished}
        for video, prompt in enumerate(self._prompts, 1):
            frames = {f: DrawnFrame(torch.stack([latents[video, at], clean[at]]), sure[f]) for f, at in finished.items()}
            if video == self._own:
                self._drawn.put(window.number, frames)
            else:
                self._drawn.give(self._key(window, prompt), frames)
        return list(finished)

    def _key(self, window: Window, prompt: str) -> str:
        """Under which the jobs that draw together find what one of them has drawn."""
        return hashlib.sha256(repr((self._together, window.number, prompt)).encode()).hexdigest()

    @cached_property
    def _together(self) -> str:
        """All that the latents of this run depend on."""
        edit = self._edit
        masks = [(m.role, m.frame, hashlib.sha256(m.weight.tobytes()).hexdigest()) for m in edit.masks]
        source = [self._prepared.keys(w) for w in self._windows], [self._keyframes.name(f) for f in self._keys]
        return repr((self._identity, source, sorted(edit.settings.items()), masks))

    def _confidence(self, window: Window, frame: int, clean: Tensor, slots: Tensor | None) -> float:
        """How alike the source is here and at the nearest anchor: where little is found again, little could be carried."""
        own = clean[window.frames.index(frame)]
        if not self._keys:
            anchor = clean[0] if self._anchor is None or slots is None else slots[-1, 0, 0]
            return similarity(own, anchor.to(own))
        near = self._keyframes.near(window)
        nearest = min(near, key=lambda k: (abs(k - frame), k))
        return similarity(own, self._keyframes.levels(nearest)[-1, 0].to(own))

    def _checkpoint(self, inside: dict[str, Tensor]) -> None:
        state = {"identity": identity(self._identity), "done": torch.tensor(self._done), **inside}
        state |= {f"edge.{a}.{b}": t for (a, b), t in self._edges.items()}
        if self._anchor is not None:
            state["anchor"] = self._anchor
        self._ctx.checkpoint(CHECKPOINT, to_arrays(state))

    def _restore(self) -> tuple[list[list[int]], dict[str, Tensor]]:
        """Take up an interrupted run's state: the frames of the windows that it had finished, and what it had of the next one."""
        kept = self._ctx.restore(CHECKPOINT)
        if kept is None:
            return [], {}
        state = from_arrays(kept)
        if not torch.equal(state["identity"], identity(self._identity)):
            return [], {}
        done = [w.number for w in self._windows[: int(state["done"])]]
        found = self._drawn.find(done)
        if found is None:
            return [], {}
        self._anchor = state.get("anchor")
        for number in done:
            del self._to_come[number]
        for name, tensor in state.items():
            kind, *numbers = name.split(".")
            if kind == "edge":
                self._edges[int(numbers[0]), int(numbers[1])] = tensor
        return found, state if "trail" in state else {}
