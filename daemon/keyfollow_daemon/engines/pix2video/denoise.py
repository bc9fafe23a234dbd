"""Pix2Video's edit pass (Ceylan et al. 2023, arXiv 2303.12688, algorithm 1): from inverted noise to edited latents.

For node n and step s, with a the level's alpha and b the next one's:

    u, c    = network(x, t), without and with the prompt; decoder self-attention reads the features of the nodes n refers to,
              of the same step and half
    eps     = u + g (c - u)
    x0      = (x - sqrt(1 - a) eps) / sqrt(a)
    x'      = sqrt(b) x0 + sqrt(1 - b) eps  -  (2 w / N) (x0 - x0 of the target)      the last term in the first steps only

The update is the closed form of what the published code does: the gradient of w mean((x0 - target)²) with respect to x0 itself. Latents
and all of this are float32.

A given node (an inverted keyframe) has its latents prescribed: one evaluation a step yields its features, and its x0 at guidance 1.

Where the source is followed, a third row goes along with the halves: the source's own latent of that level, with the source's prompt,
reading the source's features of the nodes referred to. What the network says there is not what it said when the source was inverted
(other features, another level of noise); the difference is added to eps. So what the edit does not touch comes back as it was, by
construction and not to within the error of inversion (the same idea as in Huberman-Spiegelglas et al. 2023, arXiv 2304.06140).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from keyfollow_daemon.engines.diffusion.attention import Features
from keyfollow_daemon.engines.diffusion.backbone import Backbone, TextState
from keyfollow_daemon.engines.diffusion.ddim import Schedule, guided, implied_clean, implied_noise, noised, predicted_clean

from .graph import Graph
from .options import Options
from .order import Pair


class Supply(Protocol):
    """What the edit pass needs to know of a frame."""

    def depth(self, frame: int) -> Tensor | None:
        """``(1, h, w)`` normalised."""

    def level(self, frame: int, step: int) -> Tensor:
        """``(4, h, w)`` float32: the source's inversion trajectory at the latent that step `step` starts from; T is the clean one."""

    def given(self, frame: int, step: int) -> Tensor:
        """The same of the edited keyframe on `frame`."""

    def mask(self, frame: int) -> Tensor | None:
        """``(1, h, w)`` in 0…1: outside it the source's trajectory stays. None edits everywhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One evaluated pair, for whoever watches: all ``(4, h, w)`` float32; `row` is where it stood in each half of the call."""

    pair: Pair
    row: int
    rows: int
    before: Tensor
    clean: Tensor
    unguided: Tensor
    after: Tensor


Watch = Callable[[Seen], None]


