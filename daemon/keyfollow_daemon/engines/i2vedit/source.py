"""A clip's source by way of noise: EDM inversion with the plain network, and its attention features at every level (spec §§ 3, 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from keyfollow_daemon.engines.diffusion import edm

from .attention import Call
from .features import Features, FeatureStore
from .network import Conditioning, Network

At = Callable[[int], Features]
"""Features by entry: the place in the ladder that inversion climbs, the lowest noise first."""


@torch.no_grad()
def inverted(
    network: Network,
    given: Conditioning,
    clean: Tensor,
    sigmas: Sequence[float],
    anchor: At | None = None,
    keep: Callable[[int, Features], None] | None = None,
    values: bool = False,
    check: Callable[[], None] = lambda: None,
) -> Tensor:
    """States ``(T + 1, F, 4, h, w)`` float32, `clean` ``(F, 4, h, w)`` first.

    Args:
        sigmas: the sampler's, descending to 0.
        anchor: the first clip's features with values, for skip-interval attention.
        keep: takes the features of each entry, with `values` where those are asked for.
        check: called before each step.
    """
    entries = {sigma: n for n, sigma in enumerate(edm.inversion_sigmas(sigmas))}

    def denoise(x: Tensor, sigma: float) -> Tensor:
        check()
        entry = entries[sigma]
        capture = None if keep is None else Features(values)
        call = Call(capture=capture, anchor=None if anchor is None else anchor(entry))
        v = network(x[None], sigma, given, call)[0]
        if keep is not None and capture is not None:
            keep(entry, capture)
        return edm.predicted_clean(x, v, sigma)

    return torch.stack(list(edm.invert(denoise, clean, sigmas)))


class Source:
    """An inverted clip.

    Args:
        name: of the inversion, unlike any other's.
        trajectory: as `inverted` gives it, on the device.
        anchor: the first clip's source, where this is a later one and skip-interval attention is on.
        leads: this is the first clip of several: its features come with values.
    """

    def __init__(
        self,
        network: Network,
        store: FeatureStore,
        name: str,
        trajectory: Tensor,
        given: Conditioning,
        sigmas: Sequence[float],
        anchor: Source | None = None,
        leads: bool = False,
    ) -> None:
        self._network, self._store, self._name, self._given = network, store, name, given
        self.trajectory, self.anchor, self._leads = trajectory, anchor, leads
        self._ladder = edm.inversion_sigmas(sigmas)

    def name(self, entry: int) -> tuple[str, int, bool]:
        """Of the features in the store."""
        return self._name, entry, self._leads

    def at(self, entry: int) -> Features:
        """What inversion saw at that entry: kept, or computed again from the trajectory; the same either way."""
        return self._store.get(self.name(entry), lambda: self._computed(entry))

    @torch.no_grad()
    def _computed(self, entry: int) -> Features:
        made = Features(self._leads)
        anchor = None if self.anchor is None else self.anchor.at(entry)
        x = self.trajectory[entry][None]
        self._network(x, self._ladder[entry], self._given, Call(capture=made, anchor=anchor))
        return made
