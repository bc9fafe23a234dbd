"""One edit pass over one edit: which frames are drawn, in which order, from where an interrupted run goes on, and what is handed out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from keyfollow_daemon.engines.base import Context, Edit, EditedFrame, Frames
from keyfollow_daemon.engines.diffusion import ddim
from keyfollow_daemon.engines.diffusion.arrays import from_arrays, to_arrays
from keyfollow_daemon.engines.diffusion.handout import Handout, similarity
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_daemon.engines.diffusion.locality import Locality
from keyfollow_daemon.engines.diffusion.memory import Plan
from keyfollow_daemon.engines.diffusion.pace import Pace, identity
from keyfollow_daemon.engines.diffusion.preview import LatentColours

from .anchors import Anchors
from .denoise import Denoiser
from .graph import Graph, keyframe_driven, prompt_driven
from .options import options_of
from .order import Batch, order
from .prepared import Prepared

CHECKPOINT = "edit pass"


class Run:
    """See `frames`."""

    def __init__(
        self,
        frames: Frames,
        edit: Edit,
        ctx: Context,
        model: Model,
        prepared: Prepared,
        levels: ddim.Schedule,
        plan: Plan,
        source_prompt: str,
    ) -> None:
        self._source, self._edit, self._ctx, self._model, self._prepared = frames, edit, ctx, model, prepared
        self._levels, self._plan = levels, plan
        self._options = options_of(edit.settings, edit.draft)
        self._keyframes = {k.frame: k for k in edit.keyframes}
        if self._keyframes:
            # without a prompt of its own there is nothing to be guided towards: what is right already would drift away from itself
            guidance = 1.0 if edit.prompt in ("", source_prompt) else self._options.guidance
            self._options = replace(self._options, guidance=guidance, relative=bool(edit.settings["relative_pull"]))
        self._locality = Locality(frames, edit, ctx, prepared.size)
        self._wanted = set(edit.wanted)
        self._drawn = self._frames_to_draw()
        target, negative = edit.prompt or source_prompt, str(edit.settings["negative_prompt"])
        self._anchors = Anchors(prepared, model, target, edit.settings["keyframe_depth"] == "edited", ctx)
        self._graph = self._graph_of_run()
        follows = bool(self._keyframes) and bool(edit.settings["follow_source"])
        self._denoiser = Denoiser(
            model.backbone,
            levels,
            self._graph,
            self._options,
            self,
            model.text(target),
            model.text(negative),
            source=model.text(source_prompt) if follows else None,
        )
        pictures = [(k.frame, k.image.digest()) for k in edit.keyframes]
        how = (self._options, self._schedule(), plan.width, plan.precision, levels.timesteps)
        self._identity = repr((self._graph, pictures, target, negative, follows, how))
        self._handout = Handout(frames, edit, ctx, prepared.size, model.vae, self._locality)
        self._finals: dict[int, Tensor] = {}
        self._shares: dict[int, float] = {}

    def frames(self) -> Iterator[EditedFrame]:
        """Every wanted frame once: keyframes first, then as they are finished, those between drawn ones last."""
        for frame in sorted(self._wanted & self._keyframes.keys()):
            self._ctx.check()
            yield self._handout.keyframe(self._keyframes[frame])
        for key in self._edit.keyframes:
            self._anchors.invert(key)
        stride = self._between()
        for frame in self._draw():
            if not stride and frame in self._wanted:
                yield self._finished(frame)
        if stride:
            yield from self._handout.with_those_between(self._drawn, self._finished)

    # what the denoiser asks (denoise.Supply)
    def depth(self, frame: int) -> Tensor | None:
        return self._anchors.depth(frame) if frame in self._anchors else self._prepared[frame].depth

    def level(self, frame: int, step: int) -> Tensor:
        return self._prepared[frame].level(len(self._levels) - step)

    def given(self, frame: int, step: int) -> Tensor:
        return self._anchors.level(frame, len(self._levels) - step)

    def mask(self, frame: int) -> Tensor | None:
        return self._locality.latent(frame)

    def _frames_to_draw(self) -> list[int]:
        edit, stride = self._edit, int(self._edit.settings["stride"])
        first, last = edit.range.start, edit.range.stop - 1
        if not self._keyframes:
            return [f for f in range(first, last + 1) if f % stride == 0 or f == (last if self._options.reverse else first)]
        first, last = min(first, *self._keyframes), max(last, *self._keyframes)
        return [f for f in range(first, last + 1) if f % stride == 0 and f not in self._keyframes]

    def _graph_of_run(self) -> Graph:
        if self._keyframes:
            return keyframe_driven(self._drawn, sorted(self._keyframes), self._options)
        return prompt_driven(self._drawn, self._options)

    def _between(self) -> list[int]:
        return sorted(self._wanted - set(self._drawn) - self._keyframes.keys())

    def _draw(self) -> Iterator[int]:
        """Frames whose latents are final, as they become so; those of an interrupted run first."""
        done = self._restore()
        left = {f for f in self._drawn if f in self._wanted or self._between()}
        for frame in [f for f in self._drawn if self._shares.get(f, 0) > 1 - 1e-6]:
            left.discard(frame)
            yield frame
        total, pairs = len(self._graph) * len(self._levels), 0
        pace = Pace()
        batches = self._order()
        first = self._graph[0].frame
        colours = LatentColours(self._prepared[first].level(0), self._prepared.picture(first), self._prepared.size)
        for number, batch in enumerate(batches):
            pairs += len(batch.pairs)
            if number < done:
                continue
            if not left:
                break
            self._ctx.check()
            self._ctx.progress("Propagating", pairs - len(batch.pairs), total, colours.preview(self._denoiser.clean))
            self._denoiser.evaluate(batch.pairs)
            ready = self._collect(batch)
            if batch.settled and pace.due():
                with pace:
                    self._checkpoint(number + 1)
            for frame in ready:
                left.discard(frame)
                yield frame
        self._ctx.progress("Propagating", total, total)

    def _schedule(self) -> str:
        return "frame" if self._plan.by_frame else "wave" if self._plan.width > 1 else "step"

    def _order(self) -> Iterator[Batch]:
        return order(self._schedule(), self._graph, len(self._levels), self._plan.width, self._options.lag)

    def _collect(self, batch: Batch) -> list[int]:
        ready = []
        for number in (n for n, s in batch.pairs if s == len(self._levels) - 1):
            node, latent = self._graph[number], self._denoiser.latents.pop(number)
            if node.given:
                continue
            frame = node.frame
            self._finals[frame] = self._finals.get(frame, torch.zeros_like(latent)) + node.share * latent
            self._shares[frame] = self._shares.get(frame, 0.0) + node.share
            if self._shares[frame] > 1 - 1e-6:
                ready.append(frame)
        return ready

    def _checkpoint(self, done: int) -> None:
        finals = {f"final.{f}": x for f, x in self._finals.items()}
        shares = torch.tensor([[f, s] for f, s in self._shares.items()], dtype=torch.float64).reshape(-1, 2)
        about = {"done": torch.tensor(done), "shares": shares, "identity": identity(self._identity)}
        state = {f"denoiser {name}": t for name, t in self._denoiser.state().items()}
        self._ctx.checkpoint(CHECKPOINT, to_arrays({**about, **finals, **state}))

    def _restore(self) -> int:
        """How many batches an interrupted run had done; its state is taken up. Another order starts anew."""
        kept = self._ctx.restore(CHECKPOINT)
        if kept is None:
            return 0
        state = from_arrays(kept, self._model.device)
        if not torch.equal(state["identity"].cpu(), identity(self._identity)):
            return 0
        for name, tensor in state.items():
            if name.startswith("final."):
                self._finals[int(name.removeprefix("final."))] = tensor
        self._shares = {int(f): s for f, s in state["shares"].tolist()}
        self._denoiser.resume({n.removeprefix("denoiser "): t for n, t in state.items() if n.startswith("denoiser ")})
        return int(state["done"])

    def _finished(self, frame: int) -> EditedFrame:
        return self._handout.drawn(frame, self._finals[frame], self._prepared[frame].level(0), self._confidence(frame))

    def _confidence(self, frame: int) -> float:
        """How alike the source is here and at the nearest anchor: where little is found again, little could be carried."""
        nearest = min(self._keyframes or [self._graph[0].frame], key=lambda k: (abs(k - frame), k))
        if nearest == frame:
            return 1.0
        return similarity(self._prepared[frame].level(0), self._prepared[nearest].level(0))
