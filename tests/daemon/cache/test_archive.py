"""Archives carry a handle over, and nothing hostile gets in or leaves a trace."""

from __future__ import annotations

import hashlib
import io
import random
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from keyfollow import stored_zip
from keyfollow.errors import StorageError, UsageError
from keyfollow.plain import to_plain
from keyfollow.sealed import seal
from keyfollow_daemon.cache import archive
from keyfollow_daemon.cache.manifest import Manifest, handle_id
from keyfollow_daemon.cache.store import InversionStore

KEYS = tuple(f"{n:064x}" for n in (1, 2, 3))
MANIFEST = Manifest(
    id=handle_id("patch", KEYS),
    engine="patch",
    source="a.mp4",
    prepared_from="i",
    start=0,
    stop=3,
    keys=KEYS,
    seconds=2.0,
    created=1.0,
    last_used=1.0,
)
Member = tuple[zipfile.ZipInfo, bytes]


@pytest.fixture
def store(tmp_path: Path) -> InversionStore:
    return InversionStore(tmp_path / "here", 1 << 30)


@pytest.fixture
def exported(tmp_path: Path) -> bytes:
    source = InversionStore(tmp_path / "there", 1 << 30)
    for n, key in enumerate(KEYS):
        source.save(key, {"x": np.full(3000, n, np.uint8)})
    file = io.BytesIO()
    archive.export(MANIFEST, source, file)
    return file.getvalue()


def members(exported: bytes) -> list[Member]:
    with zipfile.ZipFile(io.BytesIO(exported)) as file:
        return [(info, file.read(info)) for info in file.infolist()]


def pack(items: list[Member], comment: bytes = b"") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        target.comment = comment
        for info, data in items:
            target.writestr(info, data)
    return file.getvalue()


def named(name: str, mode: int = 0o600) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def untouched(store: InversionStore) -> bool:
    return [path.name for path in store.root.rglob("*") if path.name != "entries"] == []


def refuse(raw: bytes, store: InversionStore) -> str:
    with pytest.raises(UsageError) as caught:
        archive.import_entries(io.BytesIO(raw), store)
    assert caught.value.code == "bad_archive"
    assert untouched(store)
    return caught.value.message


def test_an_archive_is_plain_and_the_same_every_time(exported: bytes, store: InversionStore, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(exported)) as file:
        assert file.namelist() == ["manifest.json", *(key + ".kfi" for key in KEYS)]
        assert {info.compress_type for info in file.infolist()} == {zipfile.ZIP_STORED}
    assert archive.import_entries(io.BytesIO(exported), store) == MANIFEST
    again = io.BytesIO()
    archive.export(MANIFEST, store, again)
    assert again.getvalue() == exported
    assert not list(store.root.glob(".*"))


def test_what_is_missing_or_damaged_is_left_out(exported: bytes, store: InversionStore) -> None:
    archive.import_entries(io.BytesIO(exported), store)
    store.delete(KEYS[:1])
    raw = bytearray(store.path(KEYS[1]).read_bytes())
    raw[-40] ^= 1
    store.path(KEYS[1]).write_bytes(raw)
    file = io.BytesIO()
    archive.export(MANIFEST, store, file)
    assert zipfile.ZipFile(file).namelist() == ["manifest.json", KEYS[2] + ".kfi"]
    store.delete(KEYS)
    with pytest.raises(UsageError) as caught:
        archive.export(MANIFEST, store, io.BytesIO())
    assert caught.value.code == "cache_empty"


def test_entries_made_here_are_kept(exported: bytes, store: InversionStore) -> None:
    store.save(KEYS[0], {"mine": np.ones(3)})
    archive.import_entries(io.BytesIO(exported), store)
    mine = store.load(KEYS[0])
    assert mine is not None and "mine" in mine
    assert store.has(KEYS[1])


