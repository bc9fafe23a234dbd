from __future__ import annotations

import pytest
from keyfollow_daemon.engines.diffusion import offer


def test_what_is_absent_is_named_with_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offer, "find_spec", lambda name: None if name in ("torch", "peft") else object())
    (sentence,) = offer.missing("peft")
    assert sentence.startswith("Install torch, peft:") and "keyfollow setup" in sentence
    monkeypatch.setattr(offer, "find_spec", lambda name: object())
    assert offer.missing("peft") == ()
