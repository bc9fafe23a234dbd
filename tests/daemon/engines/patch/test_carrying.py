from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.patch.carrying import Carrying, Made, whole
from keyfollow_daemon.engines.patch.inversion import Flows
from keyfollow_daemon.engines.patch.keymodel import key_model
from keyfollow_daemon.engines.patch.pixels import shrunk
from keyfollow_daemon.engines.patch.repaint import Repaints
from keyfollow_daemon.engines.patch.track import Tracks

FRAME = 5


def made(square: Any, stage: Any, *, draft: bool, painted: Any = None) -> tuple[Made, Any]:
    """(what is made of a frame, the frame as it is worked on)."""
    inversion = stage.invert(draft=draft)
    flows = Flows(stage.frames, inversion.spec, stage.ctx, inversion)
    tracks = Tracks(flows, stage.ctx.check, draft)
    key, source = (
        shrunk(FrameBuffer(picture), flows.drawn_at)
        for picture in (square.painted(0) if painted is None else painted, square.pictures[0])
    )
    model = key_model(key, source, 0.0)
    tracks.look_at(0, model.decals, model.changed, model.gaps)
    repaints = Repaints(stage.frames, flows, stage.ctx.check, draft)
    sizes = stage.frames.size, flows.drawn_at, flows.size
    carrying = Carrying(tracks, {0: model}, repaints, *sizes, 24.0, np.float32(0), draft=draft)
    look = carrying.look(FRAME, {0: 1.0})
    carrying.look(FRAME + 1, {0: 1.0})
    work = shrunk(stage.frames[FRAME], flows.drawn_at)
    return carrying.made(look, work, everywhere=False), work


def test_an_edit_goes_along_with_what_it_is_on(square: Any, stage: Any) -> None:
    out, _ = made(square, stage, draft=False)
    area, true = square.inner(FRAME)[out.window], square.painted(FRAME).astype(np.float32) - square.pictures[FRAME]
    assert np.abs(out.changed - true[out.window])[area].mean() < 2.0
    assert out.reach[area].min() == 1 and out.sure[area].mean() > 0.8
    assert out.soft is None and out.certainty.confidence > 0.8


@pytest.mark.parametrize("draft", [False, True])
def test_it_says_where_the_part_s_pixels_lie_in_the_keyframe(square: Any, stage: Any, draft: bool) -> None:
    out, work = made(square, stage, draft=draft)
    corner = np.array([out.window[1].start, out.window[0].start], np.float32)
    (place,) = out.places
    area = square.inner(FRAME)[:: 144 // work.height, :: 192 // work.width][out.window]
    scale = work.width / 192
    assert (place.keyframe, place.share) == (0, 1.0)
    assert np.allclose(np.median(place.offset[area] - corner, axis=0), np.array([-2, -1]) * FRAME * scale, atol=0.3)
    assert (out.soft is not None) == draft, "what is enlarged is softened when it is"


def test_nothing_is_made_where_nothing_was_edited(square: Any, stage: Any) -> None:
    out, _ = made(square, stage, draft=False, painted=square.pictures[0])
    assert out.window == (slice(0, 0), slice(0, 0)) and not out.changed.size


def test_the_window_of_all_of_a_frame() -> None:
    assert whole(40, 30) == (slice(0, 30), slice(0, 40))
