"""The engine contract holds what DESIGN says of it: an inversion never sees the edit, and nothing handed over can be changed."""

from __future__ import annotations

import dataclasses
import inspect

import numpy as np
import pytest
from keyfollow.edits import EditRequest
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.engines import base

IMAGE = FrameBuffer(np.zeros((2, 2, 3), np.uint8))
HANDED = [
    base.InversionSpec("patch", "1"),
    base.EditKeyframe(0, IMAGE),
    base.EditMask("edit", 0, np.ones((2, 2), np.float32)),
    base.Edit(FrameRange(0, 2), (0, 1), (base.EditKeyframe(0, IMAGE),)),
    base.EditedFrame(0, IMAGE, 1.0),
]


@pytest.mark.parametrize("value", HANDED, ids=lambda v: type(v).__name__)
def test_what_is_handed_over_is_frozen(value: object) -> None:
    name = dataclasses.fields(value)[0].name  # type: ignore[arg-type]
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, None)


def test_an_inversion_knows_neither_the_edit_nor_the_range() -> None:
    fields = {f.name for f in dataclasses.fields(base.InversionSpec)}
    # a draft may prepare less, so the draft flag is the one thing besides the source that it is told
    assert fields.isdisjoint({"range", "wanted", "keyframes", "masks", "seed"})
    assert list(inspect.signature(base.Engine.invert).parameters) == ["self", "frames", "span", "spec", "ctx"]


def test_an_edit_holds_all_of_a_request_that_decides_the_frames() -> None:
    handed = {f.name for f in dataclasses.fields(base.Edit)}
    # the clip arrives as Frames, the engine is chosen already, the cache is in the context, quality is told as `draft`
    elsewhere = {"clip", "engine", "cache", "quality"}
    assert {f.name for f in dataclasses.fields(EditRequest)} - elsewhere <= handed


def test_an_edit_is_a_final_of_the_whole_unless_it_says_otherwise() -> None:
    edit = base.Edit(FrameRange(0, 2), (0, 1), (base.EditKeyframe(0, IMAGE),))
    assert (edit.draft, edit.masks, edit.seed) == (False, (), 0)
