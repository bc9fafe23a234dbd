"""Entries are whole or absent, damage is always seen, and the quota costs the least recently used."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from keyfollow.atomic import remove_leftovers
from keyfollow.errors import StorageError, UsageError
from keyfollow.frames import FrameRange
from keyfollow_daemon.cache.handles import Handles
from keyfollow_daemon.cache.store import InversionStore

LOOP = """
import sys, itertools
from pathlib import Path
import numpy as np
from keyfollow_daemon.cache.store import InversionStore
store = InversionStore(Path(sys.argv[1]), 1 << 30)
for i in itertools.count():
    store.save(f"{i % 4:064x}", {"a": np.full(100_000, i, np.float32)})
    if i == 0:
        print("started", flush=True)
"""


def key(n: int) -> str:
    return hashlib.sha256(str(n).encode()).hexdigest()


def fill(store: InversionStore, n: int, items: int = 1000, age_s: float = 0.0) -> str:
    """An entry of about `items` bytes, last used `age_s` ago."""
    store.save(key(n), {"x": np.full(items, n % 256, np.uint8)})
    used = time.time() - age_s
    os.utime(store.path(key(n)), (used, used))
    return key(n)


def present(store: InversionStore, upto: int) -> set[int]:
    return {n for n in range(upto) if store.has(key(n))}


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "uint8", "int16", "uint16", "int32", "int64", "bool", "complex64"]
)
def test_tensors_come_back(tmp_path: Path, dtype: str) -> None:
    store = InversionStore(tmp_path, 1 << 20)
    tensors = {
        "a": np.arange(24).reshape(2, 3, 4).astype(dtype),
        "scalar": np.asarray(3).astype(dtype),
        "none": np.empty((0, 5), dtype),
    }
    store.save(key(1), tensors)
    loaded = store.load(key(1))
    assert loaded is not None and loaded.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert loaded[name].dtype == tensor.dtype and loaded[name].shape == tensor.shape
        assert loaded[name].tobytes() == tensor.tobytes()


def test_views_are_stored_as_they_look(tmp_path: Path) -> None:
    store = InversionStore(tmp_path, 1 << 20)
    base = np.arange(60, dtype=np.float32).reshape(6, 10)
    views = {"transposed": base.T, "strided": base[::2, 1::3], "reversed": base[::-1], "big": base.astype(">f4")}
    store.save(key(1), views)
    loaded = store.load(key(1))
    assert loaded is not None
    for name, view in views.items():
        np.testing.assert_array_equal(loaded[name], view)


def test_loaded_tensors_belong_to_the_caller(tmp_path: Path) -> None:
    store = InversionStore(tmp_path, 1 << 20)
    fill(store, 1)
    first = store.load(key(1))
    assert first is not None
    first["x"][:] = 99
    second = store.load(key(1))
    assert second is not None and (second["x"] == 1).all()


def test_hits_and_misses_are_counted(tmp_path: Path) -> None:
    store = InversionStore(tmp_path, 1 << 20)
    assert store.load(key(1)) is None
    fill(store, 1)
    store.load(key(1))
    store.load(key(1))
    assert (store.hits, store.misses) == (2, 1)
    assert store.has(key(1)) and not store.has(key(2))


def test_every_flipped_bit_is_detected(tmp_path: Path) -> None:
    store = InversionStore(tmp_path, 1 << 20)
    fill(store, 1, 3000)
    path = store.path(key(1))
    sound = path.read_bytes()
    places = random.Random(7).sample(range(len(sound) * 8), 200)
    for place in places:
        raw = bytearray(sound)
        raw[place // 8] ^= 1 << place % 8
        path.write_bytes(raw)
        assert store.load(key(1)) is None
        assert not path.exists()
    assert store.misses == len(places)
    path.write_bytes(sound)
    assert store.load(key(1)) is not None


@pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 40, 100, 1000])
def test_a_cut_or_lengthened_entry_is_removed(tmp_path: Path, length: int) -> None:
    store = InversionStore(tmp_path, 1 << 20)
    fill(store, 1, 2000)
    path = store.path(key(1))
    sound = path.read_bytes()
    for raw in (sound[:length], sound + bytes(length + 1)):
        path.write_bytes(raw)
        assert store.load(key(1)) is None
        assert not path.exists()


@pytest.mark.parametrize("body", [b"", b"x", b"\xff" * 8 + b"{}", (2).to_bytes(8, "little") + b"[]", b"\x80\x04pickle"])
def test_nonsense_with_a_right_checksum_is_removed(tmp_path: Path, body: bytes) -> None:
    store = InversionStore(tmp_path, 1 << 20)
    fill(store, 1)
    path = store.path(key(1))
    path.write_bytes(body + hashlib.sha256(body).digest())
    assert store.load(key(1)) is None
    assert not path.exists()


def test_a_type_that_numpy_lacks_is_removed_not_raised(tmp_path: Path) -> None:
    store = InversionStore(tmp_path, 1 << 20)
    head = b'{"x":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
    body = len(head).to_bytes(8, "little") + head + bytes(4)
    fill(store, 1)
    store.path(key(1)).write_bytes(body + hashlib.sha256(body).digest())
    assert store.load(key(1)) is None and not store.has(key(1))


@pytest.mark.parametrize("bad", ["", "a", "A" * 64, "../" + "a" * 61, "g" * 64, "a" * 64 + "\n", "a" * 63 + "\0", "a" * 65])
def test_only_64_hex_digits_are_keys(tmp_path: Path, bad: str) -> None:
    store = InversionStore(tmp_path, 1 << 20)
    for call in (store.load, store.has, store.path, lambda k: store.save(k, {}), lambda k: store.delete([k])):
        with pytest.raises(UsageError) as caught:
            call(bad)
        assert caught.value.code == "bad_key"


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    store = InversionStore(tmp_path, 1 << 30)
    for n in range(8):
        fill(store, n, age_s=1000 - n)
    store.load(key(0))
    one = store.size() // 8
    store.quota_bytes = one * 3
    freed = store.evict({key(2)})
    assert present(store, 8) == {0, 2, 7}
    assert freed == 5 * one
    assert store.evict() == 0


def test_pinned_entries_stay_even_above_the_quota(tmp_path: Path) -> None:
    store = InversionStore(tmp_path, 1 << 30)
    handles = Handles(tmp_path, store)
    keys = [fill(store, n, age_s=1000 - n) for n in range(6)]
    info = handles.announce(engine="patch", source="a", prepared_from="i", span=FrameRange(0, 3), keys=keys[:3], seconds=1)
    handles.pin(info.id, True)
    store.quota_bytes = 10
    store.evict()
    assert present(store, 6) == {0, 1, 2}
    fill(store, 7)
    assert present(store, 8) == {0, 1, 2, 7}
    handles.pin(info.id, False)
    store.evict()
    assert present(store, 8) == set()


def test_saving_beyond_the_quota_evicts_first_and_a_run_larger_than_it_goes_on(tmp_path: Path) -> None:
    store = InversionStore(tmp_path, 20_000)
    for n in range(60):
        fill(store, n, age_s=100 - n)
        assert store.size() <= 20_000
        loaded = store.load(key(n))
        assert loaded is not None and (loaded["x"] == n).all()
    assert 59 in present(store, 60) and 0 not in present(store, 60)
    assert len(present(store, 60)) >= 14
    fill(store, 60, 50_000)
    assert present(store, 61) == {60}


def test_what_another_process_wrote_counts_too(tmp_path: Path) -> None:
    mine, other = InversionStore(tmp_path, 20_000), InversionStore(tmp_path, 1 << 30)
    fill(mine, 0, age_s=50)
    for n in range(1, 30):
        fill(other, n, age_s=100 - n)
    assert mine.evict() > 0
    assert mine.size() <= 20_000


def test_what_vanishes_underneath_is_a_miss(tmp_path: Path) -> None:
    store = InversionStore(tmp_path, 1 << 20)
    fill(store, 1)
    store.path(key(1)).unlink()
    assert store.load(key(1)) is None
    assert store.entry(key(1)) is None
    assert store.delete([key(1), key(2)]) == 0
    store.path(key(1)).parent.rmdir()
    fill(store, 1)
    assert store.delete([key(1)]) > 1000
    assert store.size() == 0 and store.index() == {}


def test_a_full_disk_leaves_the_old_entry_and_no_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = InversionStore(tmp_path, 1 << 20)
    fill(store, 1)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StorageError) as caught:
            store.save(key(1), {"x": np.zeros(10)})
        assert caught.value.code == "disk_full"
    assert remove_leftovers(tmp_path) == 0
    assert store.load(key(1)) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_kill_9_leaves_whole_entries_only(tmp_path: Path) -> None:
    for attempt in range(4):
        with subprocess.Popen([sys.executable, "-c", LOOP, str(tmp_path)], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(0.01 + attempt * 0.017)
            child.kill()
        assert remove_leftovers(tmp_path) <= 1
        store = InversionStore(tmp_path, 1 << 30)
        found = store.index()
        assert found
        for name in found:
            tensors = store.load(name)
            assert tensors is not None and (tensors["a"] == tensors["a"][0]).all()


def test_stores_and_handles_load_without_decoders() -> None:
    code = (
        "import sys, keyfollow_daemon.cache.handles, keyfollow_daemon.takes.store\n"
        "sys.exit(any(name in sys.modules for name in ('av', 'cv2', 'torch')))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
