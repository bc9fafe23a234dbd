"""The memory ladder."""

from __future__ import annotations

from dataclasses import replace

from keyfollow_daemon.engines.diffusion.memory import Parameters
from keyfollow_daemon.engines.vid2vid_zero.plan import Plan, Work, device_bytes, fitting, ladder

MODEL = Parameters()
DIRECT = Work((64, 64), 8)
NULL_TEXT = replace(DIRECT, null_text=True)


def size(plan: Plan, work: Work) -> int:
    return device_bytes(plan, work, MODEL)


def test_each_step_takes_less() -> None:
    for work in (DIRECT, NULL_TEXT):
        sizes = [size(p, work) for p in ladder(Plan("fp32"))]
        assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) >= 4
    assert [p.precision for p in ladder(Plan("bf16"))] == ["bf16"] * 4
    assert [p.precision for p in ladder(Plan("fp32"), exact=True)] == ["fp32"] * 4


def test_a_plan_reads_as_words() -> None:
    assert str(ladder(Plan("fp32"))[-1]) == (
        "the halves of a step one after the other, autoencoder in tiles, all but the network on the CPU, bf16"
    )


def test_null_texts_gradient_takes_most_unless_it_is_found_bit_by_bit() -> None:
    assert size(Plan("fp32"), NULL_TEXT) > size(Plan("fp32"), DIRECT) + (5 << 30)
    apart = Plan("fp32", apart=True)
    assert size(apart, NULL_TEXT) == size(apart, replace(NULL_TEXT, coupled=False)) == size(apart, DIRECT)


def test_prompts_that_are_drawn_together_take_less_than_each_with_a_source() -> None:
    one, three = (size(Plan("fp32"), replace(DIRECT, targets=n)) for n in (1, 3))
    base = 4 * (MODEL.network + MODEL.beside)
    assert one < three < base + 3 * (one - base)


def test_the_largest_that_fits_or_the_last() -> None:
    plans = ladder(Plan("fp32"))
    needed = [size(p, NULL_TEXT) for p in plans]
    assert fitting(plans, NULL_TEXT, None, MODEL) == 0 and fitting(plans, NULL_TEXT, needed[1], MODEL) == 1
    assert fitting(plans, NULL_TEXT, 0, MODEL) == len(plans) - 1
