from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.correspondence import Correspondence
from keyfollow_daemon.engines.patch.objects import REST, Motion, Objects
from keyfollow_daemon.engines.patch.pixels import cv, evened
from keyfollow_daemon.engines.patch.registration import Wholes

SHAPE = (120, 240)
CENTRE = (50.0, 60.0, 1.0)
FAST = np.array([[1.0, 0.0, -20.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


def frame(left: int) -> Any:
    rng = np.random.default_rng(11)
    out = cv.resize(rng.integers(40, 120, (30, 60, 3), dtype=np.uint8), SHAPE[::-1], interpolation=cv.INTER_CUBIC)
    thing = cv.resize(rng.integers(100, 256, (20, 20, 3), dtype=np.uint8), (40, 40), interpolation=cv.INTER_CUBIC)
    thing[..., 2] //= 3
    out[40:80, left : left + 40] = thing[:, : max(0, SHAPE[1] - left)]
    return out


def area() -> Any:
    out = np.zeros(SHAPE, np.bool_)
    out[40:80, 30:70] = True
    return out


def drawn() -> Any:
    out = np.zeros(SHAPE, np.bool_)
    out[52:68, 42:58] = True
    return out


def objects(decals: Any = None) -> Objects:
    return Objects(np.zeros(SHAPE, np.bool_) if decals is None else decals, area(), np.zeros(SHAPE, np.float32))


def lost(motions: tuple[Motion, ...]) -> Correspondence:
    return Correspondence(np.zeros((*SHAPE, 2), np.float32), np.zeros(SHAPE, np.float32), motions)


def tracked(dx: float, motions: tuple[Motion, ...]) -> Correspondence:
    state = lost(motions)
    state.offset[..., 0] = -dx
    state.tracked[:] = 1.0
    return state


def place(motion: Motion | None) -> Any:
    assert motion is not None
    return (np.linalg.inv(motion.pose) @ CENTRE)[:2]


def wholes(decals: Any = None) -> Wholes:
    return Wholes(objects(decals), frame(30), evened(frame(30)))


def test_only_what_is_fast_and_no_longer_followed_or_lost_is_looked_for() -> None:
    whole = wholes()
    fast = replace(REST, step=FAST, seen=1.0)
    assert not whole.missed([REST], [replace(REST, seen=0.1)])
    assert not whole.missed([fast], [replace(fast, seen=0.9)])
    assert whole.missed([fast], [replace(fast, seen=0.3)])
    assert whole.missed([replace(REST, lost=1)], [replace(REST, lost=2)])


def test_a_fast_object_is_found_where_it_went_and_what_is_drawn_on_it_goes_along() -> None:
    fast = replace(REST, step=FAST)
    state = tracked(0.0, (fast, fast))
    gone = replace(fast, seen=0.0)
    decal, found = wholes(drawn()).found(state, (gone, gone), frame(30), frame(57), evened(frame(57)))
    assert found is not None and found.sought and found.sure
    assert np.abs(place(found) - (77, 60)).max() <= 2.0
    assert np.abs(place(decal) - place(found)).max() < 1e-6
    there = list(wholes(drawn()).moved((decal, found), SHAPE))
    assert len(there) == 1 and there[0][1][45:75, 62:92].all() and not there[0][1][:, :50].any()
    assert np.allclose(there[0][0][:2, 2], (-27, 0), atol=2.0)


def test_the_longer_an_object_was_lost_the_further_it_is_looked_for() -> None:
    motion = replace(REST, lost=1)
    far = frame(100)
    assert wholes().found(lost((motion,)), (motion,), frame(300), far, evened(far)) == (None,)
    motion = replace(REST, lost=12)
    (found,) = wholes().found(lost((motion,)), (motion,), frame(300), far, evened(far))
    assert np.abs(place(found) - (120, 60)).max() <= 2.0


def test_it_is_worth_it_only_if_more_is_followed_then() -> None:
    found = replace(REST, sought=True, seen=0.4)
    assert wholes().worth((REST,), (replace(REST, seen=0.1),), (found,))
    assert not wholes().worth((REST,), (replace(REST, seen=0.38),), (found,))
    assert wholes().worth((replace(REST, lost=3),), (replace(REST, seen=0.38),), (found,))


def test_tracks_that_lead_to_a_found_object_from_elsewhere_go_astray() -> None:
    motion = replace(REST, pose=FAST, lost=1, sought=True, sure=True)
    state = tracked(0.0, (motion,))
    astray = wholes().astray((motion,), state)
    assert astray[45:75, 35:65].all() and not astray[:, 80:].any()
    assert not wholes().astray((replace(motion, sure=False),), state).any()
    assert not wholes().astray((motion,), tracked(20.0, (motion,))).any()


def test_where_nothing_of_it_is_seen_and_it_may_be_elsewhere_it_goes_on_as_before() -> None:
    before = replace(REST, step=FAST, lost=1)
    wrong = replace(before, pose=np.array([[1.0, 0, -90], [0, 1, 0], [0, 0, 1]]), sought=True)
    (after,) = wholes().confirmed((before,), lost((wrong,))).motions
    assert np.abs(place(after) - (70, 60)).max() < 1e-6 and not after.sought
    (after,) = wholes().confirmed((before,), lost((replace(wrong, sure=True),))).motions
    assert np.abs(place(after) - (140, 60)).max() < 1e-6
    (after,) = wholes().confirmed((before,), tracked(93.0, (wrong,))).motions
    assert np.abs(place(after) - (143, 60)).max() < 1.0
