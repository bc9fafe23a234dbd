"""From clean latents to noise: the trajectory that a video's edit starts from (spec § 5 and § 13).

DDIM inversion asks the network about the level that a step leads to, with the latent of the level before: an approximation. A
fixed-point iteration asks again with the latent found, until both agree (AIDI, Pan et al. 2023; ReNoise, Garibi et al. 2024); it pays at
few steps. Frames do not see one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from keyfollow_daemon.engines.diffusion.ddim import Schedule, noised, predicted_clean

from .network import VideoNetwork

METHODS = ("direct", "negative_prompt", "fixed_point", "null_text")
"""How the source video is held to its trajectory:

    null_text         by empty-prompt embeddings found for it (`null_text`); as published, slow
    negative_prompt   the source prompt stands for the empty one (Miyake et al. 2023, arXiv 2305.16807)
    direct            it is set back to the trajectory at every step (Ju et al. 2023, arXiv 2310.01506)
    fixed_point       the trajectory is one that the sampler itself retraces
"""


@torch.no_grad()
def inverted(
    network: VideoNetwork,
    levels: Schedule,
    clean: Tensor,
    text: Tensor,
    again: int = 0,
    check: Callable[[], None] = lambda: None,
    at_once: int | None = None,
) -> Tensor:
    """``(S + 1, F, 4, h, w)`` float32, `clean` ``(F, 4, h, w)`` first.

    Args:
        text: ``(1, 77, D)``; guidance is 1.
        again: fixed-point iterations a step after the first estimate; 0 is DDIM inversion.
        check: called before each step.
        at_once: frames in one call of the network, all by default; fewer take less memory, and need norms that are not joint.
    """
    return torch.stack(list(_states(network, levels, clean, text, again, check, at_once or len(clean))))


def _states(
    network: VideoNetwork,
    levels: Schedule,
    x: Tensor,
    text: Tensor,
    again: int,
    check: Callable[[], None],
    at_once: int,
) -> Iterator[Tensor]:
    yield x
    for step in reversed(range(len(levels))):
        check()
        below, level = levels.alphas_before[step], levels.alphas[step]
        guess = x
        for _ in range(1 + again):
            eps = torch.cat([network(part[None], levels.timesteps[step], text)[0] for part in guess.split(at_once)])
            guess = noised(predicted_clean(x, eps, below), eps, level)
        x = guess
        yield x
