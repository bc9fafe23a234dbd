from __future__ import annotations

import struct

import numpy as np
import pytest
from keyfollow.errors import MediaError
from keyfollow.frames import Colour, FrameBuffer
from keyfollow.media.images import read_image
from keyfollow_desktop.ui.colour_profile import in_source_colours, profile_for, profile_of
from keyfollow_desktop.ui.openraster import Layer
from keyfollow_desktop.ui.photoshop import CHOSEN, VERSION, check_composite, resource, write_layers

PROFILE = profile_for(Colour())


def written(dtype: str) -> tuple[bytes, np.ndarray]:
    merged = np.random.default_rng(3).integers(0, np.iinfo(dtype).max, (9, 14, 3), dtype=dtype)
    layers = [
        Layer("Malen", np.zeros((9, 14, 4), dtype), chosen=True),
        Layer("Überblendung", merged),
        Layer("Source", merged // 2, locked=True),
    ]
    return write_layers(layers, merged, PROFILE), merged


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_another_reader_sees_the_composite_to_the_last_bit(dtype: str) -> None:
    """FFmpeg's: it knows nothing of ours."""
    data, merged = written(dtype)
    found = read_image(data, name="frame.psd")
    assert found.pixels.dtype == dtype and (found.pixels == merged).all()
    assert profile_of(data) == PROFILE
    grey = FrameBuffer(merged)
    assert in_source_colours(grey, profile_of(data), Colour()) is grey


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_layers_stand_from_the_lowest_up_with_their_names(dtype: str) -> None:
    data, _ = written(dtype)
    names = [name.encode("utf-16-be") for name in ("Source", "Überblendung", "Malen")]
    at = [data.index(name) for name in names]
    assert at == sorted(at) and struct.unpack(">H", resource(data, CHOSEN)) == (2,)
    # the source alone is locked; a layer with nothing in it has no area
    locks = [data[n + 12 : n + 16] for n in range(len(data)) if data.startswith(b"8BIMlspf", n)]
    assert locks == [b"\x80\0\0\0", b"\0\0\0\0", b"\0\0\0\0"]
    assert (b"Lr16" in data) == (dtype == "uint16")


def test_a_file_without_its_composite_is_refused_with_what_to_do() -> None:
    data, _ = written("uint8")
    check_composite(data, "frame.psd")
    at = data.index(resource(data, VERSION))
    left_out = data[: at + 4] + b"\0" + data[at + 5 :]
    with pytest.raises(MediaError) as caught:
        check_composite(left_out, "frame.psd")
    assert caught.value.code == "no_composite" and "Maximize" in caught.value.remedy
    for length in range(0, 400, 7):
        assert resource(data[:length], 4000) == b""
