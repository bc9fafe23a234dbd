"""Compiled loops over pixels (numba): one decorator, one way to run them on all cores.

Kernels are compiled once per machine and kept under the storage root; where nothing can be written they are compiled once per
process. They are cut into bands of rows, each row computed on its own, so results do not depend on the number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

import cv2
import numba
from keyfollow.paths import paths

Function = TypeVar("Function", bound=Callable[..., Any])

jit: Any = numba
"""Untyped: its settings are made at run time, and what it compiles keeps the signature it was written with."""


def kernel(function: Function) -> Function:
    """Compile `function` at its first call; it runs without the interpreter's lock."""
    return _compiled(function)


def summing_kernel(function: Function) -> Function:
    """`kernel` for a function whose sums may be added up in any order, several terms at once: other processors may add them up otherwise,
    the number of threads makes no difference."""
    return _compiled(function, fastmath={"reassoc", "nsz"})


def _compiled(function: Function, **how: Any) -> Function:
    if "NUMBA_CACHE_DIR" not in os.environ:
        jit.config.CACHE_DIR = str(paths().storage / "kernels")
    try:
        compiled: Function = jit.njit(cache=True, nogil=True, error_model="numpy", **how)(function)
    except (RuntimeError, OSError):  # no folder to keep it in
        compiled = jit.njit(nogil=True, error_model="numpy", **how)(function)
    return compiled


CORES = os.cpu_count() or 1
"""Asked once: the system's answer takes as long as a small picture's rows."""


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(CORES, thread_name_prefix="keyfollow-rows")


def rows(band: Callable[..., None], height: int, *arguments: Any) -> None:
    """Call ``band(first row, end row, *arguments)`` so that every row of `height` is covered once, on as many threads as OpenCV uses."""
    threads = max(1, min(cv2.getNumThreads(), CORES, height // 32))
    if threads == 1:
        band(0, height, *arguments)
        return
    bounds = [height * i // threads for i in range(threads + 1)]
    for done in [_pool().submit(band, bounds[i], bounds[i + 1], *arguments) for i in range(threads)]:
        done.result()
