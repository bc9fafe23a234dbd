"""The ladder only goes down."""

from __future__ import annotations

from keyfollow_daemon.engines.diffusion.memory import Plan, device_bytes, fitting, ladder

FIRST = Plan(batch=8, width=8, precision="fp32")


def test_every_step_takes_less() -> None:
    sizes = [device_bytes(p, (64, 64), 50) for p in ladder(FIRST)]
    assert len(sizes) == 5 and sizes == sorted(sizes, reverse=True) and len(set(sizes)) >= 4


def test_a_small_plan_has_fewer_steps_below_it() -> None:
    assert len(ladder(Plan(1, 1, "bf16"))) == 3


def test_the_largest_that_fits() -> None:
    sizes = [device_bytes(p, (64, 64), 50) for p in ladder(FIRST)]
    assert fitting(FIRST, (64, 64), 50, None) == 0 == fitting(FIRST, (64, 64), 50, sizes[0])
    assert fitting(FIRST, (64, 64), 50, sizes[0] - 1) == 1 and fitting(FIRST, (64, 64), 50, 1) == 4


def test_a_card_of_eight_gigabytes_holds_the_step_schedule() -> None:
    assert device_bytes(Plan(1, 1, "bf16"), (64, 64), 50) < 8 << 30
