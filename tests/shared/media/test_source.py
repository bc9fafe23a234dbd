from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from keyfollow.errors import MediaError
from keyfollow.media.source import find_series, identity, open_regular, read_file


def code(error: pytest.ExceptionInfo[MediaError]) -> str:
    return error.value.code


def test_a_link_to_a_regular_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert read_file(tmp_path / "b") == b"abc"


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFOs")
def test_fifos_devices_and_folders_are_refused_without_blocking(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", Path("/dev/zero"), tmp_path):
        with pytest.raises(MediaError) as error:
            open_regular(path)
        assert code(error) == "media_not_regular"


def test_missing_empty_and_impossible_files(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name, expected in (
        (tmp_path / "empty", "media_empty"),
        (tmp_path / "no", "media_not_found"),
        ("a\0b", "media_not_found"),
    ):
        with pytest.raises(MediaError) as error:
            open_regular(name)
        assert code(error) == expected


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(11))
    with pytest.raises(MediaError) as error:
        read_file(tmp_path / "a", limit=10)
    assert code(error) == "media_too_large"


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).touch()


def test_a_folder_is_a_series_from_its_lowest_number(tmp_path: Path) -> None:
    make(tmp_path, "shot_1003.png", "shot_1001.png", "shot_1002.png", "notes.txt", ".hidden_1000.png")
    series = find_series(tmp_path)
    assert series is not None
    assert series.first == 1001
    assert [f.name for f in series.files] == ["shot_1001.png", "shot_1002.png", "shot_1003.png"]


def test_a_pattern_picks_one_series_of_several(tmp_path: Path) -> None:
    make(tmp_path, "a_01.png", "a_02.png", "b_01.png", "b_02.png", "b_03.png")
    series = find_series(tmp_path / "b_%02d.png")
    assert series is not None and len(series.files) == 3
    with pytest.raises(MediaError, match="several series") as error:
        find_series(tmp_path)
    assert error.value.remedy.endswith(f"{tmp_path}/b_%02d.png"), "the longest of them"
    make(tmp_path, *(f"d{n}.png" for n in (0, 50, 100, 101)))
    with pytest.raises(MediaError, match="several series") as error:
        find_series(tmp_path)
    assert error.value.remedy.endswith(f"{tmp_path}/d%d.png") and "Convert" not in error.value.remedy


def test_numbers_grow_past_their_padding(tmp_path: Path) -> None:
    make(tmp_path, "f9.png", "f10.png", "f11.png")
    series = find_series(f"{tmp_path}/f%d.png")
    assert series is not None and [f.name for f in series.files] == ["f9.png", "f10.png", "f11.png"]


def test_a_gap_names_the_missing_file(tmp_path: Path) -> None:
    make(tmp_path, "s_0001.png", "s_0002.png", "s_0004.png")
    with pytest.raises(MediaError, match=r"s_0003\.png") as error:
        find_series(tmp_path)
    assert code(error) == "media_gap"


def test_a_folder_without_images_and_a_pattern_without_files(tmp_path: Path) -> None:
    with pytest.raises(MediaError):
        find_series(tmp_path)
    with pytest.raises(MediaError, match="fits this pattern") as error:
        find_series(tmp_path / "x_%04d.png")
    assert code(error) == "media_not_found" and "%04d" in error.value.remedy


def test_one_image_is_a_series_of_one_and_a_video_is_none(tmp_path: Path) -> None:
    single = find_series(tmp_path / "still_12.exr")
    assert single is not None and single.first == 12 and len(single.files) == 1
    assert find_series(tmp_path / "clip.mp4") is None


def test_a_file_is_the_same_until_it_changes_and_nothing_else_has_an_identity(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    assert identity(path) is None and identity(tmp_path) is None and identity("a\0b") is None
    path.write_bytes(b"one")
    first = identity(path)
    assert first == identity(str(path)) is not None
    (tmp_path / "b.mov").write_bytes(b"two")
    (tmp_path / "b.mov").replace(path)
    assert identity(path) != first
