"""The memory ladder."""

from __future__ import annotations

from keyfollow_daemon.engines.vid2vid_zero.plan import Plan, device_bytes, fitting, ladder


def test_each_step_takes_less() -> None:
    for null_text in (False, True):
        sizes = [device_bytes(p, (64, 64), 8, null_text) for p in ladder(Plan("fp32"))]
        assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) >= 4
    assert [p.precision for p in ladder(Plan("bf16"))] == ["bf16"] * 4


def test_null_texts_gradient_takes_most() -> None:
    assert device_bytes(Plan("fp32"), (64, 64), 8, True) > device_bytes(Plan("fp32"), (64, 64), 8, False) + (5 << 30)


def test_the_largest_that_fits_or_the_last() -> None:
    plans = ladder(Plan("fp32"))
    needed = [device_bytes(p, (64, 64), 8, True) for p in plans]
    assert fitting(plans, (64, 64), 8, True, None) == 0 and fitting(plans, (64, 64), 8, True, needed[1]) == 1
    assert fitting(plans, (64, 64), 8, True, 0) == len(plans) - 1
