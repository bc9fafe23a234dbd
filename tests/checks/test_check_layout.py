from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools/check_layout.py"


def check(root: Path) -> tuple[int, str]:
    run = subprocess.run([sys.executable, str(TOOL), str(root)], capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout


@pytest.mark.parametrize("file", ["daemon/__init__.py", "tests/__init__.py", "shared/helper.py"])
def test_a_loose_module_is_found(tmp_path: Path, file: str) -> None:
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).touch()
    status, told = check(tmp_path)
    assert status == 1
    assert told.startswith(file)


def test_modules_in_packages_are_fine(tmp_path: Path) -> None:
    (tmp_path / "shared/keyfollow").mkdir(parents=True)
    (tmp_path / "shared/keyfollow/__init__.py").touch()
    assert check(tmp_path) == (0, "")
