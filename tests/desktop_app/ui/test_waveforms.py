from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui.waveforms import PER_SECOND, Waveforms
from pytestqt.qtbot import QtBot


def test_peaks_of_the_whole_source_arrive_and_a_broken_one_stays_flat(
    described: Media, qtbot: QtBot, wait: Callable[..., None]
) -> None:
    waveforms = Waveforms()
    told: list[None] = []
    waveforms.changed.connect(lambda: told.append(None))
    gone = replace(described, path="/no/such/file.mp4")
    assert not len(waveforms.get(gone)) and not len(waveforms.get(described))
    wait(lambda: told)
    peaks = waveforms.get(described)
    assert abs(len(peaks) - 0.5 * PER_SECOND) <= 3 and 0.01 < peaks.max() <= 1
    assert not len(waveforms.get(gone))
    waveforms.close()
