"""The extension as it is delivered: the same bytes every time, and all that each platform needs."""

from __future__ import annotations

import hashlib
import re
import tomllib
import zipfile
from pathlib import Path

import pytest
from keyfollow_testkit.blenders import ROOT, builder, cache


def sums(paths: list[Path]) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def test_two_builds_are_the_same_bytes(extension: list[Path], tmp_path: Path) -> None:
    made = builder()
    again = made.build(tmp_path, made.fetch(cache() / "wheels"))
    assert sums(again) == sums(extension)
    assert len(again) == 1 + len(made.PLATFORMS)


def test_a_zip_holds_what_its_platform_needs(extension: list[Path]) -> None:
    for package in extension:
        with zipfile.ZipFile(package) as archive:
            names = archive.namelist()
            manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
            code = b"".join(archive.read(n) for n in names if n.endswith(".py"))
        assert {f"./{n}" for n in names if n.startswith("wheels/")} == set(manifest["wheels"])
        for project in ("pyzmq", "msgpack", "platformdirs"):
            assert any(f"/{project}-" in n for n in manifest["wheels"]), package.name
        assert not re.search(rb"^(from|import) keyfollow", code, re.MULTILINE)
        assert "_vendor/keyfollow/session.py" in names
        assert not [n for n in names if "client.py" in n or "/media/" in n or "__pycache__" in n]
        assert manifest["version"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_a_wheel_that_is_not_the_pinned_one_ends_the_build(tmp_path: Path) -> None:
    made = builder()
    name = next(iter(made.pins()))
    (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(SystemExit, match="is not the wheel"):
        made.fetch(tmp_path)


def test_one_module_alone_knows_versions() -> None:
    addon = ROOT / "blender_addon" / "keyfollow_blender"
    knowing = {p.name for p in addon.glob("*.py") if "app.version" in p.read_text() or ".sequences" in p.read_text()}
    assert knowing == {"compat.py"}
