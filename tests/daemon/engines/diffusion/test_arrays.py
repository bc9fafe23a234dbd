"""Tensors survive what caches hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from keyfollow_daemon.engines.diffusion.arrays import from_arrays, to_arrays


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int64])
def test_there_and_back(dtype: torch.dtype) -> None:
    t = torch.arange(6).reshape(2, 3).T.to(dtype)
    arrays = to_arrays({"a.b": t})
    assert all(isinstance(a, np.ndarray) and a.flags.c_contiguous for a in arrays.values())
    back = from_arrays(arrays)
    assert list(back) == ["a.b"] and back["a.b"].dtype == dtype and torch.equal(back["a.b"], t)
