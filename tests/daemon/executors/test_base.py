"""An entry names a function by text, which is all that crosses a process boundary."""

from __future__ import annotations

import pytest
from keyfollow_daemon.executors.base import Stopped, resolve


def test_an_entry_is_a_module_and_a_function(tasks: str) -> None:
    class NoLink:
        plan = 0

        def stop_asked(self) -> None:
            return None

        def say(self, data: object) -> None:
            raise AssertionError

    assert resolve(f"{tasks}:echo")({"a": 1}, NoLink())["got"] == {"a": 1}


@pytest.mark.parametrize("entry", ["no_such_module_anywhere:run", "keyfollow_daemon.executors.base:no_such_function"])
def test_an_entry_that_is_not_there_is_an_error(entry: str) -> None:
    with pytest.raises((ImportError, AttributeError)):
        resolve(entry)


def test_a_stop_carries_why() -> None:
    assert Stopped("pause").why == "pause"
