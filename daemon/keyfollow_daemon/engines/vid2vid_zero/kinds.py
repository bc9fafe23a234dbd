"""Which self-attention layer sees which frames (Wang et al. 2023, arXiv 2303.17599, and its published settings).

    frame    queries see their own frame
    sparse   the first frame and the one before, not their own
    dense    every frame of the window, past and future

The published setting is `hybrid`: dense in three layers, sparse in all others. Layers are known by where they are in the UNet, never by
their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

Kind = Literal["frame", "sparse", "dense"]
MODES: Mapping[str, tuple[Kind, bool]] = {
    "none": ("frame", False),
    "sparse": ("sparse", False),
    "hybrid": ("sparse", True),
    "dense": ("dense", False),
    "dense_few": ("frame", True),
}
"""The kind of a layer that is nothing special, and whether the special ones are dense."""


def layer_kinds(names: Iterable[str], mode: str, index: int = 0, listed: Iterable[str] = ()) -> dict[str, Kind]:
    """The kind of every layer.

    Args:
        names: of the UNet's `attn1` modules.
        mode: one of `MODES`.
        index: which blocks have a special layer, their first one: ``down_blocks.index`` and ``up_blocks.index+1`` (as published; at
            index 0 that is the finest resolution on the way down and the second coarsest on the way up), and the middle.
        listed: beginnings of names that are dense in place of the special ones, e.g. ``up_blocks.3``.
    """
    usual, some_dense = MODES[mode]
    special = tuple(listed) or (f"down_blocks.{index}.attentions.0.", f"up_blocks.{index + 1}.attentions.0.", "mid_block.")
    return {name: "dense" if some_dense and name.startswith(special) else usual for name in names}
