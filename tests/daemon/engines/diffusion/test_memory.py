"""The ladder only goes down."""

from __future__ import annotations

from keyfollow_daemon.engines.diffusion.memory import Plan, device_bytes, fitting, ladder, parameters_of
from keyfollow_testkit.tiny_models import tiny_model

FIRST = Plan(batch=8, width=8, precision="fp32")


def test_every_step_takes_less() -> None:
    sizes = [device_bytes(p, (64, 64), 50) for p in ladder(FIRST)]
    assert len(sizes) == 5 and sizes == sorted(sizes, reverse=True) and len(set(sizes)) >= 4


def test_a_small_plan_has_fewer_steps_below_it() -> None:
    assert len(ladder(Plan(1, 1, "bf16"))) == 3 == len(ladder(Plan(1, 1, "fp32"), exact=True))


def test_the_frame_schedule_goes_down_to_the_step_schedule() -> None:
    first, *rest = (Plan(1, 1, "bf16", by_frame=True), *ladder(Plan(1, 1, "bf16", by_frame=True))[1:])
    assert first.by_frame and not any(p.by_frame for p in rest)
    assert device_bytes(first, (64, 64), 50) - device_bytes(rest[0], (64, 64), 50) > 2 << 30, "features of all steps"


def test_a_plan_says_itself() -> None:
    assert str(ladder(FIRST)[0]) == "8 frames prepared at once, 8 in flight, fp32"
    assert str(ladder(FIRST)[-1]).endswith("step by step, autoencoder in tiles, all but the network on the CPU, bf16")


def test_a_models_own_parameters_count() -> None:
    small, large = (parameters_of(tiny_model(kind)) for kind in ("sd2-depth", "sdxl-depth"))
    assert 10_000 < small.network < large.network < 1_000_000 and small.beside < large.beside
    assert (
        device_bytes(FIRST, (8, 8), 4, small)
        < device_bytes(FIRST, (8, 8), 4)
        == device_bytes(FIRST, (8, 8), 4, parameters_of("/none"))
    )


def test_the_largest_that_fits() -> None:
    plans = ladder(FIRST)
    sizes = [device_bytes(p, (64, 64), 50) for p in plans]
    assert fitting(plans, (64, 64), 50, None) == 0 == fitting(plans, (64, 64), 50, sizes[0])
    assert fitting(plans, (64, 64), 50, sizes[0] - 1) == 1 and fitting(plans, (64, 64), 50, 1) == 4


def test_a_card_of_eight_gigabytes_holds_the_step_schedule() -> None:
    assert device_bytes(Plan(1, 1, "bf16"), (64, 64), 50) < 8 << 30
