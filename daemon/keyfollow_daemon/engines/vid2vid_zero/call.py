"""What the hooked layers of a UNet are told about the call they are in."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A video whose cross-attention follows another's, for one call (spec § 8, map-free).

    With M_s and M_t the softmax maps of the two, the edited map is M_s A + M_t diag(b); its product with the values v_t is

        softmax(q_s k_s) (A v_t) + softmax(q_t k_t) (b v_t)

    so that no map is ever built.

    Args:
        source, target: which videos of the call.
        across: A, ``(77, 77)``. own: b, ``(77,)``.
        layout: self-attention within frames takes the source's queries and keys too.
    """

    source: int
    target: int
    across: Tensor | None = None
    own: Tensor | None = None
    layout: bool = False


class WordMaps:
    """Sums, per video and frame, of the attention that chosen words get in the call's coarse layers; for LocalBlend.

    Args:
        words: per video of the call ``(77, k)``, 1 at the tokens of each of k choices; None is a video that is not asked.
    """

    def __init__(self, words: list[Tensor | None]) -> None:
        self.words = words
        self.sums: dict[int, Tensor] = {}
        """By video: ``(slots + frames, tokens, k)``, heads averaged, layers added up."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """Rows are videos x (slots + frames), frames fastest, a video's slots (frames with given latents) before its frames.

    Args:
        cross_frame: layers see other frames as their kind says; else every frame is by itself.
        dense_every: dense layers see every n-th frame.
    """

    videos: int = 1
    frames: int = 1
    slots: int = 0
    cross_frame: bool = False
    joint_norm: bool = True
    dense_every: int = 1
    pairs: tuple[Pair, ...] = ()
    maps: WordMaps | None = None


@dataclass(slots=True)
class Hooks:
    """Shared by all hooked layers of one UNet. `visited` counts the attention layers that the last call went through."""

    call: Call = field(default_factory=Call)
    visited: int = 0
