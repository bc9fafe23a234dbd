"""The joint sampling of a source video and of its edits (spec § 7), over the frames of one window.

At step i, from latents x of the source (video 0) and of each target, all starting from the same noise:

    u, c    = network(x, t), without and with each video's prompt, in one call: [u source, u targets, c source, c targets]
    eps     = u + s (c - u)
    x0      = (x - sqrt(1 - a) eps) / sqrt(a), moved by the spatial loss
    x'      = the sampler's step

The conditional half's cross-attention of a target follows the source's (`injection`). The unconditional half of a source that is held to
its trajectory by other means is not computed, nor the source itself once nothing follows it any more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from keyfollow_daemon.engines.diffusion.ddim import Schedule, guided, noised, predicted_clean

from .call import Pair, WordMaps
from .injection import Injection
from .local_blend import LocalBlend
from .network import VideoNetwork
from .spatial import SpatialLoss

DDIM, DPM = "ddim", "dpm++2m"
OFF = SpatialLoss()


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One edit: its prompt's embedding ``(1, 77, D)``, and what it takes from the source."""

    text: Tensor
    injection: Injection | None = None
    blend: LocalBlend | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """The video that is edited.

    Args:
        trajectory: ``(S + 1, F, 4, h, w)``, clean first.
        text: embedding of its prompt.
        empty: by step the embedding of "no prompt", ``(1, 77, D)``, for targets and source.
        guided: the source goes its own way, with guidance (null-text); else on its prompt alone.
        reset: it is set back to the trajectory at every step (direct inversion).
    """

    trajectory: Tensor
    text: Tensor
    empty: Sequence[Tensor]
    guided: bool = False
    reset: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Seam:
    """Frames of this window that another one has made before.

    Args:
        places: which frames of the window.
        weights: how much of the other's latents is kept, per place.
        levels: ``(S + 1, videos, len(places), 4, h, w)``, as each step starts from them, then the clean ones.
    """

    places: tuple[int, ...]
    weights: tuple[float, ...]
    levels: Tensor


@dataclass(frozen=True, slots=True)
class Sampling:
    """guidance s, sampler ``ddim`` or ``dpm++2m``, the spatial loss, whether layers see other frames, whether the source is carried
    to the end though nothing follows it, and whether the halves are computed apart (less memory)."""

    guidance: float = 7.5
    sampler: str = DDIM
    spatial: SpatialLoss = OFF
    cross_frame: bool = True
    keep_source: bool = False
    apart: bool = False


