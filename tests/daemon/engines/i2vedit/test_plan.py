"""The ladder and what is kept on disk."""

from __future__ import annotations

from keyfollow_daemon.engines.i2vedit.plan import Plan, device_bytes, disk_bytes, fitting, ladder

FULL, TRAINING = (72, 128), (64, 112)


def test_every_step_down_takes_less() -> None:
    plans = ladder(Plan("fp32"), exact=False)
    sizes = [device_bytes(p, FULL, TRAINING, 14, True) for p in plans]
    assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) == len(sizes) and plans[-1].precision == "bf16"
    assert all(p.precision == "fp32" for p in ladder(Plan("fp32"), exact=True))
    assert fitting(plans, FULL, TRAINING, 14, True, None) == 0
    assert fitting(plans, FULL, TRAINING, 14, True, sizes[2]) == 2
    assert fitting(plans, FULL, TRAINING, 14, True, 1) == len(plans) - 1


def test_a_clip_keeps_less_than_200_mib_at_full_size() -> None:
    for wide in (False, True):
        for leads in (False, True):
            assert disk_bytes(14, FULL, TRAINING, 25, wide, leads) < 200 << 20
