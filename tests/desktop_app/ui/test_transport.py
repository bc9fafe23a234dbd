from __future__ import annotations

from keyfollow_desktop.model import timeline_edits
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.transport import Transport


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_playhead_follows_the_clock_and_skips_what_is_late(one_clip: Document) -> None:
    clock = Clock()
    transport = Transport(one_clip, clock=clock)
    transport.toggle()
    at = []
    for clock.now in (0.05, 0.13, 0.38):
        transport.tick()
        at.append(one_clip.place.playhead)
    assert at == [1, 3, 9] and transport.playing
    clock.now = 1.0
    transport.tick()
    assert one_clip.place.playhead == 11 and not transport.playing


def test_j_and_l_shuttle_faster_each_time_and_k_held_steps(one_clip: Document) -> None:
    transport = Transport(one_clip, clock=Clock())
    one_clip.go(6)
    speeds = []
    for direction in (1, 1, 1, -1, -1):
        transport.shuttle(direction)
        speeds.append(transport.speed)
    assert speeds == [1, 2, 4, -1, -2]
    transport.brake = True
    transport.shuttle(1)
    assert one_clip.place.playhead == 7 and not transport.playing


def test_a_loop_goes_from_out_to_in(one_clip: Document) -> None:
    clock = Clock()
    transport = Transport(one_clip, clock=clock)
    one_clip.edit("Set in", lambda p: timeline_edits.mark(p, 3, 6))
    transport.loop = True
    transport.play(1)
    assert one_clip.place.playhead == 3
    clock.now = 0.2
    transport.tick()
    assert one_clip.place.playhead == 3 and transport.playing


def test_nothing_to_play_does_not_play(document: Document) -> None:
    transport = Transport(document)
    transport.toggle()
    assert not transport.playing
