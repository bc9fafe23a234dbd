from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyfollow.edits import EditRequest
from keyfollow.engine_info import CacheInfo, EngineInfo, Job, Take
from keyfollow.errors import UsageError
from keyfollow.frames import FrameRange
from keyfollow.plain import PlainError, from_plain, to_plain


@dataclass(frozen=True)
class Leaf:
    kind: Literal["a", "b"]
    share: float = 0.5


@dataclass(frozen=True)
class Tree:
    count: int
    flag: bool
    name: str
    data: bytes
    pair: tuple[int, str]
    leaf: Leaf
    leaves: tuple[Leaf, ...] = ()
    numbers: list[float] = field(default_factory=list)
    table: dict[str, int | bool | str] = field(default_factory=dict)
    maybe: Leaf | None = None
    span: FrameRange | None = None
    anything: Any = None


floats = st.floats(allow_nan=False)
leaves = st.builds(Leaf, st.sampled_from(["a", "b"]), floats)
spans = st.integers(0, 99).flatmap(lambda start: st.builds(FrameRange, st.just(start), st.integers(start + 1, 200)))
trees = st.builds(
    Tree,
    count=st.integers(-(2**63), 2**63 - 1),
    flag=st.booleans(),
    name=st.text(),
    data=st.binary(),
    pair=st.tuples(st.integers(0, 9), st.text()),
    leaf=leaves,
    leaves=st.lists(leaves, max_size=3).map(tuple),
    numbers=st.lists(floats, max_size=3),
    table=st.dictionaries(st.text(), st.integers(0, 9) | st.booleans() | st.text(), max_size=3),
    maybe=st.none() | leaves,
    span=st.none() | spans,
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5)
junk = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=8,
)
KINDS: list[type[Any]] = [Tree, EditRequest, EngineInfo, Job, Take, CacheInfo]
GOOD = to_plain(Tree(1, True, "n", b"d", (2, "p"), Leaf("a")))


@given(trees)
def test_round_trip_through_msgpack(tree: Tree) -> None:
    assert from_plain(Tree, msgpack.unpackb(msgpack.packb(to_plain(tree)))) == tree


@given(leaves)
def test_round_trip_through_json(leaf: Leaf) -> None:
    assert from_plain(Leaf, json.loads(json.dumps(to_plain(leaf)))) == leaf


@given(st.sampled_from(KINDS), junk)
def test_junk_is_refused_and_never_crashes(kind: type[Any], data: Any) -> None:
    with suppress(PlainError, UsageError):
        from_plain(kind, data)


@given(st.sampled_from(sorted(GOOD)), junk)
def test_junk_in_one_field_is_refused_and_never_crashes(name: str, data: Any) -> None:
    try:
        tree = from_plain(Tree, GOOD | {name: data})
    except (PlainError, UsageError) as e:
        assert name in str(e) or isinstance(e, UsageError)
    else:
        assert from_plain(Tree, to_plain(tree)) == tree or data != data


def test_whole_numbers_are_floats_but_no_others_are_converted() -> None:
    assert from_plain(Leaf, {"kind": "a", "share": 1}).share == 1.0
    for wrong in ({"count": 1.0}, {"count": True}, {"flag": 1}, {"name": b"n"}, {"data": "d"}, {"numbers": [True]}):
        with pytest.raises(PlainError, match=next(iter(wrong))):
            from_plain(Tree, GOOD | wrong)


def test_a_whole_number_that_no_float_holds_is_refused() -> None:
    with pytest.raises(PlainError, match="share"):
        from_plain(Leaf, {"kind": "a", "share": 10**400})


def test_unknown_fields_are_ignored_and_missing_ones_are_named() -> None:
    assert from_plain(Leaf, {"kind": "b", "added_in_2030": 1, 7: 8}) == Leaf("b")
    with pytest.raises(PlainError, match=r"leaf\.kind is missing"):
        from_plain(Tree, GOOD | {"leaf": {}})


def test_an_element_is_named_by_its_place() -> None:
    with pytest.raises(PlainError, match=r"leaves\[1\]\.kind must be one of a, b"):
        from_plain(Tree, GOOD | {"leaves": [{"kind": "a"}, {"kind": "c"}]})
    with pytest.raises(PlainError, match="pair must have 2 items"):
        from_plain(Tree, GOOD | {"pair": [1]})


def test_a_dataclass_that_refuses_its_fields_says_so_itself() -> None:
    with pytest.raises(UsageError) as caught:
        from_plain(Tree, GOOD | {"span": {"start": 5, "stop": 5}})
    assert caught.value.code == "empty_range"


def test_plain_data_shares_nothing_with_what_it_came_from() -> None:
    tree = from_plain(Tree, GOOD | {"table": {"x": 1}})
    to_plain(tree)["table"]["x"] = 2
    assert tree.table == {"x": 1}
