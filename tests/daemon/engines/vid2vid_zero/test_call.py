"""What hooked layers are told is a plain picture by itself, unless somebody says otherwise."""

from __future__ import annotations

from keyfollow_daemon.engines.vid2vid_zero.call import Call, Hooks, WordMaps


def test_a_call_begins_as_one_picture() -> None:
    call = Hooks().call
    assert call == Call() or (call.videos, call.frames, call.slots, call.cross_frame, call.pairs) == (1, 1, 0, False, ())


def test_maps_are_gathered_for_each_call_anew() -> None:
    first, second = WordMaps([None]), WordMaps([None])
    assert first.sums == {} and first.sums is not second.sums
