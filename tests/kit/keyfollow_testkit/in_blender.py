"""What is shown of each version of Blender: its tests are these (tests/blender/test_blender_*.py, a file each, so that they run
beside each other).
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from keyfollow_testkit.blenders import Blender
from keyfollow_testkit.daemons import Home


def test_every_zip_is_valid_by_blenders_own_tool(extension: list[Path], blender: Blender) -> None:
    (tool,) = blender.python.parents[1].glob("lib/python*/site-packages/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py")
    for package in extension:
        done = subprocess.run(
            [str(blender.python), str(tool), "validate", str(package)], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0 and "Error" not in done.stdout, f"{package.name}: {done.stdout} {done.stderr}"


def test_inside_blender(blender: Blender, own_home: Home, program: Path, footage: Path, tmp_path: Path) -> None:
    """The add-on's own tests (tests/blender_addon) that need a Blender, all in one, against one daemon."""
    said = blender.run(
        *("-m", "pytest", "-c", "/dev/null", "--rootdir", "tests/blender_addon", "--confcutdir", "tests/blender_addon"),
        *("-p", "no:cacheprovider", "--import-mode=importlib", "-q", "-rs", "--durations=25"),
        *("--basetemp", str(tmp_path / "inside"), "tests/blender_addon"),
        timeout=840,
        KEYFOLLOW_TEST_DAEMON=str(program),
        KEYFOLLOW_TEST_FOOTAGE=str(footage),
    )
    print(said[-6000:])
    assert " passed" in said and " skipped" not in said, said
