"""Checkpoints take their share of the time, and are known again."""

from __future__ import annotations

import pytest
import torch
from keyfollow_daemon.engines.diffusion.pace import Pace, identity


def test_the_pace_keeps_to_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("keyfollow_daemon.engines.diffusion.pace.time.monotonic", lambda: now[0])
    pace = Pace()
    assert pace.due()
    with pace:
        now[0] += 1.0
    now[0] += 19.0
    assert not pace.due()
    now[0] += 1.5
    assert pace.due()


def test_an_identity_is_that_of_its_text() -> None:
    assert torch.equal(identity("a"), identity("a")) and not torch.equal(identity("a"), identity("b"))
    assert identity("a").shape == (32,) and identity("a").dtype == torch.uint8
