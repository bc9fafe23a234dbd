"""The engine's settings as its numerics read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from keyfollow.edits import SettingValue
from keyfollow.errors import UsageError

from keyfollow_daemon.engines.base import Edit

from .denoise import DPM, Sampling
from .info import DRAFT_STEPS, method_of, prompts_of
from .null_text import NullText
from .presets import by_preset
from .spatial import SpatialLoss

Words = Literal["auto", "replace", "refine", "none"]


@dataclass(frozen=True, slots=True)
class Preparing:
    """What depends on the source alone.

    Args:
        steps: S.
        method: one of `inversion.METHODS`.
        prompted: inversion reads the source prompt, else the empty one.
        again: fixed-point iterations a step.
        null: null-text's settings; None for other methods.
        joint_norm: see `network`.
        dense_every: the same.
    """

    steps: int
    method: str
    prompted: bool
    again: int
    null: NullText | None
    joint_norm: bool
    dense_every: int

    @property
    def coupled(self) -> bool:
        """Frames depend on one another while they are prepared."""
        return self.joint_norm or (self.null is not None and self.null.cross_frame)


@dataclass(frozen=True, slots=True)
class Editing:
    """What an edit adds.

    Args:
        null_ratio: share of the steps with null-text's embeddings (`null_text.used_from`).
        words: how target words follow the source's; ``auto`` replaces where both prompts have equally many.
        cross: shares of the steps for replace and refine. layout: for self-attention within frames.
        weights, shares: by word of the target prompt.
        blend: LocalBlend; by `blend_words`, or where that is empty by the words that differ.
    """

    sampling: Sampling
    null_ratio: float
    words: Words
    cross: tuple[float, float]
    layout: float
    weights: tuple[tuple[str, float], ...]
    shares: tuple[tuple[str, float], ...]
    blend: bool
    blend_words: tuple[str, ...]
    steady: bool


def steps_of(settings: Mapping[str, SettingValue], draft: bool) -> int:
    steps = int(settings["steps"])
    return min(steps, DRAFT_STEPS) if draft else steps


def preparing(settings: Mapping[str, SettingValue], draft: bool) -> Preparing:
    """`settings` need only hold those that are `source_only`."""
    method = method_of(settings, draft)
    asked = str(settings["inversion_prompt"])
    how = NullText(
        inner=int(settings["null_inner"]),
        rate=float(settings["null_rate"]),
        guidance=float(settings["guidance"]),
        cross_frame=bool(settings["null_cross_frame"]),
    )
    return Preparing(
        steps=steps_of(settings, draft),
        method=method,
        prompted=asked == "source" if asked != "auto" else method != "null_text",
        again=int(settings["fixed_point_steps"]) if method == "fixed_point" else 0,
        null=how if method == "null_text" else None,
        joint_norm=bool(settings["joint_group_norm"]),
        dense_every=int(settings["dense_every"]),
    )


def editing(settings: Mapping[str, SettingValue], draft: bool) -> Editing:
    """`settings` as `info.describe` lists them, complete.

    Raises:
        UsageError: ``unmatched_sampler``, ``unstable_loss``, ``bad_setting``.
    """
    settings = by_preset(settings)
    sampler = str(settings["sampler"])
    if sampler == DPM and method_of(settings, draft) != "direct":
        raise UsageError(
            "unmatched_sampler",
            f"The sampler {DPM} does not retrace what inversion={method_of(settings, draft)} found.",
            "Use --set inversion=direct with it, or --set sampler=ddim.",
        )
    loss = SpatialLoss(float(settings["keep_values"]), float(settings["keep_gradients"]), float(settings["keep_step"]))
    return Editing(
        sampling=Sampling(float(settings["guidance"]), sampler, loss, cross_frame=settings["cross_frame"] != "none"),
        null_ratio=float(settings["null_share"]),
        words=_words(str(settings["words"])),
        cross=(float(settings["cross_replace"]), float(settings["cross_refine"])),
        layout=float(settings["self_injection"]),
        weights=by_word(str(settings["reweight"])),
        shares=by_word(str(settings["word_shares"])),
        blend=settings["local_blend"] == "on",
        blend_words=tuple(str(settings["blend_words"]).split()),
        steady=bool(settings["steady_blend"]),
    )


def together(edit: Edit, source_prompt: str) -> tuple[str, ...]:
    """The target prompts that are drawn together, this run's among them; they share one source.

    With keyframes a prompt that says what the source's says is drawn alone, since it goes without guidance.

    Raises:
        UsageError: ``prompt_not_listed``.
    """
    own = edit.prompt or source_prompt
    listed = prompts_of(edit.settings)
    if listed and own not in listed:
        raise UsageError(
            "prompt_not_listed",
            "The prompt is not one of those that are to be drawn together.",
            "Let the setting prompts name all of them, one a line; `keyfollow propagate` does with --prompt given several times.",
        )
    if not listed or (edit.keyframes and own == source_prompt):
        return (own,)
    return tuple(p for p in listed if not edit.keyframes or p != source_prompt)


def by_word(text: str) -> tuple[tuple[str, float], ...]:
    """``"snow:2, car:0.5"`` as pairs.

    Raises:
        UsageError: ``bad_setting``.
    """
    out = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        word, _, number = part.rpartition(":")
        try:
            out.append((word.strip(), float(number)))
        except ValueError:
            word = ""
        if not word:
            raise UsageError("bad_setting", f"{part!r} is no word with a number.", 'Write e.g. "snow:2, car:0.5".')
    return tuple(out)


def _words(name: str) -> Words:
    known: dict[str, Words] = {"auto": "auto", "replace": "replace", "refine": "refine", "none": "none"}
    return known[name]
