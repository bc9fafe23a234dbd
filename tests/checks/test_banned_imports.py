"""Every banned API of pyproject.toml is seen to be refused by ruff, with the reason that stands beside it."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
BANNED: dict[str, dict[str, str]] = SETTINGS["flake8-tidy-imports"]["banned-api"]
BUILTINS = {"builtins.eval": "S307", "builtins.exec": "S102"}


def refusals(code: str, file: str = "daemon/keyfollow_daemon/planted.py") -> list[tuple[str, str]]:
    """(rule, message) of what ruff says about `code` under this project's settings."""
    run = subprocess.run(
        [
            str(Path(sys.executable).with_name("ruff")),
            "check",
            "--no-cache",
            "--output-format=json",
            f"--stdin-filename={file}",
            "-",
        ],
        cwd=ROOT,
        input=code,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return [(finding["code"], finding["message"]) for finding in json.loads(run.stdout)]


def ways_to_reach(api: str) -> list[str]:
    module, _, name = api.rpartition(".")
    if not module:
        return [f"import {api}", f"def f() -> None:\n    import {api}", f"from {api} import anything"]
    return [
        f"from {module} import {name}",
        f"import {module}\n\n{module}.{name}('x')",
        f"import {module} as m\n\nm.{name}('x')",
    ]


@pytest.mark.parametrize("api", BANNED)
def test_a_banned_api_is_refused_with_its_reason(api: str) -> None:
    for code in ways_to_reach(api):
        assert ("TID251", f"`{api}` is banned: {BANNED[api]['msg']}") in refusals(code + "\n"), code


@pytest.mark.parametrize(("api", "rule"), BUILTINS.items())
def test_a_plain_call_of_a_banned_builtin_is_refused(api: str, rule: str) -> None:
    assert rule in [code for code, _ in refusals(f"{api.rpartition('.')[2]}('1')\n")]


def test_a_submodule_of_a_banned_module_is_refused() -> None:
    assert "TID251" in [code for code, _ in refusals("from multiprocessing.connection import Client\n")]
    assert "TID251" in [code for code, _ in refusals("from multiprocessing import shared_memory\n")]
