"""The extension as it is delivered: the same bytes every time, valid by Blender's own tool, whole when installed, gone when disabled."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest
from keyfollow_testkit.blenders import NORMAL, ROOT, Blender, builder, cache
from keyfollow_testkit.daemons import Home

TWICE = """
import os, sys, threading, bpy
package = "bl_ext.user_default.keyfollow"
before = {name: len(getattr(bpy.app.handlers, name)) for name in dir(bpy.app.handlers) if name.endswith(("pre", "post", "init", "complete", "cancel", "fail"))}
bpy.ops.preferences.addon_disable(module=package)
clean = {name: len(getattr(bpy.app.handlers, name)) for name in before}
files = set(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else set()
for turn in range(2):
    bpy.ops.preferences.addon_enable(module=package)
    app = sys.modules[package + ".app"]
    assert bpy.app.timers.is_registered(app.tick)
    assert hasattr(bpy.types.Strip if hasattr(bpy.types, "Strip") else bpy.types.Sequence, "keyfollow")
    bpy.ops.keyfollow.connect()
    for _ in range(600):
        app.tick()
        if app.bridge.state == "open":
            break
        import time; time.sleep(0.02)
    assert app.bridge.state == "open", (app.bridge.state, app.bridge.error)
    bpy.ops.preferences.addon_disable(module=package)
    assert not bpy.app.timers.is_registered(app.tick)
    assert {name: len(getattr(bpy.app.handlers, name)) for name in before} == clean
    assert not hasattr(bpy.types.Strip if hasattr(bpy.types, "Strip") else bpy.types.Sequence, "keyfollow")
    assert not hasattr(bpy.types, "KEYFOLLOW_PT_main")
if files:
    now = {f for f in os.listdir("/proc/self/fd")}
    kinds = [os.readlink(f"/proc/self/fd/{f}") for f in now - files if os.path.exists(f"/proc/self/fd/{f}")]
    assert not [k for k in kinds if k.startswith("socket:")], kinds
assert threading.active_count() == 1
ours = [n for n in sys.modules if n.split(".")[0] in ("keyfollow", "keyfollow_blender", "_vendor")]
assert not ours, ours
sys.stdout.flush(); os._exit(0)
"""


def sums(paths: list[Path]) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def test_two_builds_are_the_same_bytes(extension: list[Path], tmp_path: Path) -> None:
    made = builder()
    again = made.build(tmp_path, made.fetch(cache() / "wheels"))
    assert sums(again) == sums(extension)
    assert len(again) == 1 + len(made.PLATFORMS)


def test_every_zip_is_valid_by_blenders_own_tool(extension: list[Path], blender: Blender) -> None:
    (tool,) = blender.python.parents[1].glob("lib/python*/site-packages/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py")
    for package in extension:
        done = subprocess.run(
            [str(blender.python), str(tool), "validate", str(package)], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0 and "Error" not in done.stdout, f"{package.name}: {done.stdout} {done.stderr}"


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


def test_disabled_and_enabled_twice_nothing_stays_behind(blender: Blender, own_home: Home, program: Path) -> None:
    path = f"{program.parent}:/usr/bin:/bin"
    blender.run("-c", TWICE, PATH=path)


@pytest.mark.timeout(900)
def test_inside_blender(blender: Blender, own_home: Home, program: Path, footage: Path, tmp_path: Path) -> None:
    """The add-on's own tests (tests/blender_addon) that need a Blender, all in one."""
    said = blender.run(
        *("-m", "pytest", "-c", "/dev/null", "--rootdir", "tests/blender_addon", "--confcutdir", "tests/blender_addon"),
        *(
            "-p",
            "no:cacheprovider",
            "--import-mode=importlib",
            "-q",
            "-rs",
            "--basetemp",
            str(tmp_path / "inside"),
            "tests/blender_addon",
        ),
        timeout=840,
        KEYFOLLOW_TEST_DAEMON=str(program),
        KEYFOLLOW_TEST_FOOTAGE=str(footage),
        # the second version of the normal run is spared what no version does otherwise
        KEYFOLLOW_BRIEF="1" if blender.version in NORMAL[1:] and os.environ.get("KEYFOLLOW_COUNTS") != "long" else "",
    )
    assert " passed" in said and " skipped" not in said, said


def test_one_module_alone_knows_versions() -> None:
    addon = ROOT / "blender_addon" / "keyfollow_blender"
    knowing = {p.name for p in addon.glob("*.py") if "app.version" in p.read_text() or ".sequences" in p.read_text()}
    assert knowing == {"compat.py"}
