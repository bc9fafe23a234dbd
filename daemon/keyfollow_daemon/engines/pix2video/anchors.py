"""Edited keyframes as anchors (spec § 18): inverted with the target prompt, they prescribe their own latents at every step.

Denoising from the keyframe's noise with guidance would drift away from what the person drew; prescribed latents keep it. A keyframe's
trajectory follows from the edit, so it is a checkpoint of the job, never an entry of the source's cache.
"""

from __future__ import annotations

import hashlib

from torch import Tensor

from keyfollow_daemon.engines.base import Context, EditKeyframe
from keyfollow_daemon.engines.diffusion import vae
from keyfollow_daemon.engines.diffusion.arrays import from_arrays, to_arrays
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_daemon.engines.patch.pixels import guide

from .prepared import Prepared


class Anchors:
    """The trajectories of a run's keyframes.

    Args:
        prompt: the target prompt.
        own_depth: depth of the edited picture instead of the source frame's.
    """

    def __init__(self, prepared: Prepared, model: Model, prompt: str, own_depth: bool, ctx: Context) -> None:
        self._prepared, self._model, self._prompt, self._own_depth, self._ctx = prepared, model, prompt, own_depth, ctx
        self._trajectories: dict[int, Tensor] = {}
        self._depths: dict[int, Tensor | None] = {}

    def invert(self, keyframe: EditKeyframe) -> None:
        """Make the keyframe's trajectory, or take up the one that an interrupted run made."""
        about = keyframe.image.digest() + repr((keyframe.frame, self._prompt, self._own_depth)).encode()
        name = f"anchor {hashlib.sha256(about).hexdigest()}"
        picture = self._prepared.size.shrink(guide(keyframe.image))
        depth = self._prepared.depth_of(picture) if self._own_depth else self._prepared[keyframe.frame].depth
        self._depths[keyframe.frame] = depth
        kept = self._ctx.restore(name)
        if kept is None:
            latent = self._model.vae.encode(vae.from_bytes(picture)[None])
            tensors = {"trajectory": self._prepared.invert(latent, [depth], self._model.text(self._prompt))[0]}
            self._ctx.checkpoint(name, to_arrays(tensors))
        else:
            tensors = from_arrays(kept)
        self._trajectories[keyframe.frame] = tensors["trajectory"].cpu()

    def depth(self, frame: int) -> Tensor | None:
        return self._depths[frame]

    def level(self, frame: int, risen: int) -> Tensor:
        """``(4, h, w)`` after `risen` steps of inversion."""
        return self._trajectories[frame][risen]

    def __contains__(self, frame: int) -> bool:
        return frame in self._trajectories
