"""Whether noise on smooth areas makes inverted latents more Gaussian (I2VEdit, table 2), on a small network.

    python benchmarks/sarp.py [--model DIR] [--size N] [--frames N] [--steps N] [--json]

Clips of a patch that moves over a constant ground are inverted with and without SARP. Reported is the Anderson-Darling statistic A² of the
inverted noise, smaller is more Gaussian: of all of it, and where the ground is constant. Without `--model` the network has random
weights, and the figures say nothing of Stable Video Diffusion.
"""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

import numpy as np
import torch
from keyfollow_daemon.engines.diffusion import sarp
from keyfollow_daemon.engines.i2vedit.conditioning import INVERSION_FPS
from keyfollow_daemon.engines.i2vedit.model import Model, load
from keyfollow_daemon.engines.i2vedit.network import Conditioning
from keyfollow_daemon.engines.i2vedit.source import inverted
from torch import Tensor

GROUNDS = (-0.9, 0.0, 0.6)
"""Grey levels, -1…1."""
STRENGTH = 0.005


def anderson_darling(values: Tensor) -> float:
    """A² against the normal distribution of the sample's own mean and deviation (Stephens 1974)."""
    x = values.double().flatten().sort().values
    n = len(x)
    z = (x - x.mean()) / x.std()
    below = torch.special.log_ndtr(z)
    above = torch.special.log_ndtr(-z)
    weights = 2 * torch.arange(1, n + 1, dtype=torch.float64) - 1
    return float(-n - (weights * (below + above.flip(0))).sum() / n)


def clip(ground: float, frames: int, size: int) -> Tensor:
    """``(frames, 3, size, size)``: a textured square moves to the right in the upper half, the lower half is constant."""
    out = torch.full((frames, 3, size, size), ground)
    side = size // 4
    texture = torch.from_numpy(np.random.default_rng(3).uniform(-1, 1, (3, side, side)).astype(np.float32))
    for n in range(frames):
        out[n, :, size // 8 : size // 8 + side, 4 * n : 4 * n + side] = texture
    return out


def noise_of(model: Model, pictures: Tensor, steps: int) -> Tensor:
    """``(frames, 4, h, w)``: the inverted clip over sigma_0's deviation."""
    dice = torch.Generator().manual_seed(2)
    latent = model.vae.mean(pictures[:1])
    clean = model.vae.sample(pictures, torch.randn(len(pictures), *latent.shape[1:], generator=dice)) * model.vae.scale
    given = Conditioning(model.image(pictures[0]), latent.expand(1, *clean.shape), (INVERSION_FPS, 127.0, 0.02))
    sigmas = model.sigmas(steps)
    return inverted(model.network, given, clean, sigmas)[-1] / math.sqrt(sigmas[0] ** 2 + 1)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", help="a folder of Stable Video Diffusion")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--frames", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    model = load(asked.model or random_model(), torch.device("cpu"), "fp32")
    rows: list[dict[str, Any]] = []
    for ground in GROUNDS:
        plain = clip(ground, asked.frames, asked.size)
        for name, pictures in (("without", plain), ("with", sarp.perturbed(plain, STRENGTH, 1))):
            found = noise_of(model, pictures, asked.steps)
            flat = found[..., found.shape[-2] * 5 // 8 :, :]
            rows.append({"ground": ground, "sarp": name, "all": round(anderson_darling(found), 2), "flat": round(anderson_darling(flat), 2)})  # fmt: skip
    if asked.json:
        print(json.dumps({"model": asked.model or "random weights", "rows": rows}))
        return
    for row in rows:
        print("  ".join(f"{k}={v}" for k, v in row.items()))


def random_model() -> str:
    """The tests' tiny folder."""
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "kit"))
    from keyfollow_testkit.svd_model import svd_folder

    return svd_folder()


if __name__ == "__main__":
    main()
