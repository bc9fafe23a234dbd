from __future__ import annotations

from typing import Any

import pytest
from keyfollow_daemon.engines import registry
from keyfollow_daemon.engines.patch import colour_table, flow, transfer
from keyfollow_daemon.executors.base import Stopped
from keyfollow_daemon.jobs.planner import describe
from keyfollow_daemon.jobs.rehearsal import rehearse


@pytest.mark.parametrize("draft", [True, False])
def test_what_a_run_needs_is_compiled_afterwards(draft: bool) -> None:
    steps: list[None] = []
    rehearse(registry.load("patch"), describe("patch"), draft, lambda: steps.append(None))
    compiled: list[Any] = [flow._consistent, transfer._apply, colour_table._look_up]
    assert all(kernel.signatures for kernel in compiled) and len(steps) > 8


def test_it_can_be_stopped() -> None:
    def stop() -> None:
        raise Stopped("cancel")

    with pytest.raises(Stopped):
        rehearse(registry.load("patch"), describe("patch"), True, stop)
