"""Every source file but `__init__.py` and `__main__.py` has its test file: shared/keyfollow/a/b.py has tests/shared/a/test_b.py.

python tools/check_mirror.py [ROOT]
"""

from __future__ import annotations

import sys
from pathlib import Path

MIRRORS = {
    "shared/keyfollow": "tests/shared",
    "daemon/keyfollow_daemon": "tests/daemon",
    "desktop_app/keyfollow_desktop": "tests/desktop_app",
    "blender_addon/keyfollow_blender": "tests/blender_addon",
    "tools": "tests/checks",
}
BUILT = "_vendor"
ENTRIES = ("__init__.py", "__main__.py")
"""They only point elsewhere."""


def missing_tests(root: Path) -> list[tuple[Path, Path]]:
    """(source file, test file it lacks), both relative to `root`, sorted."""
    missing = []
    for package, tests in MIRRORS.items():
        for source in sorted((root / package).rglob("*.py")):
            below = source.relative_to(root / package)
            twin = root / tests / below.with_name(f"test_{below.name}")
            if below.name not in ENTRIES and BUILT not in below.parts and not twin.is_file():
                missing.append((source.relative_to(root), twin.relative_to(root)))
    return missing


def main(root: Path) -> int:
    missing = missing_tests(root)
    for source, twin in missing:
        print(f"{source}: has no {twin}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]))
