"""Training of one clip's motion LoRA (I2VEdit, § 3.2; spec § 7).

The loss is the plain squared error of v, which is EDM's weighted error of x0: c_out² (1 + sigma²) / sigma² = 1.
All that is drawn at a step follows from the seed and the step's number, so that an interrupted training goes on as if it had not been.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from keyfollow_daemon.engines.diffusion import edm

from .attention import Call
from .conditioning import MOTION_BUCKET, NOISE_AUGMENTATION, TRAINING_FPS
from .features import Features
from .lora import MotionLora
from .network import Conditioning, Network

SIGMA_DATA, IMAGE_SIDE, NOISE_SIDES = 0.5, 64.0, (32.0, 64.0)
"""Of the interpolated cosine schedule."""
WINDOW = 50
"""Steps over which the loss is averaged for an early stop."""
SHOWN_FROM = 1.0
"""Sigma below which what training makes of a clip says nothing of what it has learned: it is the clip, nearly."""
AtLevel = Callable[[float], Features]
See = Callable[[Tensor], None]


@dataclass(frozen=True, slots=True)
class Training:
    """How a motion LoRA is trained.

    Args:
        noise_levels: ``uniform`` draws evenly from the sampler's ladder, as the paper; ``cosine`` as the published code.
        swapped_ids: give motion bucket and noise level in each other's place, as the published code does by mistake.
        early_stop: stop when the mean loss of `WINDOW` steps is not lower by this share than that of those before; 0 never does.
    """

    steps: int = 250
    rate: float = 5e-4
    rank: int = 32
    wide: bool = False
    dropout: float = 0.1
    noise_levels: str = "uniform"
    swapped_ids: bool = False
    early_stop: float = 0.0

    @property
    def ids(self) -> tuple[float, float, float]:
        two = (MOTION_BUCKET, NOISE_AUGMENTATION)
        return (TRAINING_FPS, *(two[::-1] if self.swapped_ids else two))


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What a clip teaches: scaled latents ``(F, 4, h, w)``, its first picture's unscaled latent ``(4, h, w)`` and CLIP embedding."""

    clean: Tensor
    first: Tensor
    embedding: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """What one step is made with: a level, noise like `Lesson.clean`, noise on what the network is shown, like it or like one frame."""

    sigma: float
    noise: Tensor
    shown_noise: Tensor


def cosine_sigma(u: float, low: float, high: float) -> float:
    """The level at `u` in 0…1 of a cosine schedule between two shifts (Hoogeboom et al. 2023, arXiv 2301.11093, eqs. 3 and 5); u = 0 is the highest."""
    ends = [-2 * math.log(sigma / SIGMA_DATA) for sigma in (high, low)]

    def shifted(side: float) -> float:
        shift = 2 * math.log(side / IMAGE_SIDE)
        first, last = (math.atan(math.exp(-0.5 * (end - shift))) for end in ends)
        return -2 * math.log(math.tan(first + u * (last - first))) + shift

    coarse, fine = map(shifted, NOISE_SIDES)
    return math.exp(-0.5 * (coarse + u * (fine - coarse))) * SIGMA_DATA


def ladder_sigma(u: float, low: float, high: float) -> float:
    """The level at `u` in 0…1 of Karras' ladder, 0 the highest."""
    a, b = (level ** (1 / 7) for level in (high, low))
    return float((a + u * (b - a)) ** 7)


def velocity_loss(
    network: Network,
    lesson: Lesson,
    draw: Draw,
    ids: tuple[float, float, float],
    anchor: Features | None,
    see: See | None = None,
) -> Tensor:
    """Mean squared error of v at `draw.sigma`; v = (z - c_skip x) / c_out with x = z + sigma noise.

    `see` is given what the network takes z for, ``(F, 4, h, w)``."""
    z, sigma = lesson.clean, draw.sigma
    x = z + sigma * draw.noise
    total = sigma * sigma + 1
    target = (x / total - z) * (math.sqrt(total) / sigma)
    shown = (lesson.first + NOISE_AUGMENTATION * draw.shown_noise).expand_as(z)
    given = Conditioning(lesson.embedding, shown[None], ids)
    v = network(x[None], sigma, given, Call(anchor=anchor))[0]
    if see is not None:
        see(edm.predicted_clean(x, v.detach(), sigma))
    return (v - target).square().mean()


