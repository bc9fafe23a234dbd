"""Handles say truthfully what is there, share entries, and respect pins."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from keyfollow.errors import UsageError
from keyfollow.frames import FrameRange
from keyfollow_daemon.cache.handles import Handles
from keyfollow_daemon.cache.store import InversionStore

SPAN = FrameRange(10, 20)


@pytest.fixture
def handles(tmp_path: Path) -> Handles:
    return Handles(tmp_path, InversionStore(tmp_path, 1 << 30))


def saved(handles: Handles, *numbers: int) -> list[str]:
    keys = [f"{n:064x}" for n in numbers]
    for n, key in zip(numbers, keys, strict=True):
        handles.store.save(key, {"x": np.full(500, n, np.float16)})
    return keys


def announce(handles: Handles, *numbers: int, engine: str = "patch", seconds: float = 4.0) -> str:
    keys = saved(handles, *numbers)
    return handles.announce(engine=engine, source="/clips/a.mp4", prepared_from="i", span=SPAN, keys=keys, seconds=seconds).id


def refused(code: str, call: object, *args: object) -> None:
    assert callable(call)
    with pytest.raises(UsageError) as caught:
        call(*args)
    assert caught.value.code == code


def test_what_is_announced_can_be_listed_and_got(handles: Handles) -> None:
    id = announce(handles, 3, 1, 2)
    info = handles.get(id)
    assert handles.list() == [info]
    assert (info.engine, info.source, info.start, info.stop) == ("patch", "/clips/a.mp4", 10, 20)
    assert info.entries == 3 and info.size_bytes == handles.store.size()
    assert info.saves_s == 4.0 and not info.pinned
    assert info.last_used >= info.created > 0
    assert handles.keys(id) == tuple(f"{n:064x}" for n in (3, 1, 2))


def test_announcing_again_updates_and_keeps_pin_age_and_worth(handles: Handles) -> None:
    id = announce(handles, 1, 2, seconds=30)
    first = handles.pin(id, True)
    assert announce(handles, 2, 1, 2, seconds=0.1) == id
    again = handles.get(id)
    assert again.pinned and again.created == first.created and again.saves_s == 30
    assert again.last_used > first.created
    assert len(handles.list()) == 1


def test_another_process_sees_it_all(handles: Handles, tmp_path: Path) -> None:
    id = announce(handles, 1)
    other = Handles(tmp_path, InversionStore(tmp_path, 1 << 30))
    other.pin(id, True)
    assert handles.get(id).pinned
    other.pin(id, False)
    other.delete(id)
    assert handles.list() == []


def test_what_one_engine_prepared_of_one_clip(handles: Handles) -> None:
    ids = [announce(handles, n) for n in (1, 2)]
    announce(handles, 3, engine="other")
    assert {info.id for info in handles.of_source("patch", "i")} == set(ids)
    assert handles.of_source("patch", "another clip") == []


def test_an_evicted_handle_says_what_is_left(handles: Handles) -> None:
    id = announce(handles, 1, 2, 3)
    handles.store.delete([f"{1:064x}"])
    left = handles.get(id)
    assert left.entries == 2 and left.size_bytes == handles.store.size()
    handles.store.quota_bytes = 0
    handles.store.evict()
    assert (handles.get(id).entries, handles.list()[0].size_bytes) == (0, 0)
    assert len(handles.keys(id)) == 3


def test_deleting_leaves_what_others_share(handles: Handles) -> None:
    one, two = announce(handles, 1, 2), announce(handles, 2, 3)
    assert handles.delete(one) > 0
    assert [n for n in (1, 2, 3) if handles.store.has(f"{n:064x}")] == [2, 3]
    assert handles.get(two).entries == 2
    refused("unknown_cache", handles.get, one)


def test_a_pinned_handle_is_not_deleted(handles: Handles) -> None:
    id = announce(handles, 1)
    handles.pin(id, True)
    refused("cache_pinned", handles.delete, id)
    assert handles.get(id).entries == 1
    handles.pin(id, False)
    handles.delete(id)
    assert handles.store.size() == 0


def test_unknown_and_malformed_ids_are_refused(handles: Handles) -> None:
    for id in ("0" * 16, "", "..", "../../x", "\0", "A" * 16):
        refused("unknown_cache", handles.get, id)
        refused("unknown_cache", handles.keys, id)
        refused("unknown_cache", handles.pin, id, True)
        refused("unknown_cache", handles.delete, id)
        refused("unknown_cache", handles.export, id, io.BytesIO())


def test_nothing_or_nonsense_cannot_be_announced(handles: Handles) -> None:
    for keys in ([], ["x"], ["../" + "a" * 61]):
        with pytest.raises(UsageError) as caught:
            handles.announce(engine="patch", source="a", prepared_from="i", span=SPAN, keys=keys, seconds=1)
        assert caught.value.code == "bad_cache"


def test_prune_forgets_what_is_gone_unless_pinned(handles: Handles) -> None:
    ids = [announce(handles, n) for n in (1, 2, 3)]
    handles.pin(ids[0], True)
    handles.store.delete([f"{n:064x}" for n in (1, 2)])
    assert handles.prune() == 1
    assert {info.id for info in handles.list()} == {ids[0], ids[2]}


def test_export_and_import_on_another_machine(handles: Handles, tmp_path: Path) -> None:
    id = announce(handles, 1, 2)
    handles.pin(id, True)
    file = io.BytesIO()
    handles.export(id, file)
    store = InversionStore(tmp_path / "other", 1 << 30)
    elsewhere = Handles(tmp_path / "other", store)
    info = elsewhere.import_(file)
    mine = handles.get(id)
    assert (info.id, info.entries, info.size_bytes, info.saves_s) == (id, 2, mine.size_bytes, mine.saves_s)
    assert not info.pinned
    loaded = store.load(f"{2:064x}")
    assert loaded is not None and (loaded["x"] == 2).all()