class Denoiser:
    """One window's latents on their way down; `step` is the next one.

    Args:
        slots: ``(S + 1, videos, E, 4, h, w)``: frames whose latents are given, as each step starts from them: an edited keyframe's
            inversion (for the source: that of its own frame), or an anchor that another window has made.
        mask: ``(F, 1, h, w)`` in 0…1: outside it targets stay the source's trajectory. None edits everywhere.
    """

    def __init__(
        self,
        network: VideoNetwork,
        levels: Schedule,
        source: Source,
        targets: Sequence[Target],
        how: Sampling,
        slots: Tensor | None = None,
        seams: Sequence[Seam] = (),
        mask: Tensor | None = None,
    ) -> None:
        self._network, self._levels, self._source, self._targets, self._how = network, levels, source, targets, how
        self._slots, self._seams, self._mask = slots, seams, mask
        self.step = 0
        self.x = source.trajectory[-1].expand(1 + len(targets), -1, -1, -1, -1).clone()
        """``(1 + targets, F, 4, h, w)`` float32, the source first."""
        self._sew()
        self.clean: Tensor | None = None
        """What the last step took `x` for, without its noise."""
        self._blends = {n: t.blend for n, t in enumerate(targets, 1) if t.blend is not None}
        self._blended: dict[int, Tensor] = {}
        """By target ``(2, F, tokens)``: attention to the source's words and to its own so far."""

    @torch.no_grad()
    def advance(self) -> None:
        """One step of all videos."""
        step, how = self.step, self._how
        eps = self._predict()
        alpha, following = self._levels.alphas[step], self._levels.alphas_before[step]
        clean = predicted_clean(self.x, eps, alpha)
        if how.spatial and (weight := how.spatial.weight(step, len(self._levels))):
            for n in range(1, len(self.x)):
                clean[n] = how.spatial.step(clean[n], self._source.trajectory[0], weight, self._keep(n))
            eps[1:] = (self.x[1:] - alpha**0.5 * clean[1:]) / (1 - alpha) ** 0.5
        after = noised(clean, eps, following)
        if how.sampler == DPM and self.clean is not None and step < len(self._levels) - 1:
            after[1:] += extrapolated(clean[1:] - self.clean[1:], self._levels, step)
        self.clean = clean
        self.step += 1
        level = self._source.trajectory[len(self._levels) - self.step]
        if self._source.reset or not self._needs_source(step):
            after[0] = level
        self.x = after
        self._blend(step)
        if self._mask is not None:
            self.x[1:] = level + self._mask * (self.x[1:] - level)
        self._sew()

    def state(self) -> dict[str, Tensor]:
        """All of it, by name, for a checkpoint."""
        out = {"step": torch.tensor(self.step), "x": self.x}
        if self.clean is not None:
            out["before"] = self.clean
        return out | {f"blended.{n}": t for n, t in self._blended.items()}

    def resume(self, state: Mapping[str, Tensor]) -> None:
        """Go on from `state`."""
        device = self._network.device
        self.step, self.x = int(state["step"]), state["x"].to(device)
        self.clean = state["before"].to(device) if "before" in state else None
        self._blended = {int(n.partition(".")[2]): t.to(device) for n, t in state.items() if n.startswith("blended.")}

    def _predict(self) -> Tensor:
        """Guided noise of all videos; of a source that is not computed, zeros."""
        step, how, count = self.step, self._how, len(self._targets)
        wanted = self._needs_source(step)
        unguided = how.guidance == 1
        # videos of the call by number: 0 is the source
        free = [] if unguided else [*([0] if wanted and self._source.guided else []), *range(1, count + 1)]
        bound = [*([0] if wanted else []), *range(1, count + 1)]
        rows = free + bound
        text = [self._source.empty[step]] * len(free)
        text += [self._source.text if n == 0 else self._targets[n - 1].text for n in bound]
        place = {n: len(free) + at for at, n in enumerate(bound)}
        pairs = [self._pair(n, place) for n in range(1, count + 1)] if wanted else []
        maps = self._asked(rows, len(free))
        found = self._call(rows, text, len(free), tuple(p for p in pairs if p is not None), maps)
        if maps is not None:
            self._gather(maps, place)
        eps = torch.zeros_like(self.x)
        for n in bound:
            eps[n] = found[place[n]]
        for at, n in enumerate(free):
            eps[n] = guided(found[at], eps[n], how.guidance)
        return eps

    def _needs_source(self, step: int) -> bool:
        if self._how.keep_source or self._blends:
            return True
        return any(t.injection is not None and t.injection.needs_source(step) for t in self._targets)

    def _pair(self, n: int, place: Mapping[int, int]) -> Pair | None:
        injection = self._targets[n - 1].injection
        return None if injection is None else injection.pair(self.step, place[0], place[n])

    def _call(
        self, rows: Sequence[int], text: Sequence[Tensor], free: int, pairs: tuple[Pair, ...], maps: WordMaps | None
    ) -> Tensor:
        """Noise ``(len(rows), F, 4, h, w)``; the first `free` rows stand in no pair and no map."""

        def ask(start: int, stop: int, pairs: tuple[Pair, ...] = (), maps: WordMaps | None = None) -> Tensor:
            x, slots = self.x[rows[start:stop]], 0
            if self._slots is not None:
                given = self._slots[self.step, rows[start:stop]].to(x)
                x, slots = torch.cat([given, x], dim=1), given.shape[1]
            timestep = self._levels.timesteps[self.step]
            prompts = torch.cat(list(text[start:stop]))
            seen = self._how.cross_frame
            return self._network(x, timestep, prompts, slots=slots, cross_frame=seen, pairs=pairs, maps=maps)[:, slots:]

        if not self._how.apart or not free:
            return ask(0, len(rows), pairs, maps)
        moved = tuple(replace(p, source=p.source - free, target=p.target - free) for p in pairs)
        bound = None if maps is None else WordMaps(maps.words[free:])
        out = torch.cat([ask(0, free), ask(free, len(rows), moved, bound)])
        if maps is not None and bound is not None:
            maps.sums = {at + free: sums for at, sums in bound.sums.items()}
        return out

    def _sew(self) -> None:
        first = 1 if self._source.reset else 0
        for seam in self._seams:
            places = list(seam.places)
            kept = torch.tensor(seam.weights).to(self.x).view(-1, 1, 1, 1)
            own, other = self.x[first:, places], seam.levels[self.step, first:].to(self.x)
            self.x[first:, places] = own + kept * (other - own)

    def _asked(self, rows: Sequence[int], first: int) -> WordMaps | None:
        """Whose words LocalBlend asks for: of the conditional rows, from `first` on, the source's once a blend, and each target's own."""
        blends = self._blends
        if not blends:
            return None
        words: list[Tensor | None] = [None] * first
        for n in rows[first:]:
            if n == 0:
                words.append(torch.stack([b.source for b in blends.values()], dim=1))
            else:
                words.append(blends[n].target[:, None] if n in blends else None)
        return WordMaps(words)

    def _gather(self, maps: WordMaps, place: Mapping[int, int]) -> None:
        for at, n in enumerate(self._blends):
            pair = [maps.sums[place[0]][..., at], maps.sums[place[n]][..., 0]]
            found = torch.stack(pair)[:, -self.x.shape[1] :]
            self._blended[n] = self._blended[n] + found if n in self._blended else found

    def _blend(self, step: int) -> None:
        for n, blend in self._blends.items():
            if blend.blends(step, len(self._levels)):
                mask = blend.mask(self._blended[n], *self.x.shape[-2:])
                self.x[n] = self.x[0] + mask * (self.x[n] - self.x[0])

    def _keep(self, n: int) -> Tensor | None:
        """Where the spatial loss holds target n: outside the mask, or else outside of what LocalBlend found."""
        if self._mask is not None:
            return 1 - self._mask
        if n in self._blended:
            return 1 - self._blends[n].mask(self._blended[n], *self.x.shape[-2:])
        return None


def extrapolated(change: Tensor, levels: Schedule, step: int) -> Tensor:
    """What DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095, algorithm 2) adds to the first-order step.

    x' = (sigma'/sigma) x + (a' - a sigma'/sigma) D, D = x0 + `change` / (2 r): `change` is x0 less x0 of the step before, r the ratio
    of the last step's length to this one's in half log SNR, here at least 1/2: the last step but one is four times as long as the one
    before, and so far nothing extrapolates. With D = x0 that is the DDIM step.
    """
    alpha, following = levels.alphas[step], levels.alphas_before[step]
    earlier, now, later = (0.5 * math.log(a / (1 - a)) for a in (levels.alphas[step - 1], alpha, following))
    ratio = max(0.5, (now - earlier) / (later - now))
    factor = math.sqrt(following) - math.sqrt(alpha * (1 - following) / (1 - alpha))
    return factor / (2 * ratio) * change