class Trainer:
    """`advance` until `done`.

    Args:
        levels: the lowest and the highest sigma.
        anchor: the first clip's features at a level, for skip-interval attention.
        seed: of everything that is drawn.
    """

    def __init__(
        self,
        network: Network,
        lora: MotionLora,
        how: Training,
        lesson: Lesson,
        levels: tuple[float, float],
        anchor: AtLevel | None,
        seed: int,
    ) -> None:
        self._network, self._lora, self._how, self._lesson = network, lora, how, lesson
        self._levels, self._anchor, self._seed = levels, anchor, seed
        self.losses: list[float] = []
        self.seen: Tensor | None = None
        """``(4, h, w)``: what was last made of the clip's last frame, the farthest from the one that the network is shown."""
        lora.reset(seed)
        self._optimiser = torch.optim.AdamW(
            lora.parameters.values(), lr=how.rate, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2
        )

    @property
    def step(self) -> int:
        return len(self.losses)

    @property
    def done(self) -> bool:
        return self.step >= self._how.steps or self._settled()

    def advance(self, draw: Draw | None = None) -> float:
        """One step on what is drawn for it, or on `draw`; its loss."""
        dice = torch.Generator().manual_seed(self._number("draw"))
        draw = draw or self._drawn(dice)
        anchor = None if self._anchor is None else self._anchor(draw.sigma)
        device = self._network.device
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            # dropout asks torch's own generator
            torch.manual_seed(self._number("dropout"))
            with self._lora.active(training=True), torch.enable_grad():
                self._optimiser.zero_grad(set_to_none=True)
                see = self._see if draw.sigma >= SHOWN_FROM else None
                loss = velocity_loss(self._network, self._lesson, draw, self._how.ids, anchor, see)
                loss.backward()
                self._optimiser.step()
        self.losses.append(float(loss.detach()))
        return self.losses[-1]

    def state(self) -> dict[str, Tensor]:
        """All of it, for a checkpoint."""
        out = {f"lora.{n}": t for n, t in self._lora.state().items()}
        for n, parameter in self._lora.parameters.items():
            moments = self._optimiser.state[parameter]
            out |= {f"first.{n}": moments["exp_avg"], f"second.{n}": moments["exp_avg_sq"]}
        return {**out, "losses": torch.tensor(self.losses, dtype=torch.float64)}

    def resume(self, state: Mapping[str, Tensor]) -> None:
        self._lora.load({n.removeprefix("lora."): t for n, t in state.items() if n.startswith("lora.")})
        self.losses = state["losses"].tolist()
        for n, parameter in self._lora.parameters.items():
            self._optimiser.state[parameter] = {
                "step": torch.tensor(float(self.step)),
                "exp_avg": state[f"first.{n}"].to(parameter),
                "exp_avg_sq": state[f"second.{n}"].to(parameter),
            }

    def _see(self, clean: Tensor) -> None:
        self.seen = clean[-1]

    def _settled(self) -> bool:
        if not self._how.early_stop or self.step < 2 * WINDOW or self.step % WINDOW:
            return False
        before, now = (sum(part) / WINDOW for part in (self.losses[-2 * WINDOW : -WINDOW], self.losses[-WINDOW:]))
        return now > (1 - self._how.early_stop) * before

    def _drawn(self, dice: torch.Generator) -> Draw:
        level = cosine_sigma if self._how.noise_levels == "cosine" else ladder_sigma
        sigma = level(float(torch.rand((), generator=dice)), *self._levels)
        clean, first = self._lesson.clean, self._lesson.first
        noise, shown = (torch.randn(t.shape, generator=dice).to(clean) for t in (clean, first))
        return Draw(sigma, noise, shown)

    def _number(self, what: str) -> int:
        digest = hashlib.sha256(f"{self._seed} {what} {self.step}".encode()).digest()
        return int.from_bytes(digest[:7], "big")


def bin_of(sigma: float, sigmas: Sequence[float]) -> int:
    """k with sigma_k >= sigma > sigma_{k+1}: the sampler's step whose level is the nearest from above; the ends take what is beyond."""
    last = len(sigmas) - 2
    return next((k for k in range(last + 1) if sigmas[k] >= sigma > sigmas[k + 1]), 0 if sigma > sigmas[0] else last)
