"""Out of memory once: freed and tried again, smaller. Twice: a sentence."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

import pytest
from keyfollow.errors import MemoryShort
from keyfollow_daemon.executors import attempt
from keyfollow_daemon.executors.base import Plain, Why


class Quiet:
    plan = 0

    def stop_asked(self) -> Why | None:
        return None

    def say(self, data: Mapping[str, Any]) -> None:
        pass


class OutOfMemoryError(RuntimeError):
    """Named like torch's."""


class Big:
    """What a failed attempt held."""


def entry(monkeypatch: pytest.MonkeyPatch, function: Any) -> None:
    monkeypatch.setattr(attempt, "resolve", lambda name: function)


@pytest.mark.parametrize(
    "error", [MemoryError(), OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_once_is_tried_again_with_nothing_held(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    held: list[weakref.ref[Big]] = []
    plans: list[int] = []

    def task(payload: Plain, link: Quiet) -> Plain:
        plans.append(link.plan)
        if link.plan == 0:
            big = Big()
            held.append(weakref.ref(big))
            raise type(error)(*error.args)
        assert held[0]() is None, "the first attempt's memory is back"
        return {"done": True}

    entry(monkeypatch, task)
    assert attempt.run_entry("x:y", {}, Quiet()) == {"done": True} and plans == [0, 1]


def test_twice_is_a_typed_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def task(payload: Plain, link: Quiet) -> Plain:
        raise OutOfMemoryError("tried to allocate 20 GiB")

    entry(monkeypatch, task)
    with pytest.raises(MemoryShort) as failed:
        attempt.run_entry("x:y", {}, Quiet())
    assert failed.value.code == "out_of_memory" and "20 GiB" in failed.value.message and failed.value.exit_status == 4


def test_other_errors_are_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def task(payload: Plain, link: Quiet) -> Plain:
        calls.append(link.plan)
        raise RuntimeError("something else")

    entry(monkeypatch, task)
    with pytest.raises(RuntimeError, match="something else"):
        attempt.run_entry("x:y", {}, Quiet())
    assert calls == [0]
