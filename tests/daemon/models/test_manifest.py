"""A manifest says what was installed, and nothing that leads anywhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from keyfollow.errors import ModelMissing
from keyfollow.plain import to_plain
from keyfollow_daemon.models import manifest
from keyfollow_daemon.models.folder import revision_of
from keyfollow_daemon.models.manifest import FileRecord, Manifest, is_id, is_inside, parse

FILES = (FileRecord("config.json", 2, "0" * 64), FileRecord("unet/x.safetensors", 9, "1" * 64))
GOOD = Manifest(
    id="tiny",
    title="Tiny",
    origin="folder /x",
    licence="MIT",
    licence_url="",
    pipeline="",
    revision=revision_of((f.name, f.size, f.sha256) for f in FILES),
    files=FILES,
    installed=1.0,
)


def test_it_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    assert manifest.read(folder) is None
    manifest.write(folder, GOOD)
    assert manifest.read(folder) == GOOD and GOOD.size_bytes == 11


def test_a_damaged_or_moved_one_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    manifest.write(folder, GOOD)
    raw = (folder / "keyfollow.json").read_bytes()
    for bad in (b"", raw[:-5], raw.replace(b"MIT", b"GPL")):
        (folder / "keyfollow.json").write_bytes(bad)
        with pytest.raises(ModelMissing) as caught:
            manifest.read(folder)
        assert caught.value.code == "model_damaged" and "models remove tiny" in caught.value.remedy
    (folder / "keyfollow.json").write_bytes(raw)
    folder.rename(tmp_path / "other")
    with pytest.raises(ModelMissing):
        manifest.read(tmp_path / "other")


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"id": "../x"},
        {"id": ""},
        {"title": "x" * 5000},
        {"installed": float("nan")},
        {"installed": -1.0},
        {"files": ()},
        {"files": FILES[::-1]},
        {"files": (*FILES, FILES[1])},
        {"files": (FileRecord("../x", 1, "0" * 64),)},
        {"files": (FileRecord("x", -1, "0" * 64),)},
        {"files": (FileRecord("x", 1, "zz"),)},
        {"revision": "0" * 64},
    ],
)
def test_fields_out_of_bounds(change: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        replace(GOOD, **change)  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        parse({**to_plain(GOOD), **to_plain(change)})


@pytest.mark.parametrize(
    "name",
    [
        *("../x", "/x", "a/../b", "a//b", "./a", "a/./b", "", ".", "..", "a/", "C:/x", "a\\b", "\\\\host\\x", "a\0b", "a\nb"),
        *("con", "a/NUL.txt", ".hidden", "a/.git/x", "keyfollow.json", "a/b/c/d/e/f", "x" * 200, "a/x.", "a/x "),
    ],
)
def test_names_that_lead_out(name: str) -> None:
    assert not is_inside(name)


def test_names_that_stay() -> None:
    assert all(map(is_inside, ("config.json", "unet/diffusion_pytorch_model.safetensors", "a/b/c/d/e.txt")))
    assert all(map(is_id, ("sd15", "depth-anything-v2-small", "a.b_c")))
    assert not any(map(is_id, ("", ".x", "A", "a/b", "a b", "con", "a.", "x" * 65, "é")))
