"""Delivery is nowhere worse than plainly enlarging the difference; the benchmark's own pictures, small."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "delivery.py"


@pytest.fixture(scope="module")
def delivery() -> Any:
    spec = importlib.util.spec_from_file_location("delivery", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = sys.modules["delivery"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_never_worse_than_plain_enlargement(delivery: Any, tmp_path: Path) -> None:
    scores = list(delivery.scores((640, 360), 86, tmp_path))
    assert {(s.case, s.mask) for s in scores} == {
        (name, mask) for name in ("recolour", "slight recolour", "repaint", "pasted object", "grade") for mask in (False, True)
    }
    for s in scores:
        assert s.inside <= s.inside_plain, s
        if s.case != "grade":
            assert s.edge <= s.edge_plain and s.kept > (0.9999 if s.mask else 0.97), s
        if s.case in ("recolour", "slight recolour"):
            assert s.inside < 0.75 * s.inside_plain and s.edge < 0.3 * s.edge_plain, s
    strip = cv2.imread(str(tmp_path / "delivery-recolour.png"))
    assert strip is not None and strip.shape == (144, 3 * (4 * 48 + 6), 3)
