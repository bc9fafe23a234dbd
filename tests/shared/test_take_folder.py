"""A claim is a verified copy, whole or absent."""

from __future__ import annotations

import errno
import hashlib
import os
import random
from pathlib import Path
from typing import Any

import pytest
from keyfollow.errors import StorageError
from keyfollow.plain import to_plain
from keyfollow.sealed import write_sealed
from keyfollow.take_folder import FileSum, TakeManifest, claim, frame_name, frame_number, read_manifest, verify


def summed(data: bytes) -> FileSum:
    return FileSum(hashlib.sha256(data).hexdigest(), len(data))


@pytest.fixture
def take(tmp_path: Path) -> Path:
    folder = tmp_path / "takes" / "t"
    (folder / "frames").mkdir(parents=True)
    files = {name: summed(name.encode()) for name in ("take.json", "recipe.json", "report.json")}
    for name in files:
        (folder / name).write_bytes(name.encode())
    frames = {}
    for n in range(3):
        data = bytes([n]) * 700
        (folder / "frames" / frame_name(n)).write_bytes(data)
        frames[str(n)] = summed(data)
    write_sealed(folder / "manifest.json", to_plain(TakeManifest("t", files, frames)))
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def code(call: Any, *args: Any) -> str:
    with pytest.raises(StorageError) as caught:
        call(*args)
    return caught.value.code


def test_a_claim_holds_the_manifests_files_and_nothing_else(take: Path, tmp_path: Path) -> None:
    expected = content(take)
    (take / "claimed.json").write_text("x")
    (take / "frames" / "000009.kff").write_text("not in the manifest")
    target = claim(take, tmp_path / "deep" / "project")
    assert target == tmp_path / "deep" / "project" / "t"
    assert content(target) == expected
    assert [path.name for path in target.parent.iterdir()] == ["t"]
    assert verify(target) == read_manifest(take)


def test_claiming_again_is_harmless(take: Path, tmp_path: Path) -> None:
    target = claim(take, tmp_path / "p")
    stamp = (target / "manifest.json").stat().st_mtime_ns
    assert claim(take, tmp_path / "p") == target
    assert (target / "manifest.json").stat().st_mtime_ns == stamp


def test_what_is_there_is_never_overwritten(take: Path, tmp_path: Path) -> None:
    target = claim(take, tmp_path / "p")
    (target / "frames" / "000001.kff").write_bytes(b"edited by hand")
    assert code(claim, take, tmp_path / "p") == "take_damaged"
    (tmp_path / "q" / "t").mkdir(parents=True)
    (tmp_path / "q" / "t" / "mine").write_text("x")
    assert code(claim, take, tmp_path / "q") == "take_incomplete"
    assert content(tmp_path / "q") == {"t/mine": b"x"}
    other = read_manifest(take)
    (take / "frames" / "000000.kff").write_bytes(b"other")
    write_sealed(take / "manifest.json", to_plain(TakeManifest("t", other.files, {**other.frames, "0": summed(b"other")})))
    good = claim(take, tmp_path / "r")
    (take / "frames" / "000000.kff").write_bytes(b"third")
    write_sealed(take / "manifest.json", to_plain(TakeManifest("t", other.files, {**other.frames, "0": summed(b"third")})))
    assert code(claim, take, tmp_path / "r") == "take_exists"
    assert (good / "frames" / "000000.kff").read_bytes() == b"other"


def test_every_flipped_bit_is_found_and_leaves_nothing(take: Path, tmp_path: Path) -> None:
    chance = random.Random(2)
    files = sorted(path for path in take.rglob("*") if path.is_file())
    for _ in range(200):
        path = chance.choice(files)
        sound = path.read_bytes()
        raw = bytearray(sound)
        place = chance.randrange(len(raw) * 8)
        raw[place // 8] ^= 1 << place % 8
        path.write_bytes(raw)
        assert code(claim, take, tmp_path / "p") == "take_damaged"
        path.write_bytes(sound)
    assert not (tmp_path / "p").exists() or list((tmp_path / "p").iterdir()) == []


@pytest.mark.parametrize("change", ["cut", "longer", "gone", "folder"])
def test_other_damage_is_found_too(take: Path, tmp_path: Path, change: str) -> None:
    path = take / "frames" / "000002.kff"
    data = path.read_bytes()
    path.unlink()
    if change == "folder":
        path.mkdir()
    elif change != "gone":
        path.write_bytes(data[:-1] if change == "cut" else data + b"x")
    assert code(claim, take, tmp_path / "p") == code(verify, take) == "take_damaged"
    assert list((tmp_path / "p").iterdir()) == []


def test_without_a_manifest_it_is_unfinished(take: Path, tmp_path: Path) -> None:
    (take / "manifest.json").unlink()
    assert code(claim, take, tmp_path / "p") == "take_incomplete"


@pytest.mark.parametrize(
    "change",
    [
        {"files": {}},
        {"files": {"../../x": {"sha256": "", "size": 0}}},
        {"frames": {"../1": {"sha256": "", "size": 0}}},
        {"frames": {"-1": {"sha256": "", "size": 0}}},
        {"frames": {"1": {"sha256": ""}}},
        {"format": 2},
        {"frames": []},
    ],
)
def test_a_manifest_names_only_what_belongs_to_a_take(take: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    write_sealed(take / "manifest.json", {**to_plain(read_manifest(take)), **change})
    assert code(claim, take, tmp_path / "p") == "take_damaged"


def test_a_full_disk_leaves_nothing(take: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.write, iter(range(100))

    def fourth_fails(handle: int, data: bytes) -> int:
        if next(calls) == 3:
            raise OSError(errno.ENOSPC, "full")
        return real(handle, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fourth_fails)
        assert code(claim, take, tmp_path / "p") == "disk_full"
    assert list((tmp_path / "p").iterdir()) == []
    claim(take, tmp_path / "p")


def test_frame_names() -> None:
    assert [frame_name(n) for n in (0, 12, 1234567)] == ["000000.kff", "000012.kff", "1234567.kff"]
    for n in (0, 12, 999999, 1000000):
        assert frame_number(frame_name(n)) == n
    for name in ("12.kff", "0000012.kff", "000012.kff.part", ".000012.kff.0.part", "00001x.kff", "٠٠٠٠٠١.kff", ""):
        assert frame_number(name) is None
