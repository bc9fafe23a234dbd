"""Sealed records read as they were written, or as damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyfollow.sealed import Damaged, canonical, read_sealed, seal, unseal, write_sealed

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
records = st.dictionaries(st.text().filter(lambda name: name != "sha256"), plain, max_size=4)


@given(records)
def test_a_record_comes_back(data: dict[str, object]) -> None:
    assert unseal(seal(data)) == data
    assert json.loads(seal(data))["sha256"]


@given(records, st.integers(min_value=0), st.integers(0, 7))
def test_any_flipped_bit_is_seen(data: dict[str, object], place: int, bit: int) -> None:
    raw = bytearray(seal(data))
    raw[place % len(raw)] ^= 1 << bit
    with pytest.raises(Damaged):
        unseal(bytes(raw))


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b"[]", b"null", b"{", b"\xff", b'{"sha256": "x"}', b"[" * 100_000, b'{"a": NaN}', b"9" * 5000],
    ids=range(10),
)
def test_anything_else_is_damaged(raw: bytes) -> None:
    with pytest.raises(Damaged):
        unseal(raw)


def test_a_cut_record_is_damaged() -> None:
    raw = seal({"a": [1, 2, 3], "b": "text"})
    for length in range(len(raw)):
        with pytest.raises(Damaged):
            unseal(raw[:length])


def test_a_field_given_twice_is_damaged() -> None:
    raw = seal({"a": 1})
    with pytest.raises(Damaged):
        unseal(raw.replace(b'{"a":1', b'{"a":2,"a":1'))


def test_the_canonical_form_knows_no_order_and_refuses_what_json_lacks() -> None:
    assert canonical({"b": 1, "a": (1.0, "ü\udc80")}) == canonical({"a": [1.0, "ü\udc80"], "b": 1})
    for wrong in (float("nan"), float("inf"), b"bytes", {1, 2}):
        with pytest.raises((ValueError, TypeError)):
            canonical(wrong)


def test_on_disk(tmp_path: Path) -> None:
    write_sealed(tmp_path / "a.json", {"x": 1})
    assert read_sealed(tmp_path / "a.json") == {"x": 1}
    with pytest.raises(FileNotFoundError):
        read_sealed(tmp_path / "b.json")