def test_imports_respect_the_quota_by_evicting_others(exported: bytes, store: InversionStore) -> None:
    old = "f" * 64
    store.save(old, {"x": np.zeros(8000, np.uint8)})
    store.quota_bytes = 12_000
    archive.import_entries(io.BytesIO(exported), store)
    assert not store.has(old)
    assert all(store.has(key) for key in KEYS)


HOSTILE_NAMES = [
    *("../" + KEYS[0] + ".kfi", "/" + KEYS[0] + ".kfi", "..\\" + KEYS[0] + ".kfi", "C:\\x.kfi", "entries/" + KEYS[0] + ".kfi"),
    *("../../../../etc/cron.d/x", "manifest.json/../x", "./manifest.json", "MANIFEST.JSON", "x", ".kfi", "", " ", "a\nb"),
    *(
        KEYS[0].upper()[:-1] + "F.kfi",
        KEYS[0],
        KEYS[0] + ".kfi/",
        KEYS[0] + ".kfi\n",
        KEYS[0] + ".KFI",
        KEYS[0] + ".safetensors",
    ),
    *("\\\\server\\share\\x", "/proc/self/environ", "manifest.json\u202e", "é.kfi", "a" * 5000),
]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=lambda name: ascii(name)[:40])
def test_hostile_names(exported: bytes, store: InversionStore, name: str) -> None:
    refuse(pack([*members(exported), (named(name), b"x")]), store)


def test_a_name_with_a_nul_is_not_cut_to_a_good_one(exported: bytes, store: InversionStore) -> None:
    *others, (info, data) = members(exported)
    raw = pack([*others, (named(info.filename + "_../../x"), data)])
    message = refuse(raw.replace(info.filename.encode() + b"_", info.filename.encode() + b"\0"), store)
    assert "is called" in message


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_folders_and_devices(exported: bytes, store: InversionStore, kind: int) -> None:
    (manifest, first, *rest) = members(exported)
    assert "plain file" in refuse(pack([manifest, (named(first[0].filename, kind | 0o777), b"/etc/passwd"), *rest]), store)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed_members_and_so_every_bomb(exported: bytes, store: InversionStore, method: int) -> None:
    info = named(KEYS[0] + ".kfi")
    info.compress_type = method
    assert "compressed" in refuse(pack([members(exported)[0], (info, bytes(10 << 20))]), store)


def test_encrypted_members(exported: bytes, store: InversionStore) -> None:
    raw = bytearray(exported)
    place = raw.index(b"PK\1\2", raw.index(b"PK\1\2") + 1)
    raw[place + 8] |= 1
    refuse(bytes(raw), store)


def test_overlapping_members(exported: bytes, store: InversionStore) -> None:
    """Every directory entry points to the same bytes: a small file that unpacks to a large one."""
    raw = bytearray(exported)
    places = [n for n in range(len(raw)) if raw[n : n + 4] == b"PK\1\2"]
    for place in places[1:]:
        raw[place + 20 : place + 28] = (12_000).to_bytes(4, "little") * 2
    assert "overlap" in refuse(bytes(raw), store)


def test_twice_the_same_name(exported: bytes, store: InversionStore) -> None:
    items = members(exported)
    with pytest.warns(UserWarning, match="Duplicate"):
        raw = pack([*items, items[1]])
    assert "twice" in refuse(raw, store)


def test_without_or_with_another_manifest(exported: bytes, store: InversionStore) -> None:
    _, *entries = members(exported)
    assert "no manifest" in refuse(pack(entries), store)
    plain = to_plain(MANIFEST)
    for data in (
        b"",
        b"{}",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"keys":' * 50_000,
        seal({}),
        seal(plain).replace(b"patch", b"match"),
        seal({**plain, "keys": [*KEYS, "../x"]}),
        seal({**plain, "keys": list(KEYS[:2])}),
        seal({**plain, "id": "../../../x"}),
        seal({**plain, "stop": -1}),
        seal({**plain, "format": 2}),
        seal({**plain, "seconds": -5.0}),
        seal({**plain, "source": "x" * 100_000}),
        seal({**plain, "keys": 5}),
    ):
        refuse(pack([(named("manifest.json"), data), *entries]), store)


