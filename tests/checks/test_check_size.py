from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[2] / "tools/check_size.py"
SHORT = '"""Short."""\n'


def check(root: Path, files: dict[str, str]) -> tuple[int, list[str]]:
    for file, text in files.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    run = subprocess.run([sys.executable, str(TOOL), str(root)], capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout.splitlines()


def module(lines: int, docstring: str = "One idea.") -> str:
    return f'"""{docstring}"""\n' + "x = 1\n" * (lines - 1)


def test_a_long_module_without_a_reason_is_named(tmp_path: Path) -> None:
    files = {"shared/keyfollow/a.py": module(601), "shared/keyfollow/b.py": SHORT, "shared/keyfollow/c.py": SHORT}
    status, told = check(tmp_path, files)
    assert status == 1
    assert len(told) == 1
    assert told[0].startswith("shared/keyfollow/a.py: 601 lines")


def test_a_long_module_may_give_its_reason(tmp_path: Path) -> None:
    reason = module(601, "A table of every code point. Over 600 lines because a table is one idea.")
    assert check(tmp_path, {"tests/shared/test_a.py": reason, "shared/keyfollow/b.py": module(199)}) == (0, [])


def test_600_lines_are_allowed(tmp_path: Path) -> None:
    assert check(tmp_path, {"benchmarks/a.py": module(600)}) == (0, [])


def test_a_median_of_200_lines_is_too_long(tmp_path: Path) -> None:
    files = {f"daemon/keyfollow_daemon/{name}.py": module(lines) for name, lines in (("a", 10), ("b", 200), ("c", 210))}
    empty = {f"daemon/keyfollow_daemon/{name}/__init__.py": "" for name in ("d", "e", "f")}
    status, told = check(tmp_path, files | empty)
    assert status == 1
    assert told == ["the median module has 200 lines; keep it under 200"]