class Denoiser:
    """The state of a run: latents of the nodes in flight, and what others still need of finished pairs; nothing is kept longer."""

    def __init__(
        self,
        backbone: Backbone,
        levels: Schedule,
        graph: Graph,
        options: Options,
        supply: Supply,
        prompt: TextState,
        negative: TextState,
        watch: Watch | None = None,
        source: TextState | None = None,
    ) -> None:
        """`source` is the source's prompt where the source is to be followed."""
        self._backbone, self._levels, self._graph, self._options = backbone, levels, graph, options
        self._supply, self._watch, self._source = supply, watch, source
        self._halves = 1 if options.guidance == 1 else 2
        self._texts = [*([negative] if self._halves == 2 else []), prompt, *([] if source is None else [source])]
        self._readers = Counter(n for node in graph for n in node.references)
        self._pulled = Counter(node.target for node in graph if node.target is not None)
        self.latents: dict[int, Tensor] = {}
        self.clean: Tensor | None = None
        """What the last step took a drawn frame's latent for, without its noise."""
        self._features: dict[Pair, list[Features]] = {}
        self._clean: dict[Pair, Tensor] = {}
        self._uses: Counter[tuple[str, Pair]] = Counter()

    def evaluate(self, pairs: Sequence[Pair]) -> None:
        """Advance each (node, step) by its step. They must not depend on one another."""
        active = []
        for node, step in pairs:
            if step == 0:
                self.latents[node] = self._start(node)
            if self._watch is None and self._levels.idle(step) and step >= self._options.guided_steps:
                self._advance(node, step, self.latents[node])
            else:
                active.append((node, step))
        for group in self._alike(active):
            self._evaluate(group)

    def state(self) -> dict[str, Tensor]:
        """All of it, by name, for a checkpoint."""
        out = {f"latent.{node}": x for node, x in self.latents.items()}
        out |= {f"clean.{n}.{s}": x for (n, s), x in self._clean.items()}
        for (n, s), halves in self._features.items():
            out |= {f"feature.{n}.{s}.{h}.{i}": t for h, layers in enumerate(halves) for i, t in enumerate(layers)}
        uses = [(("feature", "clean").index(kind), n, s, count) for (kind, (n, s)), count in self._uses.items() if count]
        out["uses"] = torch.tensor(uses, dtype=torch.int64).reshape(-1, 4)
        return out

    def resume(self, state: Mapping[str, Tensor]) -> None:
        """Go on from `state`."""
        layers: dict[Pair, dict[tuple[int, int], Tensor]] = defaultdict(dict)
        for name, tensor in state.items():
            kind, *numbers = name.split(".")
            at = tuple(map(int, numbers))
            if kind == "latent":
                self.latents[at[0]] = tensor.to(self._backbone.device)
            elif kind == "clean":
                self._clean[at[0], at[1]] = tensor.to(self._backbone.device)
            elif kind == "feature":
                layers[at[0], at[1]][at[2], at[3]] = tensor.to(self._backbone.device)
        for pair, found in layers.items():
            count = 1 + max(i for _, i in found)
            self._features[pair] = [[found[h, i] for i in range(count)] for h in range(len(self._texts))]
        for kind_number, n, s, count in state["uses"].tolist():
            self._uses[("feature", "clean")[kind_number], (n, s)] = count

    def _start(self, node: int) -> Tensor:
        frame = self._graph[node].frame
        x = self._supply.given(frame, 0) if self._graph[node].given else self._supply.level(frame, 0)
        return x.to(self._backbone.device)

    def _alike(self, pairs: Sequence[Pair]) -> Iterable[list[Pair]]:
        """Rows of one call attend to equally many frames; those that attend to themselves go with any."""
        groups: dict[int, list[Pair]] = defaultdict(list)
        for node, step in pairs:
            groups[len(self._graph[node].references)].append((node, step))
        alone = groups.pop(0, [])
        if not groups:
            return [alone] if alone else []
        first, *rest = groups.values()
        return [alone + first, *rest]

    def _evaluate(self, pairs: list[Pair]) -> None:
        device, rows, kinds = self._backbone.device, len(pairs), len(self._texts)
        x = torch.stack([self.latents[n] for n, _ in pairs])
        times = torch.tensor([self._levels.timesteps[s] for _, s in pairs], device=device)
        depths = [d for n, _ in pairs if (d := self._supply.depth(self._graph[n].frame)) is not None]
        depth = torch.stack(depths).to(device).repeat(kinds, 1, 1, 1) if depths else None
        tap = self._backbone.tap
        tap.references = self._references(pairs)
        inputs = [x] * self._halves
        if self._source is not None:
            inputs.append(torch.stack([self._supply.level(self._graph[n].frame, s) for n, s in pairs]).to(x))
        said = self._backbone(torch.cat(inputs), times.repeat(kinds), self._text(rows), depth).split(rows)
        conditional = said[self._halves - 1]
        mixed = conditional if self._halves == 1 else guided(said[0], conditional, self._options.guidance)
        if self._source is not None:
            missed = torch.stack([self._missed(*pair, eps) for pair, eps in zip(pairs, said[-1], strict=True)])
            conditional, mixed = conditional + missed, mixed + missed
        for row, (node, step) in enumerate(pairs):
            if self._readers[node]:
                # copies: a view would keep the whole batch's features alive
                layers: list[Features] = [[t[kind * rows + row].clone() for t in tap.captured] for kind in range(kinds)]
                self._keep("feature", (node, step), self._readers[node])
                self._features[node, step] = layers
            own = conditional[row] if self._graph[node].given else mixed[row]
            self._step(node, step, x[row], own, row, rows)
        for node, step in pairs:
            for other in self._graph[node].references:
                self._release("feature", (other, step))

    def _step(self, node: int, step: int, x: Tensor, eps: Tensor, row: int, rows: int) -> None:
        alpha, following = self._levels.alphas[step], self._levels.alphas_before[step]
        clean = predicted_clean(x, eps, alpha)
        unguided = noised(clean, eps, following)
        self._keep_clean(node, step, clean)
        if not self._graph[node].given:
            self.clean = clean
        after, target = unguided, self._graph[node].target
        if target is not None and step < self._options.guided_steps:
            at = (target, step if self._options.fixed_target is None else self._options.fixed_target)
            pull = clean - self._clean[at]
            if self._options.relative:
                pull = pull - (self._source_clean(node, step) - self._source_clean(*at))
            after = unguided - self._options.factor(x.numel()) * pull
            self._release("clean", at)
        after = self._advance(node, step, after)
        if self._watch is not None:
            self._watch(Seen((node, step), row, rows, x, clean, unguided, after))

    def _source_clean(self, node: int, step: int) -> Tensor:
        """What the source's own trajectory says x0 is at this step."""
        frame, levels = self._graph[node].frame, self._levels
        following = self._supply.level(frame, step + 1).to(self._backbone.device)
        if levels.idle(step):
            return following
        x = self._supply.level(frame, step).to(self._backbone.device)
        return implied_clean(x, following, levels.alphas[step], levels.alphas_before[step])

    def _missed(self, node: int, step: int, eps: Tensor) -> Tensor:
        """The noise that the source's trajectory has at this step, less `eps`, what the network now says it is."""
        if self._levels.idle(step):
            return torch.zeros_like(eps)
        x = self._supply.level(self._graph[node].frame, step).to(eps)
        return implied_noise(x, self._source_clean(node, step), self._levels.alphas[step]) - eps

    def _advance(self, node: int, step: int, x: Tensor) -> Tensor:
        frame = self._graph[node].frame
        if self._graph[node].given:
            x = self._supply.given(frame, step + 1).to(self._backbone.device)
        elif (mask := self._supply.mask(frame)) is not None:
            source = self._supply.level(frame, step + 1).to(x)
            x = source + mask.to(x) * (x - source)
        self.latents[node] = x
        return x

    def _references(self, pairs: Sequence[Pair]) -> list[list[Features]] | None:
        if not any(self._graph[n].references for n, _ in pairs):
            return None
        return [
            [self._features[other, step][kind] for other in self._graph[node].references]
            for kind in range(len(self._texts))
            for node, step in pairs
        ]

    def _text(self, rows: int) -> TextState:
        tokens = torch.cat([s.tokens.expand(rows, -1, -1) for s in self._texts]).to(self._backbone.device)
        pooled = [s.pooled.expand(rows, -1) for s in self._texts if s.pooled is not None]
        return TextState(tokens, torch.cat(pooled).to(self._backbone.device) if pooled else None)

    def _keep_clean(self, node: int, step: int, clean: Tensor) -> None:
        followers, fixed, guided_steps = self._pulled[node], self._options.fixed_target, self._options.guided_steps
        if not followers or not guided_steps:
            return
        if fixed is None and step < guided_steps:
            self._keep("clean", (node, step), followers)
            self._clean[node, step] = clean
        elif fixed == step:
            self._keep("clean", (node, step), followers * guided_steps)
            self._clean[node, step] = clean

    def _keep(self, kind: str, pair: Pair, uses: int) -> None:
        self._uses[kind, pair] = uses

    def _release(self, kind: str, pair: Pair) -> None:
        self._uses[kind, pair] -= 1
        if self._uses[kind, pair] == 0:
            del self._uses[kind, pair]
            (self._features if kind == "feature" else self._clean).pop(pair, None)
