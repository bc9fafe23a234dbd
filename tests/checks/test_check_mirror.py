from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[2] / "tools/check_mirror.py"


def check(root: Path, *files: str) -> tuple[int, list[str]]:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    run = subprocess.run([sys.executable, str(TOOL), str(root)], capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout.splitlines()


def test_a_source_file_without_its_test_is_named_with_the_test_it_lacks(tmp_path: Path) -> None:
    status, told = check(
        tmp_path,
        "shared/keyfollow/frames.py",
        "tests/shared/test_frames.py",
        "shared/keyfollow/media/probe.py",
        "tests/shared/test_probe.py",
        "daemon/keyfollow_daemon/cli.py",
    )
    assert status == 1
    assert told == [
        "shared/keyfollow/media/probe.py: has no tests/shared/media/test_probe.py",
        "daemon/keyfollow_daemon/cli.py: has no tests/daemon/test_cli.py",
    ]


def test_package_files_and_built_ones_need_none(tmp_path: Path) -> None:
    files = ("shared/keyfollow/__init__.py", "blender_addon/keyfollow_blender/_vendor/msgpack/fallback.py")
    assert check(tmp_path, *files) == (0, [])


def test_a_whole_mirror_passes(tmp_path: Path) -> None:
    assert check(tmp_path, "daemon/keyfollow_daemon/jobs/store.py", "tests/daemon/jobs/test_store.py") == (0, [])
