"""What is told of a take under the list of takes: how it was made, and how good it is, as measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from keyfollow.engine_info import EngineInfo, Report
from keyfollow.take_folder import RECIPE
from PySide6.QtCore import QCoreApplication

from ..model.timecode import duration
from .engine_words import title
from .take_store import UNSURE, Known

CONTEXT = "takes"


def _t(text: str) -> str:
    return QCoreApplication.translate(CONTEXT, text)


def request_of(folder: str) -> dict[str, Any]:
    """What the run was asked for, as the take's recipe tells it. Raises OSError, ValueError, KeyError, TypeError."""
    asked = json.loads((Path(folder) / RECIPE).read_text("utf-8"))["request"]
    if not isinstance(asked, dict):
        raise TypeError("no request")
    return asked


def details(known: Known, engines: dict[str, EngineInfo]) -> str:
    """A few lines; "" while nothing is known."""
    lines = []
    try:
        asked = request_of("" if known.folder is None else str(known.folder))
        lines.append(_recipe(asked, engines))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    if known.report is not None:
        lines += _measured(known, known.report)
    return "\n".join(line for line in lines if line)


def _recipe(asked: dict[str, Any], engines: dict[str, EngineInfo]) -> str:
    info = engines.get(str(asked["engine"]))
    parts = [info.name if info else str(asked["engine"])]
    if asked.get("prompt"):
        parts.append(f"“{asked['prompt']}”")
    parts += [f"{title(name)} {value}" for name, value in dict(asked["settings"]).items()]
    if asked.get("seed"):
        parts.append(_t("seed {0}").format(asked["seed"]))
    return "  ·  ".join(parts)


def _measured(known: Known, report: Report) -> list[str]:
    unsure = sum(c < UNSURE for c in known.confidence.values())
    spent = report.seconds.get("total", 0.0)
    parts = [
        _t("{0} frames in {1}").format(report.frames, duration(spent)) if spent else _t("{0} frames").format(report.frames),
        _t("{0} % of the picture changed").format(f"{100 * report.changed_share:.1f}".removesuffix(".0")),
    ]
    lines = ["  ·  ".join(parts)]
    if unsure:
        lines.append(_t("Unsure frames: {0}. N goes to the one most worth painting.").format(unsure))
    if report.changed_outside_mask:
        lines.append(_t("{0} pixels changed where the mask protects.").format(report.changed_outside_mask))
    return [*lines, *report.notes]
