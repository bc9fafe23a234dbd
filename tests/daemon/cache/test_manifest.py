"""A manifest is what was written, or is not there."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from keyfollow.plain import to_plain
from keyfollow.sealed import write_sealed
from keyfollow_daemon.cache import manifest
from keyfollow_daemon.cache.manifest import Manifest

KEYS = ("a" * 64, "b" * 64)


def make(engine: str = "patch", keys: tuple[str, ...] = KEYS, **changes: Any) -> Manifest:
    fields: dict[str, Any] = {
        "id": manifest.handle_id(engine, keys),
        "engine": engine,
        "source": "/clips/a.mp4",
        "prepared_from": "i",
        "start": 3,
        "stop": 9,
        "keys": keys,
        "seconds": 2.0,
        "created": 1.0,
        "last_used": 1.0,
    }
    return Manifest(**{**fields, **changes})


def test_round_trip(tmp_path: Path) -> None:
    made = make()
    manifest.write(tmp_path, made)
    assert manifest.read(tmp_path, made.id) == made
    assert list(manifest.read_all(tmp_path)) == [made]


def test_the_id_follows_from_engine_and_keys_in_any_order() -> None:
    assert manifest.handle_id("patch", KEYS) == manifest.handle_id("patch", KEYS[::-1])
    assert manifest.handle_id("patch", KEYS) != manifest.handle_id("other", KEYS)
    assert manifest.handle_id("patch", KEYS) != manifest.handle_id("patch", KEYS[:1])


@pytest.mark.parametrize(
    "change",
    [
        {"id": "0" * 16},
        {"keys": ()},
        {"keys": ("a" * 64, "a" * 64)},
        {"keys": ("../x",)},
        {"start": 9},
        {"start": -1},
        {"seconds": float("nan")},
        {"seconds": -1.0},
        {"created": float("inf")},
        {"source": "x" * 5000},
        {"format": 2},
    ],
)
def test_out_of_bounds_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        dataclasses.replace(make(), **change)


def test_damage_and_strangers_are_passed_over_and_left_alone(tmp_path: Path) -> None:
    made = make()
    manifest.write(tmp_path, made)
    other = make("other")
    raw = manifest.path(tmp_path, made.id).read_bytes()
    manifest.path(tmp_path, other.id).write_bytes(raw.replace(b"patch", b"match"))
    manifest.path(tmp_path, "0" * 16).write_bytes(raw)
    write_sealed(manifest.path(tmp_path, "1" * 16), {**to_plain(made), "format": 2})
    (manifest.folder(tmp_path) / "note.json").write_text("x")
    assert list(manifest.read_all(tmp_path)) == [made]
    assert len(list(manifest.folder(tmp_path).iterdir())) == 5


@pytest.mark.parametrize("id", ["", "..", "../x", "A" * 16, "a" * 15, "a" * 17, "a" * 16 + "\n"])
def test_ids_are_confined(tmp_path: Path, id: str) -> None:
    assert manifest.read(tmp_path, id) is None


def test_pins_are_files_beside_the_manifest(tmp_path: Path) -> None:
    one, two = make(), make("other", ("c" * 64,))
    manifest.write(tmp_path, one)
    manifest.write(tmp_path, two)
    assert manifest.pinned_keys(tmp_path) == set()
    manifest.pin_path(tmp_path, two.id).touch()
    manifest.pin_path(tmp_path, "f" * 16).touch()
    assert manifest.pinned_keys(tmp_path) == {"c" * 64}
