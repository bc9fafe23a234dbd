"""What the engine knows of the source alone: trajectories and null-text embeddings, by window, in the cache.

A trajectory depends on the window's frames, the model, the inversion's own settings and what it read. Embeddings also depend on
guidance and source prompt, so they are an entry of their own: a change there leaves the trajectory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from keyfollow.edits import SettingValue
from torch import Tensor

from keyfollow_daemon.cache.keys import entry_key
from keyfollow_daemon.engines.base import Array, Context, Frames, InversionSpec
from keyfollow_daemon.engines.diffusion import ddim, vae
from keyfollow_daemon.engines.diffusion.arrays import from_arrays, to_arrays
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_daemon.engines.diffusion.worksize import WorkSize
from keyfollow_daemon.engines.patch.pixels import guide

from .inversion import inverted
from .network import VideoNetwork
from .null_text import null_text
from .options import Preparing
from .targets import embedding
from .windows import Window


@dataclass(frozen=True, slots=True, eq=False)
class PreparedWindow:
    """`trajectory` ``(S + 1, F, 4, h, w)`` float32, clean first; `embeddings` ``(S, 77, D)``, by step, or None. On the device."""

    trajectory: Tensor
    embeddings: Tensor | None


class Prepared:
    """The source's inversion; what is missing or damaged is computed and saved.

    Args:
        spec: with `model_revision` and `dtype` as they are.
        prompt: what the source shows, in words.
        apart: frames one by one, if they are independent of one another.
    """

    def __init__(
        self,
        frames: Frames,
        spec: InversionSpec,
        ctx: Context,
        model: Model,
        network: VideoNetwork,
        size: WorkSize,
        levels: ddim.Schedule,
        how: Preparing,
        prompt: str,
        apart: bool = False,
    ) -> None:
        self._frames, self._spec, self._ctx, self._model, self._network = frames, spec, ctx, model, network
        self.size, self._levels, self._how, self.prompt = size, levels, how, prompt
        self._apart = apart
        device = model.device
        self.source = embedding(model.text, prompt, device)
        self.empty = embedding(model.text, "", device)

    def keys(self, window: Window) -> list[str]:
        """Cache keys of the window's entries: the trajectory's, and the embeddings' where there are any."""
        how, device_settings = self._how, {"content": f"{self.size.content} in {self.size.padded}"}
        settings: dict[str, SettingValue] = {
            **device_settings,
            "timesteps": str(self._levels.timesteps),
            "again": how.again,
            "joint_norm": how.joint_norm,
        }
        keys = [self._key("trajectory", settings, self.prompt if how.prompted else "", window)]
        if how.null is not None:
            kinds = (sorted(self._network.kinds.items()), how.dense_every) if how.null.cross_frame else ""
            more = {**settings, "prompted": how.prompted, "null": repr(how.null), "kinds": str(kinds)}
            keys.append(self._key("embeddings", more, self.prompt, window))
        return keys

    def prepare(self, windows: Sequence[Window]) -> list[str]:
        """Make sure that the entries of all of `windows` are in the cache; their keys."""
        for done, window in enumerate(windows):
            self._ctx.check()
            self._ctx.progress("Preparing", done, len(windows))
            for key, make in zip(self.keys(window), (self._invert, self._optimise), strict=False):
                if self._ctx.cache.load(key) is None:
                    make(window)
        self._ctx.progress("Preparing", len(windows), len(windows))
        return [key for window in windows for key in self.keys(window)]

    def __getitem__(self, window: Window) -> PreparedWindow:
        first, *rest = self.keys(window)
        trajectory = self._trajectory(window, first)
        embeddings = self._load(rest[0], window, self._optimise)["embeddings"] if rest else None
        return PreparedWindow(trajectory, embeddings)

    def picture(self, frame: int) -> Any:
        """The frame as the model sees it: ``(h, w, 3)`` uint8, padded."""
        return self.size.shrink(guide(self._frames[frame]))

    def still(self, picture: Any, text: Tensor) -> Tensor:
        """``(S + 1, 4, h, w)``: the trajectory of one picture ``(h, w, 3)`` uint8 by itself, read with `text`."""
        latent = self._model.vae.encode(vae.from_bytes(picture)[None]).to(self._model.device).clone()
        return inverted(self._network, self._levels, latent, text, self._how.again, self._ctx.check)[:, 0]

    def _invert(self, window: Window) -> None:
        pictures = torch.stack([vae.from_bytes(self.picture(f)) for f in window.frames])
        clean = self._model.vae.encode(pictures).to(self._model.device).clone()
        text = self.source if self._how.prompted else self.empty
        at_once = 1 if self._apart and not self._how.joint_norm else None
        made = inverted(self._network, self._levels, clean, text, self._how.again, self._ctx.check, at_once)
        # the ends as they are; what lies between is only looked at
        tensors = {"clean": made[0], "between": made[1:-1].half(), "noise": made[-1]}
        self._ctx.cache.save(self.keys(window)[0], to_arrays(tensors))

    def _optimise(self, window: Window) -> None:
        assert self._how.null is not None
        key, other = self.keys(window)
        # from the entry, not from what was computed a moment ago: it makes no difference whether it was there before
        trajectory = self._trajectory(window, key)
        at_once = 1 if self._apart and not self._how.coupled else None
        found = null_text(
            self._network, self._levels, trajectory, self.source, self.empty, self._how.null, self._ctx.check, at_once
        )
        self._ctx.cache.save(other, to_arrays({"embeddings": found.embeddings}))

    def _trajectory(self, window: Window, key: str) -> Tensor:
        t = self._load(key, window, self._invert)
        return torch.cat([t["clean"][None], t["between"].float(), t["noise"][None]])

    def _load(self, key: str, window: Window, make: Any) -> dict[str, Tensor]:
        stored: dict[str, Array] | None = self._ctx.cache.load(key)
        if stored is None:
            make(window)
            stored = self._ctx.cache.load(key)
        assert stored is not None
        return from_arrays(stored, self._model.device)

    def _key(self, what: str, settings: dict[str, SettingValue], prompt: str, window: Window) -> str:
        return entry_key(
            engine=self._spec.engine,
            version=self._spec.version,
            settings={**settings, "what": what},
            model_revision=self._spec.model_revision,
            dtype=self._spec.dtype,
            prompt=prompt,
            digests=[self._frames.digest(f) for f in window.frames],
        )
