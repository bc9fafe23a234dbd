from __future__ import annotations

import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from keyfollow.errors import KeyfollowError
from keyfollow.frames import FrameBuffer
from keyfollow.media.encode_image import encode_image, write_image
from keyfollow_desktop.model import assets
from keyfollow_desktop.model.state import Keyframe, Media
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.editor_files import layers_for, read_back, write_out
from keyfollow_desktop.ui.frame_pictures import read_picture

from ..conftest import inverted, with_take

NAMES = ("Paint", "Result", "Source")


@pytest.mark.parametrize(
    ("command", "layered"),
    [
        ("krita", ".ora"),
        ("flatpak run org.kde.krita", ".ora"),
        ("/opt/GIMP-2.10.AppImage", ".ora"),
        ("'/opt/Adobe Photoshop 2026/Photoshop.exe'", ".psd"),
        ("pinta", ""),
        ("", ""),
    ],
)
def test_which_editors_get_layers(command: str, layered: str) -> None:
    assert layers_for(command) == layered


def saved_by_editor(path: Path) -> None:
    """As an editor would: a black square on the paint layer, which has been merged."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    picture = cv2.imdecode(np.frombuffer(files["mergedimage.png"], np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    picture[:10, :10] = 0
    files["mergedimage.png"] = cv2.imencode(".png", picture)[1].tobytes()
    files["data/note.txt"] = b"painted"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def test_layers_go_out_come_back_and_are_opened_again(
    one_clip: Document, described: Media, frames: list[FrameBuffer], tmp_path: Path
) -> None:
    folder = one_clip.folder
    take = str(folder / "takes" / with_take(one_clip, frames))
    path = write_out(tmp_path / "frame", described, 4, take, folder, None, NAMES, ".ora")
    assert path.suffix == ".ora"
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0]
        assert (first.filename, archive.read(first)) == ("mimetype", b"image/openraster")
        stack = archive.read("stack.xml").decode()
        assert [stack.index(f'name="{name}"') for name in NAMES] == sorted(stack.index(f'name="{name}"') for name in NAMES)
        assert stack.count("edit-locked") == 1 and 'selected="true"' in stack.split("\n")[3]
    found = read_back(path, described, 4, folder)
    assert not found.unshifted, "an inverted picture is no slight shift"
    assert (picture(folder, found.image).pixels == inverted(frames[4]).pixels).all()
    saved_by_editor(path)
    found = read_back(path, described, 4, folder)
    made = picture(folder, found.image).pixels
    assert (made[:10, :10] == 0).all() and (made[10:] == inverted(frames[4]).pixels[10:]).all()
    again = write_out(tmp_path / "again", described, 4, take, folder, Keyframe(4, found.image, found.layers), NAMES, ".ora")
    with zipfile.ZipFile(again) as archive:
        assert archive.read("data/note.txt") == b"painted"


def test_photoshop_gets_layers_too_and_what_they_show_comes_back(
    one_clip: Document, described: Media, frames: list[FrameBuffer], tmp_path: Path
) -> None:
    take, folder = str(one_clip.folder / "takes" / with_take(one_clip, frames)), one_clip.folder
    path = write_out(tmp_path / "frame", described, 4, take, folder, None, NAMES, ".psd")
    found = read_back(path, described, 4, folder)
    assert path.suffix == ".psd" and found.layers.endswith(".psd") and found.image.endswith(".png")
    assert (picture(folder, found.image).pixels == inverted(frames[4]).pixels).all()
    again = write_out(tmp_path / "again", described, 4, take, folder, Keyframe(4, found.image, found.layers), NAMES, ".psd")
    assert again.read_bytes() == path.read_bytes()


def test_without_a_take_there_is_no_result_and_a_flat_picture_is_the_source(
    one_clip: Document, described: Media, frames: list[FrameBuffer], tmp_path: Path
) -> None:
    path = write_out(tmp_path / "frame", described, 2, "", one_clip.folder, None, NAMES, ".ora")
    with zipfile.ZipFile(path) as archive:
        assert '"Result"' not in archive.read("stack.xml").decode()
    flat = write_out(tmp_path / "flat", described, 2, "", one_clip.folder, None, NAMES, "")
    assert flat.suffix == ".png" and (read_picture(flat).pixels == frames[2].pixels).all()
    assert b"iCCP" in flat.read_bytes()[:100]


def test_a_shift_of_the_whole_picture_can_be_taken_back(
    one_clip: Document, described: Media, frames: list[FrameBuffer], tmp_path: Path
) -> None:
    shifted = np.clip(frames[3].pixels.astype(int) + 3, 0, 255).astype(np.uint8)
    shifted[:12, :12] = (250, 10, 10)
    path = tmp_path / "shifted.png"
    write_image(path, FrameBuffer(shifted))
    found = read_back(path, described, 3, one_clip.folder)
    assert (picture(one_clip.folder, found.image).pixels == shifted).all() and found.unshifted
    made = picture(one_clip.folder, found.unshifted).pixels
    assert (made[12:] == frames[3].pixels[12:]).all() and np.abs(made[:12, :12].astype(int) - (247, 7, 7)).max() <= 3


def test_damaged_and_wrong_files_are_refused(one_clip: Document, described: Media, tmp_path: Path) -> None:
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
    small = encode_image(".png", np.zeros((10, 10, 3), np.uint8))
    for name, data, code in (
        ("half.ora", b"PK\3\4half", "layers_unreadable"),
        ("empty.ora", empty.getvalue(), "layers_unreadable"),
        ("small.png", small, "wrong_size"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(KeyfollowError) as caught:
            read_back(tmp_path / name, described, 0, one_clip.folder)
        assert caught.value.code == code


def picture(folder: Path, name: str) -> FrameBuffer:
    return read_picture(assets.picture(folder, "keyframes", name))
