from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.seen import Seen
from keyfollow_daemon.engines.patch.sightings import fits, pack, unpack

SIZE = (60, 80)
EDITED = np.zeros(SIZE, np.bool_)
EDITED[20:30, 20:30] = True


@pytest.fixture
def plain() -> Seen:
    random = np.random.default_rng(1)

    def some(*shape: int) -> Any:
        return random.random((*SIZE, *shape), np.float32)

    return Seen(9 * some(2), some(), some(), 500 * some(), 3 * some(2), random.random(SIZE) > 0.1, np.zeros(SIZE, np.bool_))


def changed(seen: Seen, where: Any) -> Seen:
    offset, tracked, confidence, misfit = (getattr(seen, name).copy() for name in ("offset", "tracked", "confidence", "misfit"))
    offset[where], tracked[where], confidence[where], misfit[where] = (-4.6, 7.3), 1.0, 0.3, 1234.5
    return replace(seen, offset=offset, tracked=tracked, confidence=confidence, misfit=misfit)


def test_what_differs_near_the_edit_comes_back_as_exactly_as_matters(plain: Seen) -> None:
    where = np.zeros(SIZE, np.bool_)
    where[25, 18:24] = True
    seen = changed(plain, where)
    back = unpack(pack(seen, plain, EDITED), plain)
    assert np.allclose(back.offset, seen.offset, atol=1 / 64)
    for name, close in (("tracked", 1 / 510), ("confidence", 1 / 510), ("misfit", 0.5)):
        assert np.allclose(getattr(back, name), getattr(seen, name), atol=close)
    for name in ("offset", "tracked", "confidence", "misfit"):
        assert np.array_equal(getattr(back, name)[~where], getattr(plain, name)[~where])


def test_what_differs_far_from_the_edit_is_not_kept(plain: Seen) -> None:
    where = np.zeros(SIZE, np.bool_)
    where[50:, 60:] = True
    packed = pack(changed(plain, where), plain, EDITED)
    back = unpack(packed, plain)
    assert np.array_equal(back.offset, plain.offset)
    assert sum(each.nbytes for each in packed.values()) < 1000


def test_what_is_placed_is_kept_wherever_it_is(plain: Seen) -> None:
    placed = np.zeros(SIZE, np.bool_)
    placed[55, 70] = True
    back = unpack(pack(replace(changed(plain, placed), placed=placed), plain, EDITED), plain)
    assert np.array_equal(back.placed, placed)
    assert np.allclose(back.offset[placed], (-4.6, 7.3), atol=1 / 64)


def test_motion_that_was_told_otherwise_comes_back(plain: Seen) -> None:
    motion, visible = plain.motion.copy(), plain.visible.copy()
    motion[22:25, 22:25], visible[22:25, 22:25] = (30.5, -12.25), False
    back = unpack(pack(replace(plain, motion=motion, visible=visible), plain, EDITED), plain)
    assert np.array_equal(back.motion, motion) and np.array_equal(back.visible, visible)


def test_unpacked_once_or_twice_it_is_the_same(plain: Seen) -> None:
    packed = pack(changed(plain, EDITED), plain, EDITED)
    one, other = unpack(packed, plain), unpack(packed, plain)
    assert all(np.array_equal(getattr(one, each.name), getattr(other, each.name)) for each in fields(Seen))


@pytest.mark.parametrize("name", ["where", "offset", "levels", "misfit", "placed"])
def test_an_entry_that_does_not_fit_is_told(plain: Seen, name: str) -> None:
    packed = pack(changed(plain, EDITED), plain, EDITED)
    assert fits(packed, SIZE[::-1]) and not fits(packed, (SIZE[1], SIZE[0] + 8))
    assert not fits({**packed, name: packed[name][..., :-1]}, SIZE[::-1])
    assert not fits({n: each for n, each in packed.items() if n != name}, SIZE[::-1])
