"""Where two keyframes differ the one nearer by has the say; where they do not, either may stand in for the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.patch.accord import disputed
from keyfollow_daemon.engines.patch.keymodel import key_model
from keyfollow_daemon.engines.patch.seen import Seen
from keyfollow_daemon.engines.patch.transfer import transfer

AREA = np.s_[40:100, 60:130]


def painted(picture: Any, gain: tuple[float, float, float] = (0.4, 0.9, 0.5), without: Any = None) -> Any:
    out = picture.copy()
    out[AREA] = (out[AREA] * gain + (0, 20, 60)).astype(np.uint8)
    if without is not None:
        out[without] = picture[without]
    return out


def places(picture: Any, mine: Any, theirs: Any, hidden: Any = None) -> Any:
    """`disputed` of two keyframes of the same frame, of which one tells nothing where something is `hidden` from it."""
    model, other = (key_model(FrameBuffer(each), FrameBuffer(picture), -1.0) for each in (mine, theirs))
    sure, still = np.ones(picture.shape[:2], np.float32), np.zeros((*picture.shape[:2], 2), np.float32)
    if hidden is not None:
        sure[hidden] = 0.0
    seen = Seen(still, sure, sure, 0 * sure, still.copy(), sure > 0, sure < 0)
    pixels = picture.astype(np.float32)
    return disputed(transfer(other, seen, pixels), mine.astype(np.float32) - pixels, model)


def test_nothing_is_disputed_between_keyframes_that_are_painted_alike(picture: Any) -> None:
    brighter = painted(picture, (0.42, 0.93, 0.52))
    found = places(picture, painted(picture), brighter)
    assert found is not None and not found.any()


def test_another_colour_or_half_of_the_edit_is_another_edit(picture: Any) -> None:
    assert places(picture, painted(picture), painted(picture, (1.4, 0.2, 0.9))) is None
    half = np.s_[40:100, 60:95]
    assert places(picture, painted(picture), painted(picture, without=half)) is None
    assert places(picture, painted(picture, without=half), painted(picture)) is None


def test_a_small_thing_more_or_less_is_disputed_there(picture: Any) -> None:
    spot = np.s_[50:65, 70:85]
    for mine, theirs in ((None, spot), (spot, None)):
        found = places(picture, painted(picture, without=mine), painted(picture, without=theirs))
        assert found is not None and found[spot].mean() > 0.8
        found[46:69, 66:89] = False
        assert not found.any()


def test_what_one_did_not_see_is_no_difference_but_something_must_be_told(picture: Any) -> None:
    half = np.s_[30:110, 50:95]
    found = places(picture, painted(picture), painted(picture, without=half), hidden=half)
    assert found is not None and not found.any()
    assert places(picture, painted(picture), painted(picture), hidden=np.s_[:, :]) is None
