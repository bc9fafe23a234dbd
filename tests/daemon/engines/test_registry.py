from __future__ import annotations

import pytest
from keyfollow.errors import UsageError
from keyfollow_daemon.engines import registry
from keyfollow_daemon.engines.patch.engine import PatchEngine


def test_the_patch_engine_is_found() -> None:
    assert registry.engines()["patch"].missing == ()
    assert registry.info_module("patch").describe().id == "patch"
    assert isinstance(registry.load("patch"), PatchEngine)


def test_an_unknown_engine_is_named_with_what_there_is() -> None:
    with pytest.raises(UsageError) as caught:
        registry.load("magic")
    assert caught.value.code == "unknown_engine" and "patch" in caught.value.remedy


def test_an_engine_that_cannot_be_imported_is_listed_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(registry.EXTRA, "broken=no_such_package.info, again=keyfollow_daemon.engines.patch.info")
    found = registry.engines()
    assert "no_such_package" in found["broken"].missing[0]
    assert found["again"].id == "patch"
    assert "patch" in found
