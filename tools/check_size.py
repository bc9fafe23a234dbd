"""Modules stay small: median under 200 lines, none over 600 unless its docstring says why it is over "600 lines".

The median is taken over the product's packages without their `__init__.py`, which would only flatter it; the limit holds for
tests, benchmarks and tools as well.

    python tools/check_size.py [ROOT]
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from statistics import median

PACKAGES = ("shared", "daemon", "desktop_app", "blender_addon")
BESIDE = ("tests", "benchmarks", "examples", "tools")
MEDIAN = 200
LIMIT = 600
REASON = f"{LIMIT} lines"
BUILT = "_vendor"


def modules(root: Path, folders: tuple[str, ...]) -> list[Path]:
    return sorted(file for folder in folders for file in (root / folder).rglob("*.py") if BUILT not in file.parts)


def lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def problems(root: Path) -> list[str]:
    """One sentence for each broken rule."""
    found = []
    for file in modules(root, PACKAGES + BESIDE):
        docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) if lines(file) > LIMIT else REASON
        if REASON not in (docstring or ""):
            found.append(
                f"{file.relative_to(root)}: {lines(file)} lines; split it, or say in its docstring why it is over {REASON}"
            )
    sizes = [lines(file) for file in modules(root, PACKAGES) if file.name != "__init__.py"]
    if sizes and median(sizes) >= MEDIAN:
        found.append(f"the median module has {median(sizes):g} lines; keep it under {MEDIAN}")
    return found


def main(root: Path) -> int:
    found = problems(root)
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]))
