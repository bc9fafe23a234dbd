"""From what people write to a request: pictures packed, everything checked first, then sent."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from keyfollow import deltas
from keyfollow.client import Client
from keyfollow.edits import Blob, EditRequest
from keyfollow.engine_info import EngineInfo, Setting
from keyfollow.errors import KeyfollowError, MediaError, ModelMissing, UsageError
from keyfollow.frames import FrameBuffer, FrameRange, Pixels
from keyfollow.media.info import MediaInfo
from keyfollow.requests import Looked, PackedPicture, build_request, model_of, pack_picture, source_reader
from keyfollow_testkit.clips import moving_patch, write_clip

ENGINES = {
    "patch": EngineInfo("patch", "Patch", "1", "", (Setting("radius", "int", 3, "", 1, 9), Setting("soft", "bool", True, ""))),
    "far": EngineInfo("far", "Far", "1", "", missing=("It needs weights.",)),
}


class Daemon:
    """What a client offers to `build_request`; keeps what was put."""

    def __init__(self) -> None:
        self.put_blobs: list[Blob] = []
        self.caches = SimpleNamespace(get=self._cache)
        self.looked = Looked()

    def engines(self) -> dict[str, EngineInfo]:
        return ENGINES

    def put(self, packed: PackedPicture) -> Blob:
        self.put_blobs.append(packed.blob)
        return packed.blob

    def _cache(self, id: str) -> None:
        if id != "cache-1":
            raise UsageError("unknown_cache", "None.", "List them.")


@pytest.fixture
def daemon() -> Daemon:
    return Daemon()


def picture(value: int = 0, height: int = 48, width: int = 64) -> Pixels:
    return np.full((height, width, 3), value, np.uint8)


CLIP = [picture(n) for n in range(4)]


def build(daemon: Daemon, source: Any = None, **edit: Any) -> EditRequest:
    edit = {"keyframes": {1: picture(200)}, **edit}
    return build_request(cast(Client, daemon), CLIP if source is None else source, **edit)[0]


def refusal(daemon: Daemon, source: Any = None, **edit: Any) -> KeyfollowError:
    with pytest.raises(KeyfollowError) as refused:
        build(daemon, source, **edit)
    return refused.value


# --- pictures ----------------------------------------------------------------------------------------------------------


def test_a_file_travels_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "edited.png"
    path.write_bytes(b"not looked at")
    for given in (path, str(path)):
        packed = pack_picture(given)
        assert packed.data == b"not looked at"
        assert packed.blob == Blob(hashlib.sha256(packed.data).hexdigest(), 13, "file", "edited.png")
    assert pack_picture(b"not looked at").blob.form == "file"


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float16"])
def test_pixels_come_back_as_they_were(dtype: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (5, 7, 4)).astype(dtype)
    for given in (pixels, np.asfortranarray(pixels), FrameBuffer(pixels, 8 if dtype == "uint8" else 16)):
        packed = pack_picture(given)
        assert packed.blob.form == "frame"
        assert packed.blob.size == len(packed.data)
        assert np.array_equal(packed.decode().pixels, pixels)


def test_equal_pictures_are_one_blob() -> None:
    assert pack_picture(picture(5)).blob == pack_picture(picture(5)).blob
    assert pack_picture(picture(5)).blob != pack_picture(picture(6)).blob


def test_a_picture_that_cannot_be_read_is_a_media_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError) as missing:
        pack_picture(tmp_path / "none.png")
    assert missing.value.code == "media_not_found"
    with pytest.raises(MediaError) as folder:
        pack_picture(tmp_path)
    assert folder.value.code == "media_not_regular" and "a folder" in folder.value.message and "picture" in folder.value.remedy
    (tmp_path / "empty.png").touch()
    with pytest.raises(MediaError) as empty:
        pack_picture(tmp_path / "empty.png")
    assert empty.value.code == "media_empty"


# --- requests ----------------------------------------------------------------------------------------------------------


def test_an_uploaded_clip_is_put_frame_by_frame_and_named_in_order(daemon: Daemon) -> None:
    request = build(daemon, iter(CLIP), rate=(30, 1))
    assert request.clip.path is None
    assert request.clip.rate == (30, 1)
    assert request.clip.frames == tuple(pack_picture(p).blob for p in CLIP)
    assert {b.sha256 for b in daemon.put_blobs} == {b.sha256 for b in (*request.clip.frames, request.keyframes[0].image)}


def test_uploaded_frames_come_back_whole_so_no_source_is_kept(daemon: Daemon) -> None:
    _, source_of = build_request(cast(Client, daemon), CLIP, keyframes={0: picture(9)})
    with pytest.raises(UsageError) as none:
        source_of(0)
    assert none.value.code == "no_source"


def test_keyframes_are_sorted_and_everything_given_is_in_the_request(daemon: Daemon, tmp_path: Path) -> None:
    request = build(
        daemon,
        keyframes={2: picture(2), 0: picture(1)},
        masks=[{1: picture(255)}, {1: picture(9), 2: picture(8)}],
        protect=tmp_path / "protect.mkv",
        in_front={3: picture(254)},
        range=(1, 4),
        settings={"radius": "5", "soft": False},
        prompt="to",
        source_prompt="from",
        model=tmp_path / "model",
        seed=3,
        quality="draft",
        cache="cache-1",
    )
    assert [k.frame for k in request.keyframes] == [0, 2]
    assert [(m.role, m.frame, m.video) for m in request.masks] == [
        ("edit", 1, None),
        ("edit", 1, None),
        ("edit", 2, None),
        ("protect", None, str(tmp_path / "protect.mkv")),
        ("front", 3, None),
    ]
    assert request.range == FrameRange(1, 4)
    assert request.settings == {"radius": 5, "soft": False}
    assert (request.prompt, request.source_prompt, request.seed, request.quality) == ("to", "from", 3, "draft")
    assert (request.model, request.cache) == (str(tmp_path / "model"), "cache-1")
    put = {b.sha256 for b in daemon.put_blobs}
    assert all(m.image.sha256 in put for m in request.masks if m.image)


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        ({"engine": "none"}, "unknown_engine"),
        ({"cache": "cache-2"}, "unknown_cache"),
        ({"settings": {"radius": "many"}}, "bad_setting"),
        ({"settings": {"size": 3}}, "unknown_setting"),
        ({"range": (2, 9)}, "frame_out_of_range"),
        ({"range": (2, 2)}, "empty_range"),
        ({"keyframes": {4: picture()}}, "frame_out_of_range"),
        ({"keyframes": {}}, "no_keyframe"),
        ({"keyframes": {0: picture(0, 47, 64)}}, "wrong_size"),
        ({"masks": {0: picture(0, 48, 63)}}, "wrong_size"),
        ({"masks": {4: picture()}}, "frame_out_of_range"),
        ({"keyframes": {0: np.zeros((48, 64, 3), np.float32)}}, "bad_frame"),
        ({"keyframes": {0: "/nowhere/edited.png"}}, "media_not_found"),
    ],
)
def test_what_is_not_possible_is_refused_before_any_picture_is_sent(daemon: Daemon, edit: dict[str, Any], code: str) -> None:
    assert refusal(daemon, **edit).code == code
    assert {b.sha256 for b in daemon.put_blobs} <= {pack_picture(p).blob.sha256 for p in CLIP}


def test_a_mask_of_another_size_is_told_of_as_a_mask(daemon: Daemon) -> None:
    assert "the mask" in refusal(daemon, masks={0: picture(0, 48, 63)}).remedy


def test_an_engine_that_cannot_run_here_says_why(daemon: Daemon) -> None:
    error = refusal(daemon, engine="far")
    assert isinstance(error, ModelMissing)
    assert "It needs weights." in error.remedy


def test_a_clip_of_nothing_or_of_mixed_frames_is_refused(daemon: Daemon) -> None:
    assert refusal(daemon, []).code == "empty_clip"
    assert refusal(daemon, [picture(), picture(0, 48, 63)]).code == "mixed_frames"
    assert refusal(daemon, [picture(), picture().astype(np.uint16)]).code == "mixed_frames"


def test_a_source_that_is_not_there_is_told_when_it_is_first_needed(tmp_path: Path) -> None:
    read = source_reader(str(tmp_path / "none.mp4"))
    with pytest.raises(MediaError):
        read(0)


def test_what_travels_is_what_the_worker_unpacks(daemon: Daemon) -> None:
    key = picture(200)
    assert np.array_equal(deltas.unpack(pack_picture(key).data).compose(None).pixels, key)


def test_a_model_is_a_folder_of_the_persons_or_a_name_in_the_store(
    daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    assert model_of("here") == model_of(tmp_path / "here") == str(tmp_path / "here")
    assert model_of("./gone") == model_of("gone/") == str(tmp_path / "gone")
    assert model_of("sd15-depth") == "sd15-depth" and model_of("owner/name@v1.0") == "owner/name@v1.0"
    assert model_of("a/b/c") == str(tmp_path / "a" / "b" / "c") and model_of("/gone") == "/gone"
    assert build(daemon, model="sd15-depth").model == "sd15-depth"
    assert build(daemon).model is None


def test_a_flat_array_is_a_grey_picture() -> None:
    for flat in (np.full((4, 6), 255, np.uint8), np.ones((4, 6), bool)):
        picture = pack_picture(flat).decode()
        assert picture.pixels.shape == (4, 6, 3) and (picture.pixels == 255).all()


# --- looked at once -------------------------------------------------------------------------------------------------------


def test_a_clip_is_looked_at_again_only_when_its_file_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyfollow.media import probe

    clip = write_clip(tmp_path / "clip.mp4", moving_patch(3))
    looks: list[str] = []
    real = probe.probe

    def look(path: str, *, rate: tuple[int, int] | None) -> MediaInfo:
        looks.append(path)
        return real(path, rate=rate)

    monkeypatch.setattr(probe, "probe", look)
    looked = Looked()
    assert looked.clip(str(clip), None) == looked.clip(str(clip), None) and len(looks) == 1
    write_clip(clip, moving_patch(4))
    assert looked.clip(str(clip), None).frames == 4 and len(looks) == 2
    for _ in range(2):
        with pytest.raises(MediaError):
            looked.clip(str(tmp_path / "gone.mp4"), None)
    assert len(looks) == 4, "what failed is tried again"


def test_a_picture_is_decoded_once_however_often_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, packed = Looked(), pack_picture(picture(3))
    assert looked.size(packed) == (64, 48)
    monkeypatch.setattr(PackedPicture, "decode", lambda self: pytest.fail("again"))
    assert looked.size(pack_picture(picture(3))) == (64, 48)


def test_a_picture_that_was_decoded_elsewhere_is_not_decoded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, packed = Looked(), pack_picture(picture(3))
    monkeypatch.setattr(PackedPicture, "decode", lambda self: pytest.fail("again"))
    looked.tell_size(packed.blob.sha256, (64, 48))
    assert looked.size(packed) == (64, 48)
