from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model.state import Mask
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.painter import layers
from keyfollow_desktop.ui.painter.layers import Opened

from ...conftest import inverted, with_take


def test_a_painting_begins_with_what_is_seen_and_what_becomes_of_it_begins_the_next(
    one_clip: Document, frames: list[FrameBuffer], tmp_path: Path
) -> None:
    media = next(iter(one_clip.project.media))
    opened = Opened("keyframe", media, 5, Mask("k", "edit", 5))
    canvas = layers.load(one_clip.project, one_clip.folder, opened, "")
    assert (canvas.result().pixels == frames[5].pixels).all()
    with_take(one_clip, frames)
    canvas = layers.load(one_clip.project, one_clip.folder, opened, str(one_clip.folder / "takes" / "take-1"))
    assert (canvas.result().pixels == inverted(frames[5]).pixels).all()
    canvas.place(np.full((8, 8, 4), 255, np.uint8), 0, 0)
    names = layers.save(canvas, one_clip.folder, opened)
    project = layers.put(one_clip.project, opened, names)
    again = layers.load(project, one_clip.folder, opened, "")
    assert names.keys() == {"edit"} and (again.result().pixels == canvas.result().pixels).all()
    with pytest.raises(KeyError):
        layers.load(project, one_clip.folder, replace(opened, media="gone"), "")
