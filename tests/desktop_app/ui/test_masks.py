from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from keyfollow.errors import KeyfollowError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.media.reader import MediaReader
from keyfollow_desktop.model import assets
from keyfollow_desktop.model.state import Mask, Media
from keyfollow_desktop.ui.masks import area_at, for_run, new_file_mask, shaped, weight_at
from keyfollow_testkit.clips import moving_patch, write_clip, write_png

SQUARE = np.zeros((64, 96), np.float32)
SQUARE[20:40, 30:60] = 1


def still(folder: Path, **more: object) -> Mask:
    """`SQUARE`, painted on frame 4."""
    path = write_png(folder / "square.png", np.repeat((SQUARE * 255).astype(np.uint8)[..., None], 3, axis=2))
    return Mask("m", "edit", 4, assets.adopt(folder, "masks", path), **more)  # type: ignore[arg-type]


def test_settings_shape_a_mask() -> None:
    mask = Mask("m", image="x", frame=0)
    grown = shaped(SQUARE, replace(mask, grow=5))
    assert grown[30, 25] == 1 and grown[30, 24] == 0 and grown[15, 25] == 0, "corners are round"
    assert shaped(SQUARE, replace(mask, grow=-5)).sum() == 10 * 20
    soft = shaped(SQUARE, replace(mask, feather=8))
    assert 0.4 < soft[30, 30] < 0.6 and soft[30, 45] > 0.97 and (np.diff(soft[30, 18:42]) >= -1e-6).all()
    assert shaped(SQUARE, replace(mask, opacity=0.25)).max() == 0.25
    outside = shaped(SQUARE, replace(mask, invert=True, grow=3))
    assert outside[0, 0] == 1 and outside[30, 45] == 0 and outside[30, 32] == 1, "it is the inverted mask that grows"


def test_masks_of_a_frame_together(tmp_path: Path) -> None:
    mask = still(tmp_path)
    protect = replace(mask, id="p", role="protect", grow=-5.0)
    front = replace(mask, id="f", role="front", frame=5)
    area = area_at(tmp_path, [mask, protect, front], 4)
    assert area is not None and area[22, 32] == 1 and area[30, 45] == 0 and area[0, 0] == 0
    alone = area_at(tmp_path, [protect], 4)
    assert alone is not None and alone[0, 0] == 1 and alone[30, 45] == 0
    assert area_at(tmp_path, [mask], 5) is None


def test_a_run_is_given_what_the_settings_made(tmp_path: Path) -> None:
    mask = still(tmp_path)
    plain = for_run(tmp_path, [mask, replace(mask, id="n", frame=7)])
    assert [list(part) for part in plain["masks"]] == [[4], [7]] and isinstance(plain["masks"][0][4], Path)
    given = for_run(tmp_path, [replace(mask, role="front", invert=True, opacity=0.5)])
    (picture,) = given["in_front"][0].values()
    assert isinstance(picture, FrameBuffer)
    assert picture.pixels[0, 0, 0] == round(65535 / 2) and picture.pixels[30, 45].max() == 0


def test_a_mask_video_is_shaped_once_without_loss(tmp_path: Path, described: Media) -> None:
    patches = [np.where(f[..., :1] > 150, np.uint8(255), np.uint8(0)).repeat(3, axis=2) for f in moving_patch(12)]
    video = write_clip(tmp_path / "mask.mkv", patches, codec="ffv1", pixel_format="yuv444p")
    mask = new_file_mask(Mask("m", "edit", 4), str(video), described, lambda _: pytest.fail("not a still"))
    assert mask.video == str(video) and mask.frame is None
    assert for_run(tmp_path, [mask])["masks"] == [str(video)]
    turned = replace(mask, invert=True)
    (made,) = for_run(tmp_path, [turned])["masks"]
    assert for_run(tmp_path, [replace(turned, id="other")])["masks"] == [made]
    with MediaReader(made) as reader:
        frames = list(reader.frames(FrameRange(0, 12)))
    for n in (0, 11):
        wanted = weight_at(tmp_path, turned, n)
        assert wanted is not None and np.abs(frames[n].pixels[..., 0] / 255 - wanted).max() < 0.02


def test_files_that_do_not_fit_are_refused(tmp_path: Path, described: Media) -> None:
    small = write_png(tmp_path / "small.png", np.zeros((10, 10, 3), np.uint8))
    short = write_clip(tmp_path / "short.mp4", moving_patch(5))
    empty = Mask("m", "edit", 0)
    for path, code in ((small, "wrong_size"), (short, "mask_length")):
        with pytest.raises(KeyfollowError) as caught:
            new_file_mask(empty, str(path), described, lambda p: p.name)
        assert caught.value.code == code
    fits = write_png(tmp_path / "fits.png", np.zeros((64, 96, 3), np.uint8))
    assert new_file_mask(empty, str(fits), described, lambda p: p.name) == replace(empty, image="fits.png")
    folder = tmp_path / "folder"
    folder.mkdir()
    for n in range(12):
        (folder / f"{n:03d}.png").write_bytes(fits.read_bytes())
    mask = new_file_mask(empty, str(folder), described, lambda p: p.name)
    assert mask == replace(empty, frame=None, video=str(folder)) and for_run(tmp_path, [mask]) == {"masks": [str(folder)]}
