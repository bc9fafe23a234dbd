"""Two entries share a key only if everything that they depend on is equal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyfollow_daemon.cache.keys import KEY, entry_key

BASE: dict[str, Any] = {
    "engine": "patch",
    "version": "1",
    "settings": {"levels": 4, "strength": 0.5},
    "model_revision": "r",
    "dtype": "float16",
    "prompt": "a cat",
    "digests": [b"a" * 32, b"b" * 32],
}

value = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.booleans() | st.text(max_size=5)
arguments = st.fixed_dictionaries(
    {
        "engine": st.text(max_size=3),
        "version": st.text(max_size=3),
        "settings": st.dictionaries(st.text(max_size=3), value, max_size=3),
        "model_revision": st.text(max_size=3),
        "dtype": st.text(max_size=3),
        "prompt": st.text(max_size=3),
        "digests": st.lists(st.binary(max_size=4), max_size=3),
    }
)


def strict(arguments: dict[str, Any]) -> str:
    """Tells 1, 1.0 and True apart, and forgets the order of settings."""
    return repr(sorted({**arguments, "settings": sorted(arguments["settings"].items())}.items()))


@given(arguments, arguments)
def test_equal_keys_mean_equal_arguments(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (entry_key(**one) == entry_key(**other)) == (strict(one) == strict(other))


@given(arguments, st.randoms())
def test_the_order_of_settings_does_not_matter(given: dict[str, Any], random: Any) -> None:
    items = list(given["settings"].items())
    random.shuffle(items)
    assert entry_key(**given) == entry_key(**{**given, "settings": dict(items)})


def test_a_key_is_64_hex_digits_and_stays_the_same() -> None:
    key = entry_key(**BASE)
    assert KEY.fullmatch(key)
    assert key == "b0306d442986acb7c94bf04829e2b47bfeb2cb447f862043f266f0f7cc8933b5"


@pytest.mark.parametrize(
    "change",
    [
        {"engine": "patc", "version": "h1"},
        {"version": "1r", "model_revision": ""},
        {"model_revision": "rfloat16", "dtype": ""},
        {"dtype": "float16a cat", "prompt": ""},
        {"prompt": "a ca"},
        {"settings": {"levels": 4.0, "strength": 0.5}},
        {"settings": {"levels": "4", "strength": 0.5}},
        {"settings": {"levels": 4}},
        {"settings": {"levels": True, "strength": 0.5}},
        {"digests": [b"b" * 32, b"a" * 32]},
        {"digests": [b"a" * 32 + b"b" * 32]},
        {"digests": [b"a" * 32, b"b" * 32, b""]},
        {"digests": []},
    ],
)
def test_any_difference_is_another_key(change: dict[str, Any]) -> None:
    assert entry_key(**{**BASE, **change}) != entry_key(**BASE)


def test_a_prompt_from_a_broken_terminal_has_a_key() -> None:
    assert entry_key(**{**BASE, "prompt": "\udc80"}) != entry_key(**{**BASE, "prompt": "\udc81"})
