from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from keyfollow_daemon.engines.patch.kernels import kernel, rows


@kernel
def double(first: int, end: int, source: Any, out: Any) -> None:
    for y in range(first, end):
        for x in range(source.shape[1]):
            out[y, x] = 2 * source[y, x]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_every_row_is_computed_once_whatever_the_number_of_threads(threads: int) -> None:
    source = np.arange(131 * 7, dtype=np.float32).reshape(131, 7)
    out = np.zeros_like(source)
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(threads)
        rows(double, 131, source, out)
    finally:
        cv2.setNumThreads(before)
    assert np.array_equal(out, 2 * source)


def test_an_error_in_a_band_comes_out() -> None:
    def fails(first: int, end: int) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        rows(fails, 256)


def test_where_nothing_can_be_kept_kernels_work_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(blocked / "kernels"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(blocked / "kernels"))

    @kernel
    def half(first: int, end: int, out: Any) -> None:
        for y in range(first, end):
            out[y] /= 2

    out = np.full(8, 4.0, np.float32)
    rows(half, 8, out)
    assert (out == 2).all()