def test_an_entry_that_the_manifest_does_not_name(exported: bytes, store: InversionStore) -> None:
    body = b"x" * 100
    extra = (named("9" * 64 + ".kfi"), body + hashlib.sha256(body).digest())
    assert "does not name" in refuse(pack([*members(exported), extra]), store)


def test_one_bad_entry_and_none_is_kept(exported: bytes, store: InversionStore) -> None:
    *good, (info, data) = members(exported)
    for wrong in (b"", b"x", data[:-1], data + b"x", data[:50] + b"\x01" + data[51:], bytes(32)):
        assert "damaged" in refuse(pack([*good, (named(info.filename), wrong)]), store)


def test_too_many_members(exported: bytes, store: InversionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 2)
    assert "more than 3" in refuse(exported, store)


def test_members_too_large(exported: bytes, store: InversionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("MAX_ENTRY", "MAX_MANIFEST"):
        with monkeypatch.context() as patch:
            patch.setattr(archive, limit, 100)
            assert "too large" in refuse(exported, store)


def test_a_huge_directory_is_not_read(store: InversionStore) -> None:
    size = stored_zip.MAX_DIRECTORY + 1
    end = b"PK\5\6" + bytes(4) + b"\xff\xff\xff\xff" + size.to_bytes(4, "little") + bytes(4) + bytes(2)
    assert "directory" in refuse(bytes(size) + end, store)


def test_flipped_bits_never_import_anything_else(exported: bytes, store: InversionStore) -> None:
    chance = random.Random(3)
    sound = {info.filename: data for info, data in members(exported)}
    for _ in range(200):
        raw = bytearray(exported)
        place = chance.randrange(len(raw) * 8)
        raw[place // 8] ^= 1 << place % 8
        try:
            archive.import_entries(io.BytesIO(bytes(raw)), store)
        except UsageError as e:
            assert e.code == "bad_archive"
            assert untouched(store)
            continue
        for key in KEYS:
            if store.has(key):
                assert store.path(key).read_bytes() == sound[key + ".kfi"]
        store.delete(KEYS)
        for folder in (store.root / "entries").iterdir():
            folder.rmdir()


def test_cut_and_spliced_archives(exported: bytes, store: InversionStore) -> None:
    chance = random.Random(4)
    for _ in range(150):
        cut = chance.randrange(len(exported))
        refuse(exported[:cut], store)
    directory = exported.index(b"PK\1\2")
    for _ in range(300):
        raw = bytearray(exported)
        for _ in range(chance.randrange(1, 8)):
            raw[chance.randrange(directory, len(raw))] = chance.randrange(256)
        try:
            archive.import_entries(io.BytesIO(bytes(raw)), store)
        except UsageError:
            assert untouched(store)
        else:
            store.delete(KEYS)
            for folder in (store.root / "entries").iterdir():
                folder.rmdir()


def test_a_real_file_and_nonsense(tmp_path: Path, exported: bytes, store: InversionStore) -> None:
    for raw in (b"", b"PK", b"\x80\x04\x95pickle", bytes(1000), b"PK\5\6" + b"\xff" * 18, exported[100:] + exported[:100]):
        (tmp_path / "x.zip").write_bytes(raw)
        with (tmp_path / "x.zip").open("rb") as file, pytest.raises(UsageError):
            archive.import_entries(file, store)
        assert untouched(store)


def test_a_disk_that_fills_up_leaves_nothing(exported: bytes, store: InversionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno
    import os

    real, calls = os.write, iter(range(100))

    def second_fails(handle: int, data: bytes) -> int:
        if next(calls) == 3:
            raise OSError(errno.ENOSPC, "full")
        return real(handle, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", second_fails)
        with pytest.raises(StorageError) as caught:
            archive.import_entries(io.BytesIO(exported), store)
    assert caught.value.code == "disk_full"
    assert untouched(store)
