"""Uploads: whole or absent, whatever order they come in."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest
from keyfollow.errors import StorageError, UsageError
from keyfollow_daemon.media.blobs import KEEP_S, MAX_UPLOADS, BlobStore

DATA = bytes(range(256)) * 20
NAME = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs", largest=1 << 20)


def put(store: BlobStore, data: bytes, name: str, piece: int = 1000) -> None:
    assert store.begin(name, len(data)) == 0
    for offset in range(0, len(data), piece):
        store.append(name, offset, data[offset : offset + piece])
    store.take_whole(name)()


def test_a_blob_comes_back_and_is_known_the_next_time(store: BlobStore) -> None:
    put(store, DATA, NAME)
    assert store.open(NAME) == DATA
    assert store.begin(NAME, len(DATA)) == len(DATA)


def test_a_repeated_chunk_changes_nothing(store: BlobStore) -> None:
    store.begin(NAME, len(DATA))
    assert store.append(NAME, 0, DATA[:100]) == (100, len(DATA))
    assert store.append(NAME, 0, DATA[:100]) == (100, len(DATA))
    assert store.begin(NAME, len(DATA)) == 100, "an interrupted upload goes on"


@pytest.mark.parametrize(("offset", "size"), [(200, 10), (100, len(DATA))])
def test_chunks_out_of_turn_are_refused(store: BlobStore, offset: int, size: int) -> None:
    store.begin(NAME, len(DATA))
    store.append(NAME, 0, DATA[:100])
    with pytest.raises(UsageError, match="out of turn"):
        store.append(NAME, offset, bytes(size))


def test_wrong_bytes_are_never_kept(store: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        put(store, DATA[::-1], NAME)
    assert refused.value.code == "wrong_hash"
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_damage_on_disk_is_noticed(store: BlobStore) -> None:
    put(store, DATA, NAME)
    path = store.path(NAME)
    path.write_bytes(DATA[:-1] + b"x")
    with pytest.raises(StorageError) as damaged:
        store.open(NAME)
    assert damaged.value.code == "blob_damaged" and not path.exists()
    with pytest.raises(StorageError) as missing:
        store.open(NAME)
    assert missing.value.code == "blob_missing"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", NAME.upper(), NAME[:-1], NAME + "0", "g" * 64])
def test_only_digests_are_names(store: BlobStore, name: str) -> None:
    with pytest.raises(UsageError):
        store.begin(name, 10)


@pytest.mark.parametrize("size", [0, -1, (1 << 20) + 1])
def test_sizes_are_bounded(store: BlobStore, size: int) -> None:
    with pytest.raises(UsageError):
        store.begin(NAME, size)


def test_dropping_an_upload_leaves_nothing(store: BlobStore, tmp_path: Path) -> None:
    store.begin(NAME, len(DATA))
    store.drop(NAME)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_sweeping_takes_only_what_is_old_and_unused(store: BlobStore) -> None:
    other = b"other" * 100
    for data in (DATA, other):
        put(store, data, hashlib.sha256(data).hexdigest())
        path = store.path(hashlib.sha256(data).hexdigest())
        os.utime(path, (time.time() - KEEP_S - 60,) * 2)
    assert store.sweep({NAME}) == 1
    assert store.open(NAME) == DATA
    assert store.sweep(set()) == 1


def test_two_owners_may_send_one_blob_at_a_time(store: BlobStore) -> None:
    for owner in (b"a", b"b"):
        assert store.begin(NAME, len(DATA), owner) == 0
    for owner in (b"a", b"b"):
        assert store.append(NAME, 0, DATA, owner) == (len(DATA), len(DATA))
        store.take_whole(NAME, owner)()
    assert store.open(NAME) == DATA


def test_unfinished_uploads_are_few_and_go_with_their_owner(store: BlobStore, tmp_path: Path) -> None:
    for n in range(MAX_UPLOADS):
        store.begin(f"{n:064x}", 10, b"a")
    with pytest.raises(UsageError) as refused:
        store.begin("f" * 64, 10, b"a")
    assert refused.value.code == "too_many_uploads"
    store.begin("f" * 64, 10, b"b")
    store.forget(b"a")
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1
    store.begin("e" * 64, 10, b"a")
