from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui import frame_pictures
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.frame_pictures import retouched, seen_frame
from keyfollow_testkit.clips import moving_patch, write_clip

from ..conftest import inverted, with_take


def test_a_frame_is_the_take_where_there_is_one(one_clip: Document, described: Media, frames: list[FrameBuffer]) -> None:
    take = str(one_clip.folder / "takes" / with_take(one_clip, frames, made=range(3)))
    assert (seen_frame(described, 2, take).pixels == inverted(frames[2]).pixels).all()
    assert (seen_frame(described, 5, take).pixels == frames[5].pixels).all()
    assert (seen_frame(described, 2, "").pixels == frames[2].pixels).all()


def test_a_frame_that_was_read_is_at_hand_until_its_file_changes(
    described: Media, frames: list[FrameBuffer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "own.mp4"
    path.write_bytes(Path(described.path).read_bytes())
    own = replace(described, path=str(path))
    assert (seen_frame(own, 2, "").pixels == frames[2].pixels).all()
    with monkeypatch.context() as closed:
        closed.setattr(frame_pictures, "MediaReader", lambda *a, **k: pytest.fail("opened again"))
        again = seen_frame(own, 2, "")
    assert (again.pixels == frames[2].pixels).all() and not again.pixels.flags.writeable
    write_clip(path, moving_patch(4, seed=9))
    assert (seen_frame(own, 2, "").pixels != frames[2].pixels).any()


@pytest.mark.parametrize("channels", [3, 4])
def test_a_retouch_counts_where_its_alpha_says(channels: int) -> None:
    base = FrameBuffer(np.full((2, 2, channels), 100, np.uint16), 16)
    fix = np.zeros((2, 2, 4), np.uint16)
    fix[0, 0] = (1000, 2000, 3000, 65535)
    fix[0, 1] = (300, 300, 300, 32768)
    made = retouched(FrameBuffer(fix, 16), base).pixels
    assert made[0, 0, :3].tolist() == [1000, 2000, 3000] and made[0, 1, :3].tolist() == [200, 200, 200]
    assert (made[1] == 100).all() and (made[..., 3:] == 100).all()
