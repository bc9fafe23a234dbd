from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest
from keyfollow.errors import MediaError
from keyfollow.media.mixing import Piece
from keyfollow.media.sound import RATE
from keyfollow_desktop.model import timeline_edits
from keyfollow_desktop.model.state import Media, Project
from keyfollow_desktop.ui import sound
from keyfollow_desktop.ui.sound import AHEAD, BLOCK, Player, mixed_blocks, pieces

from ..conftest import placed

Samples = npt.NDArray[np.float32]


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every source is its own time: a sample's value is its number in the source, divided by `RATE`."""

    def read(source: str, start: Fraction, stop: Fraction, *, loose: bool) -> Iterator[Samples]:
        assert loose, "a listener does not wait for a far place to be counted to"
        if source == "broken":
            raise MediaError("media_unreadable", "No.", "Nothing.")
        for begin in range(round(start * RATE), round(stop * RATE), 1000):
            line = np.arange(begin, min(begin + 1000, round(stop * RATE)), dtype=np.float64) / RATE
            yield np.repeat(line.astype(np.float32)[:, None], 2, axis=1)

    monkeypatch.setattr(sound, "read_sound", read)


class Device:
    """An output that a test turns by hand; its clock too."""

    latency = 0.05

    def __init__(self) -> None:
        self.time = 100.0
        self.take: Callable[[int], Samples] | None = None
        self.open = True
        self.closed = 0

    def start(self, take: Callable[[int], Samples]) -> Device | None:
        self.take = take
        return self if self.open else None

    def close(self) -> None:
        self.closed += 1

    def turn(self, count: int = 480) -> Samples:
        assert self.take is not None
        made = self.take(count)
        self.time += count / RATE
        return made


@pytest.fixture
def project(described: Media) -> Project:
    return placed(Project(), replace(described, frames=240))


def test_what_is_heard_is_every_clip_with_sound_on_a_track_that_is_not_muted(project: Project, described: Media) -> None:
    assert pieces(project) == [Piece(described.path, Fraction(0), Fraction(0), Fraction(10))]
    track = project.timeline.tracks[0]
    moved = timeline_edits.trim(timeline_edits.move(project, {track.clips[0].id}, 24), track.clips[0].id, start=48)
    assert pieces(moved) == [Piece(described.path, Fraction(1), Fraction(2), Fraction(9))]
    assert not pieces(timeline_edits.set_track(project, track.id, muted=True))
    silent = replace(project, media={n: replace(m, sound=False) for n, m in project.media.items()})
    assert not pieces(silent)


@pytest.mark.usefixtures("counting")
def test_pieces_are_mixed_where_they_lie_and_one_that_is_broken_is_silent() -> None:
    heard = [
        Piece("a", Fraction(5), Fraction(1), Fraction(1)),
        Piece("b", Fraction(0), Fraction(3, 2), Fraction(1)),
        Piece("broken", Fraction(0), Fraction(0), Fraction(1)),
    ]
    made = np.concatenate(list(mixed_blocks(heard, Fraction(1, 2))))[:, 0]
    assert made[: RATE // 2].max() == 0
    assert made[RATE // 2 : RATE] == pytest.approx(np.arange(RATE // 2) / RATE + 5, abs=1e-5)
    assert made[RATE + 10] == pytest.approx(5.5 + 20 / RATE, abs=1e-5)
    assert 2 * RATE <= len(made) < 2 * RATE + BLOCK and not made[2 * RATE :].any()


@pytest.mark.usefixtures("counting")
def test_the_sound_is_the_clock(project: Project) -> None:
    device = Device()
    player = Player(device.start, lambda: device.time)
    before = player.now()
    player.start(project, Fraction(2))
    wait(lambda: device.take is not None)
    assert player.now() == before
    wait(lambda: device.turn()[0, 0] > 0)
    # late by as much as it took until something came: it goes on where the picture is, not from its beginning
    passed = player.now() - before
    first = device.turn()
    heard = first[0, 0] - device.latency
    assert heard == pytest.approx(2 + passed, abs=0.03)
    stream = player._stream
    assert stream is not None
    wait(lambda: stream._tail - stream._head > AHEAD)
    for _ in range(100):
        device.turn()
    assert player.now() - before == pytest.approx(passed + 1.01, abs=0.03)
    stopped = player.now()
    device.time += 0.005
    assert 0 <= player.now() - stopped <= 0.011
    device.time += 0.5
    assert player.now() - stopped <= 0.011, "sound that does not come in time holds the picture"
    device.time += 5
    assert player.now() - stopped > 5, "but not for ever"
    held = player.now()
    player.stop()
    assert player.now() == pytest.approx(held) and device.closed == 1
    device.time += 1
    assert player.now() == pytest.approx(held + 1)


@pytest.mark.usefixtures("counting")
def test_time_goes_on_when_the_sound_is_over(project: Project) -> None:
    device = Device()
    player = Player(device.start, lambda: device.time)
    player.start(project, Fraction(99, 10))
    wait(lambda: device.take is not None)
    before = player.now()
    wait(lambda: device.turn(48)[0, 0] > 0)
    for _ in range(300):
        device.turn()
    assert player.now() - before > 2.9
    player.stop()


@pytest.mark.usefixtures("counting")
def test_without_a_device_or_anything_to_hear_time_is_the_machine_s(project: Project) -> None:
    device = Device()
    device.open = False
    player = Player(device.start, lambda: device.time)
    player.start(project, Fraction(0))
    wait(lambda: device.take is not None)
    device.time += 3
    assert player.now() == device.time
    device.take = None
    player.start(project, Fraction(11))
    player.start(Project(), Fraction(0))
    player.stop()
    assert player.now() == device.time and device.take is None


def test_the_real_source_is_heard_and_its_reader_ended(project: Project, described: Media) -> None:
    blocks = mixed_blocks(pieces(replace(project, media={described.id: described})), Fraction(0))
    tone = next(blocks)
    assert 0.01 < np.abs(tone).max() <= 1
    blocks.close()


def wait(so: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not so():
        assert time.monotonic() < end
        time.sleep(0.01)


class NoDevice(Exception):
    """What `sounddevice` raises where there is none."""


def _refuse(**kwargs: object) -> None:
    raise NoDevice


@pytest.mark.parametrize("module", [None, SimpleNamespace(OutputStream=_refuse, PortAudioError=NoDevice)])
def test_without_a_sound_device_it_is_quiet_and_time_goes_on(
    described: Media, module: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    assert sound.open_device(lambda count: np.zeros((count, 2), np.float32)) is None
    player = sound.Player(sound.open_device)
    before = player.now()
    player.start(placed(Project(), described), Fraction(0))
    time.sleep(0.05)
    assert 0.04 < player.now() - before < 5
    player.stop()
