"""The ladder and what is kept on disk."""

from __future__ import annotations

from keyfollow_daemon.engines.i2vedit.plan import Plan, device_bytes, disk_bytes, fitting, ladder

FULL, TRAINING = (72, 128), (64, 112)


def sizes(plans: list[Plan]) -> list[int]:
    return [device_bytes(p, FULL, TRAINING, 14, True) for p in plans]


def test_every_step_down_takes_less() -> None:
    for precision in ("fp32", "bf16"):
        plans = ladder(Plan(precision), exact=False)
        found = sizes(plans)
        assert found == sorted(found, reverse=True) and len(set(found)) == len(found)
        assert plans[-1].precision == "bf16"
    assert all(p.precision == "fp32" for p in ladder(Plan("fp32"), exact=True))
    assert fitting(plans, FULL, TRAINING, 14, True, None) == 0
    assert fitting(plans, FULL, TRAINING, 14, True, found[2]) == 2
    assert fitting(plans, FULL, TRAINING, 14, True, 1) == len(plans) - 1


def test_what_fits_cards_of_80_40_24_and_16_gib() -> None:
    """A twentieth of them is not to be had."""
    plans = ladder(Plan("bf16"), exact=False)
    cards = [fitting(plans, FULL, TRAINING, 14, True, (gib << 30) * 19 // 20) for gib in (80, 40, 24, 16)]
    assert cards == [0, 1, 2, 3] and plans[2] == Plan("bf16", checkpointed=True, together=4)
    smaller = device_bytes(plans[2], (64, 112), (56, 96), 14, True)
    assert smaller < (16 << 30) * 19 // 20, "at size 640, learning at 576, all is on the GPU"


def test_a_clip_keeps_less_than_200_mib_at_full_size() -> None:
    for wide in (False, True):
        for leads in (False, True):
            assert disk_bytes(14, FULL, TRAINING, 25, wide, leads) < 200 << 20
