from __future__ import annotations

import numpy as np
import pytest
from keyfollow.errors import UsageError
from keyfollow.frames import FrameBuffer
from keyfollow.media.prepare import deliver


@pytest.mark.parametrize(("dtype", "white"), [("uint8", 255), ("uint16", 65535), ("float16", 1)])
def test_the_edit_and_its_matte_are_where_any_channel_differs(dtype: str, white: float) -> None:
    source = FrameBuffer(np.zeros((2, 2, 3), dtype), 10)
    pixels = source.pixels.copy()
    pixels[0, 1, 2] = 1
    edited = FrameBuffer(pixels, 10)
    layer, matte = deliver("edit", edited, source), deliver("matte", edited, source)
    assert layer.pixels[0, 1].tolist() == [0, 0, 1, white]
    assert not layer.pixels[0, 0].any() and not layer.pixels[1].any()
    assert matte.pixels[0, 1].tolist() == [white] * 3
    assert int((matte.pixels != 0).sum()) == 3
    assert deliver("full", edited, source) is edited
    assert (layer.depth, layer.pixels.dtype) == (10, np.dtype(dtype))


def test_frames_of_different_form_are_refused() -> None:
    with pytest.raises(UsageError):
        deliver("edit", FrameBuffer(np.zeros((2, 2, 3), np.uint8)), FrameBuffer(np.zeros((2, 3, 3), np.uint8)))
