"""shared/keyfollow is relative within itself: Blender vendors it under another name, where `import keyfollow` finds nothing.

python tools/check_relative.py [ROOT]
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

PACKAGE = "keyfollow"


def absolute_imports(file: Path) -> list[int]:
    """Lines of `file` that import the package by its own name."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        else:
            continue
        if any(name.partition(".")[0] == PACKAGE for name in names):
            found.append(node.lineno)
    return sorted(found)


def main(root: Path) -> int:
    status = 0
    for file in sorted((root / "shared" / PACKAGE).rglob("*.py")):
        for line in absolute_imports(file):
            print(f"{file.relative_to(root)}:{line}: import it relatively (from . or from ..)")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]))
