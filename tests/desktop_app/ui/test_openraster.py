from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from keyfollow.frames import Colour
from keyfollow_desktop.ui.colour_profile import profile_for
from keyfollow_desktop.ui.openraster import Layer, merged_image, write_layers


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_what_is_written_is_what_the_format_asks_for(dtype: str) -> None:
    picture = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, (300, 520, 3), dtype=dtype)
    clear = np.zeros((300, 520, 4), dtype)
    data = write_layers(
        [Layer('A "b" & <c>', clear, chosen=True), Layer("Source", picture, locked=True)], picture, profile_for(Colour())
    )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        head = archive.infolist()[0]
        assert head.filename == "mimetype" and head.compress_type == zipfile.ZIP_STORED
        image = ElementTree.fromstring(archive.read("stack.xml"))
        assert (image.get("w"), image.get("h")) == ("520", "300")
        layers = image.findall("stack/layer")
        assert [layer.get("name") for layer in layers] == ['A "b" & <c>', "Source"]
        source = cv2.imdecode(np.frombuffer(archive.read(str(layers[1].get("src"))), np.uint8), cv2.IMREAD_UNCHANGED)
        small = cv2.imdecode(np.frombuffer(archive.read("Thumbnails/thumbnail.png"), np.uint8), cv2.IMREAD_UNCHANGED)
    assert source is not None and (source[..., ::-1] == picture).all()
    assert small is not None and max(small.shape) <= 256
    merged = cv2.imdecode(np.frombuffer(merged_image(data, "x.ora"), np.uint8), cv2.IMREAD_UNCHANGED)
    assert merged is not None and (merged[..., ::-1] == picture).all()
