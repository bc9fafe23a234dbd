"""Settings become numbers."""

from __future__ import annotations

import pytest
from keyfollow_daemon.engines.pix2video.info import describe
from keyfollow_daemon.engines.pix2video.options import Options, options_of, steps_of

DEFAULTS = describe().resolve({})


def test_the_defaults_are_the_papers() -> None:
    assert options_of(DEFAULTS, draft=False) == Options()
    assert Options().factor(4 * 64 * 64) == pytest.approx(0.01221, abs=1e-5)


def test_the_share_scales_with_the_steps_and_an_absolute_number_does_not() -> None:
    assert options_of({**DEFAULTS, "steps": 20}, draft=False).guided_steps == 11
    assert options_of({**DEFAULTS, "steps": 20, "guided_steps": 26}, draft=False).guided_steps == 20
    assert options_of({**DEFAULTS, "guided_steps": 3}, draft=False).guided_steps == 3
    assert options_of({**DEFAULTS, "no_guidance": True}, draft=False).guided_steps == 0


def test_the_pull_may_be_the_same_at_every_size() -> None:
    large = 4 * 128 * 128
    assert Options(weight_by_size=False).factor(large) == Options().factor(4 * 64 * 64) > Options().factor(large)


def test_a_fixed_target_needs_frames_further_ahead() -> None:
    assert options_of({**DEFAULTS, "fixed_target": True}, draft=False).lag == 26
    assert options_of({**DEFAULTS, "fixed_target": True, "no_guidance": True}, draft=False).lag == 1
    assert options_of({**DEFAULTS, "fixed_target": True, "steps": 6}, draft=False).fixed_target == 5


def test_a_draft_takes_fewer_steps() -> None:
    assert steps_of(DEFAULTS, draft=True) == 20 and steps_of({**DEFAULTS, "steps": 8}, draft=True) == 8
