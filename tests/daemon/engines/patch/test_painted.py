from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from keyfollow_daemon.engines.patch.painted import painted


def disc(radius: int) -> Any:
    out = np.zeros((120, 160), np.uint8)
    cv2.circle(out, (80, 60), radius, 1, -1)
    return out > 0


def test_what_ends_amid_a_surface_was_painted_onto_it() -> None:
    source = np.full((120, 160, 3), 180, np.float32)
    source += np.linspace(0, 40, 160, dtype=np.float32)[:, None]
    source[:, :70] -= 60.0  # a seam that it lies across
    assert (painted(source, disc(12)) == disc(12)).all()


def test_a_thing_that_was_recoloured_has_its_own_outline() -> None:
    source = np.full((120, 160, 3), 180, np.float32)
    source[disc(12)] = (200, 60, 50)
    assert not painted(source, disc(12)).any()


def test_what_is_very_small_or_large_goes_by_its_own_tracks() -> None:
    source = np.full((120, 160, 3), 180, np.float32)
    assert not painted(source, disc(1)).any() and not painted(source, disc(40)).any()


def test_what_lies_apart_is_told_apart() -> None:
    source = np.full((120, 160, 3), 180, np.float32)
    thing = np.zeros((120, 160), bool)
    thing[20:40, 10:40] = True
    source[thing] = 40.0
    assert (painted(source, disc(12) | thing) == disc(12)).all()
