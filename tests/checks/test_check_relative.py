from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools/check_relative.py"


def check(root: Path, code: str) -> tuple[int, str]:
    file = root / "shared/keyfollow/media/read.py"
    file.parent.mkdir(parents=True)
    file.write_text(code)
    run = subprocess.run([sys.executable, str(TOOL), str(root)], capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import keyfollow",
        "import os, keyfollow.frames as frames",
        "from keyfollow import frames",
        "from keyfollow.frames import FrameRange",
        "def f() -> None:\n    from keyfollow import frames",
    ],
)
def test_an_import_by_name_is_found(tmp_path: Path, code: str) -> None:
    status, told = check(tmp_path, code)
    assert status == 1
    assert told.startswith(f"shared/keyfollow/media/read.py:{len(code.splitlines())}:")


def test_relative_imports_and_other_packages_are_fine(tmp_path: Path) -> None:
    assert check(tmp_path, "import keyfollow_other\nfrom . import info\nfrom ..frames import Colour\n") == (0, "")
