"""What engines with weights say of themselves in the same words. Imports nothing heavy."""

from __future__ import annotations

from importlib.util import find_spec

from keyfollow.engine_info import Setting

NEEDS = ("torch", "diffusers", "transformers")
FLOPS = {"cuda": 150e12, "mps": 5e12, "cpu": 0.2e12}
"""What a device gives, roughly; a figure for planning, not a measurement."""

LOCAL = Setting("local", "bool", True, "Where a keyframe changes only a part, leave the rest of every frame untouched.")
FEATHER = Setting("feather", "float", 2.0, "Pixels over which a mask fades in, inside its border.", 0.0, 64.0)
GRAIN = Setting("grain", "float", 1.0, "Grain in newly drawn areas; 1 matches the source's.", 0.0, 4.0)
PRECISION = Setting(
    "precision",
    "choice",
    "auto",
    "Number format that the network computes in; auto is bf16 on a GPU that has it.",
    choices=("auto", "fp32", "bf16", "fp16"),
    advanced=True,
    source_only=True,
)
DELIVER = Setting(
    "deliver",
    "choice",
    "difference",
    "Deliver the source plus what was changed, or the model's own picture.",
    choices=("difference", "picture"),
    advanced=True,
)


def missing(*more: str) -> tuple[str, ...]:
    """`EngineInfo.missing` of an engine that needs `NEEDS` and `more`: a sentence with the remedy where something is absent."""
    absent = [name for name in (*NEEDS, *more) if find_spec(name) is None]
    return (f"Install {', '.join(absent)}: keyfollow setup, or pip install 'keyfollow[diffusion]'.",) if absent else ()
