from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui.importing import describe
from keyfollow_desktop.ui.shots import Shots, cuts, small
from keyfollow_testkit.clips import moving_patch, write_clip
from pytestqt.qtbot import QtBot

FIRST, SECOND = moving_patch(12), [f[:, ::-1, ::-1] // 2 for f in moving_patch(12, seed=9)]


def found(frames: list[np.ndarray]) -> tuple[int, ...]:
    return cuts(small(f, 255) for f in frames)


def test_cuts_are_found_and_motion_flashes_and_fades_are_not() -> None:
    assert found([*FIRST, *SECOND, *FIRST]) == (12, 24)
    assert found(FIRST) == ()
    flash = [*FIRST[:6], np.full_like(FIRST[0], 255), *FIRST[6:]]
    assert found(flash) == ()
    fade = [np.asarray(FIRST[n // 3] * (1 - n / 36) + SECOND[n // 3] * (n / 36), np.uint8) for n in range(36)]
    assert found(fade) == ()
    wild = [np.roll(FIRST[0], 9 * n, axis=1) for n in range(24)]
    assert found(wild) == ()
    assert cuts((small(f, 255) for f in [*FIRST, *SECOND]), lambda: True) == ()


def test_a_source_is_looked_through_in_the_background(
    tmp_path: Path, own_home: Path, described: Media, qtbot: QtBot, wait: Callable[..., None]
) -> None:
    shots = Shots()
    told: list[tuple[str, tuple[int, ...]]] = []
    shots.found.connect(lambda *what: told.append(what))
    shots.look_through(replace(described, path="/no/such/file.mp4"))
    media = describe(str(write_clip(tmp_path / "two.mp4", [*FIRST, *SECOND])))
    shots.look_through(media)
    wait(lambda: told)
    assert told == [(media.id, (12,))]
    shots.close()


def test_when_it_is_closed_nothing_of_it_runs_on(tmp_path: Path, own_home: Path, qtbot: QtBot) -> None:
    """A thread that is still importing or decoding when the program ends would take it down."""
    media = describe(str(write_clip(tmp_path / "two.mp4", [*FIRST, *SECOND])))
    shots = Shots()
    for _ in range(3):
        shots.look_through(media)
    shots.close()
    assert not [t for t in threading.enumerate() if t.name == "keyfollow-shots"]
