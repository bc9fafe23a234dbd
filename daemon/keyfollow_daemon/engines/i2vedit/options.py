"""The engine's settings as its numerics read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from keyfollow.edits import SettingValue
from keyfollow.errors import UsageError

from .conditioning import MOTION_BUCKET, NOISE_AUGMENTATION
from .info import steps_of, training_steps_of
from .matching import Matching
from .training import Training

Settings = Mapping[str, SettingValue]


@dataclass(frozen=True, slots=True)
class Preparing:
    """What depends on the source alone.

    Args:
        steps: T. sarp: strength of the noise on smooth areas.
        skip: later clips see the first one (skip-interval attention).
        training: None where no motion LoRA is wanted.
    """

    steps: int
    sarp: float
    skip: bool
    training: Training | None


@dataclass(frozen=True, slots=True)
class Editing:
    """What an edit adds. `ids` are what the network is told of the video; `hold_colours` see `handover`."""

    guidance: float
    matching: Matching | None
    ids: tuple[float, float, float]
    hold_colours: bool


def preparing(settings: Settings, draft: bool) -> Preparing:
    """`settings` need only hold those that are `source_only`."""
    steps = training_steps_of(settings, draft)
    how = Training(
        steps=steps,
        rate=float(settings["training_rate"]),
        rank=int(settings["rank"]),
        wide=settings["lora_targets"] == "wide",
        dropout=float(settings["dropout"]),
        noise_levels=str(settings["noise_levels"]),
        swapped_ids=bool(settings["swapped_ids"]),
        early_stop=float(settings["early_stop"]),
    )
    return Preparing(
        steps_of(settings, draft), float(settings["sarp"]), bool(settings["skip_interval"]), how if steps else None
    )


def editing(settings: Settings) -> Editing:
    """Raises UsageError ``bad_setting`` where the second stage of the temporal selector would end before the first."""
    stages = (float(settings["stage_one"]), float(settings["stage_two"]))
    if stages[0] > stages[1]:
        raise UsageError(
            "bad_setting",
            f"stage_one = {stages[0]:g} is after stage_two = {stages[1]:g}.",
            "Give stage_two at least stage_one's value.",
        )
    matching = Matching(
        (float(settings["threshold"]), float(settings["threshold_end"])), stages, settings["coarse_layers"] == "published"
    )
    return Editing(
        guidance=float(settings["guidance"]),
        matching=matching if settings["attention_matching"] else None,
        ids=(float(settings["fps"]) - 1, MOTION_BUCKET, NOISE_AUGMENTATION),
        hold_colours=bool(settings["hold_colours"]),
    )
