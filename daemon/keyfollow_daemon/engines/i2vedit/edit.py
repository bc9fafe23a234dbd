"""The edit of one clip: from the source's noise, with its motion LoRA, to the video that the edited first frame begins (spec §§ 5, 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from keyfollow_daemon.engines.diffusion import edm

from .attention import Call
from .features import Features
from .lora import MotionLora
from .matching import Match, Matching, Watch
from .network import Conditioning, Network
from .source import Source

At = Callable[[int], Features]


class ClipEdit:
    """`advance` once for each of the sampler's steps; `x` ``(F, 4, h, w)`` float32 is the latent video after `step` of them.

    Args:
        weights: of the clip's motion LoRA; None edits with the plain network.
        given: of the edit, one video; the unconditional one is added where guidance asks for it.
        guidance: at the last frame; it rises evenly from 1 at the first.
        matching: None lets the edit's attention be its own.
        anchor: the first clip's features at a step of its own edit, with values, for skip-interval attention.
        inside: ``(F, 1, h, w)`` in 0…1; where it is 0 the source is kept at every step.
        watch: is shown what matching did.
    """

    def __init__(
        self,
        network: Network,
        lora: MotionLora,
        weights: Mapping[str, Tensor] | None,
        source: Source,
        given: Conditioning,
        sigmas: Sequence[float],
        guidance: float = 2.0,
        matching: Matching | None = None,
        anchor: At | None = None,
        inside: Tensor | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._network, self._lora, self._weights, self._source = network, lora, weights, source
        self._sigmas, self._matching, self._anchor, self._inside, self._watch = sigmas, matching, anchor, inside, watch
        self._guided = guidance != 1
        self._given = given.guided() if self._guided else given
        self.x = source.trajectory[-1]
        self.step = 0
        self.clean: Tensor | None = None
        """What the last step took `x` for, without its noise."""
        self.trail: list[Tensor] = []
        """What each step began with."""
        self._guidance = torch.linspace(1.0, guidance, len(self.x), device=self.x.device)[:, None, None, None]

    @property
    def steps(self) -> int:
        return len(self._sigmas) - 1

    @torch.no_grad()
    def advance(self) -> Tensor:
        """One step; v with guidance, as it was used."""
        sigma, target = self._sigmas[self.step : self.step + 2]
        v = self._velocity(self.step, self.x)
        self.trail.append(self.x)
        self.clean = x0 = edm.predicted_clean(self.x, v, sigma)
        x = edm.euler_step(self.x, x0, sigma, target)
        if self._inside is not None:
            kept = self._source.trajectory[self.steps - 1 - self.step]
            x = kept + self._inside * (x - kept)
        self.x, self.step = x, self.step + 1
        return v

    @torch.no_grad()
    def features(self, step: int) -> Features:
        """What a step that is done saw in its temporal layers, with values, for later clips."""
        made = Features(values=True, temporal_only=True)
        self._velocity(step, self.trail[step], made)
        return made

    def resume(self, x: Tensor, trail: Sequence[Tensor]) -> None:
        """Go on from `x` after the steps that began with `trail`."""
        self.x, self.trail, self.step = x, list(trail), len(trail)

    def _velocity(self, step: int, x: Tensor, capture: Features | None = None) -> Tensor:
        entry = self.steps - 1 - step
        match = source_anchor = None
        if self._matching is not None:
            match = Match(self._matching, self._source.at(entry), step, self.steps)
            if self._source.anchor is not None:
                source_anchor = self._source.anchor.at(entry)
        anchor = None if self._anchor is None else self._anchor(step)
        call = Call(capture=capture, match=match, anchor=anchor, source_anchor=source_anchor, watch=self._watch)
        videos = x[None].expand(2 if self._guided else 1, *x.shape)
        if self._weights is None:
            out = self._network(videos, self._sigmas[step], self._given, call)
        else:
            with self._lora.using(self._weights):
                out = self._network(videos, self._sigmas[step], self._given, call)
        return out[0] + self._guidance * (out[1] - out[0]) if self._guided else out[0]
