from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from keyfollow.errors import StorageError, UsageError
from keyfollow.frames import FrameBuffer
from keyfollow.media.encode_image import encode_image, write_image
from keyfollow.media.images import read_image

FRAME = FrameBuffer(np.full((4, 6, 3), 200, np.uint8))


def test_a_file_is_written_whole_and_alone(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", FRAME)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
    assert np.array_equal(read_image((tmp_path / "a.png").read_bytes()).pixels, FRAME.pixels)


def test_a_jpeg_is_close_and_takes_deep_pixels() -> None:
    for pixels in (FRAME.pixels, FRAME.pixels.astype(np.uint16) * 257):
        got = read_image(encode_image(".jpg", pixels)).pixels
        assert np.abs(got.astype(int) - 200).max() <= 2


@pytest.mark.parametrize(
    ("suffix", "shape", "dtype", "code"),
    [
        (".gif", (2, 2, 3), "uint8", "unknown_output_format"),
        (".jpg", (2, 2, 4), "uint8", "no_alpha_in_format"),
        (".png", (2, 2, 3), "float16", "no_float_in_format"),
    ],
)
def test_what_a_format_does_not_hold(suffix: str, shape: tuple[int, ...], dtype: str, code: str) -> None:
    with pytest.raises(UsageError) as error:
        encode_image(suffix, np.zeros(shape, dtype))
    assert error.value.code == code


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        write_image(tmp_path / "no" / "a.png", FRAME)
    assert error.value.code == "output_unwritable"


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno
    import os

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError) as error:
        write_image(tmp_path / "a.png", FRAME)
    assert error.value.code == "disk_full"
    assert not list(tmp_path.iterdir())
