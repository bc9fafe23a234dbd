"""How the environment in use is found, and when it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from keyfollow import environment, launch
from keyfollow.environment import Current
from keyfollow.paths import Paths, paths


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("KEYFOLLOW_HOME", str(tmp_path))
    return paths()


def point(where: Paths, **fields: str) -> None:
    environment.root(where).mkdir(parents=True, exist_ok=True)
    environment.pointer(where).write_text(json.dumps({"name": "one", "version": "1.0", "torch": "cpu", **fields}))


def test_none_until_it_is_set_up(where: Paths) -> None:
    assert environment.current(where) is None and environment.program(where, "1.0") is None


def test_it_is_used_for_its_own_version_only(where: Paths) -> None:
    point(where)
    interpreter = environment.python(environment.root(where) / "one")
    assert environment.current(where) == Current("one", "1.0", "cpu")
    assert environment.program(where, "1.0") is None, "its interpreter is gone"
    interpreter.parent.mkdir(parents=True)
    interpreter.touch()
    assert environment.program(where, "1.0") == interpreter
    assert environment.program(where, "1.1") is None


@pytest.mark.parametrize("name", ["../../evil", "/bin", "", "a/b", "."])
def test_a_name_that_leads_elsewhere_is_none(where: Paths, name: str) -> None:
    point(where, name=name)
    assert environment.current(where) is None


def test_the_daemon_is_started_in_it(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "__version__", "1.0")
    point(where)
    interpreter = environment.python(environment.root(where) / "one")
    interpreter.parent.mkdir(parents=True)
    interpreter.touch()
    assert launch.command() == [str(interpreter), "-m", "keyfollow_daemon"]
