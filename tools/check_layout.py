"""No `__init__.py` and no loose module directly in a folder that goes on `sys.path`.

Such a file would make `daemon` or `shared` importable by that name, and `daemon` is python-daemon's.

    python tools/check_layout.py [ROOT]
"""

from __future__ import annotations

import sys
from pathlib import Path

PATH_FOLDERS = ("shared", "daemon", "desktop_app", "blender_addon", "tests")


def loose_modules(root: Path) -> list[Path]:
    """Python files that lie directly in one of `PATH_FOLDERS`, relative to `root`, sorted."""
    return sorted(file.relative_to(root) for folder in PATH_FOLDERS for file in (root / folder).glob("*.py"))


def main(root: Path) -> int:
    loose = loose_modules(root)
    for file in loose:
        print(f"{file}: move it into a package; {file.parent}/ goes on sys.path as it is")
    return 1 if loose else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]))
