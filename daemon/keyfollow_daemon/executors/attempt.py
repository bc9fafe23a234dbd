"""A task at the executor's edge: when it runs out of memory, free what it held and try once more with a smaller plan.

No torch here: an out-of-memory error is known by its name, and torch is asked to give memory back only where it was loaded.
"""

from __future__ import annotations

import gc
import logging
import sys

from keyfollow.errors import MemoryShort

from .base import Link, Plain, resolve

log = logging.getLogger(__name__)
CPU_WORDS = ("can't allocate memory", "not enough memory", "Insufficient memory")


def run_entry(entry: str, payload: Plain, link: Link) -> Plain:
    """Call a task's entry point; at most twice.

    Raises:
        MemoryShort: ``out_of_memory`` when the second attempt, with `Link.plan` 1, ran out as well.
    """
    function = resolve(entry)
    link.plan = 0
    words = ""
    try:
        return function(payload, link)
    except Exception as e:
        if not out_of_memory(e):
            raise
        words = _first_line(e)
    # outside the handler: the exception's traceback kept every frame, and with it every tensor, alive
    log.warning("out of memory (%s): once more with a smaller plan", words)
    free()
    link.plan = 1
    try:
        return function(payload, link)
    except Exception as e:
        if not out_of_memory(e):
            raise
        words = _first_line(e)
    free()
    raise MemoryShort(
        "out_of_memory",
        f"There was not enough memory, even for a smaller plan ({words}).",
        "Close other programs that use the GPU, or choose a draft, a smaller working size or a shorter range.",
    )


def out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory ran out, on the device or beside it."""
    if isinstance(error, MemoryError) or any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in CPU_WORDS)


def free() -> None:
    """Give back what nobody refers to any more."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200] or type(error).__name__
