"""A model travels as one file; nothing hostile gets in or leaves a trace."""

from __future__ import annotations

import errno
import io
import json
import os
import random
import stat
import zipfile
from pathlib import Path

import pytest
from keyfollow.errors import KeyfollowError, ModelMissing, StorageError, UsageError
from keyfollow.sealed import seal, unseal
from keyfollow_daemon.models import archive
from keyfollow_daemon.models.add import add_folder
from keyfollow_daemon.models.archive import export_model, import_model
from keyfollow_daemon.models.folder import revision_of
from keyfollow_daemon.models.store import ModelStore
from keyfollow_testkit import weights
from keyfollow_testkit.faults import flip_bit, leftovers

UNET = "unet/diffusion_pytorch_model.safetensors"
Member = tuple[zipfile.ZipInfo, bytes]


@pytest.fixture
def there(tmp_path: Path) -> ModelStore:
    """Another machine, with a model."""
    store = ModelStore(tmp_path / "there")
    add_folder(store, weights.lay_out(tmp_path / "tiny", weights.pipeline()), copies=True)
    return store


@pytest.fixture
def exported(there: ModelStore, tmp_path: Path) -> Path:
    export_model(there, "tiny", tmp_path / "tiny.zip")
    return tmp_path / "tiny.zip"


def members(path: Path) -> list[Member]:
    with zipfile.ZipFile(path) as file:
        return [(info, file.read(info)) for info in file.infolist()]


def pack(path: Path, items: list[Member]) -> Path:
    with zipfile.ZipFile(path, "w") as target:
        for info, data in items:
            target.writestr(info, data)
    return path


def named(name: str, mode: int = 0o600) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def refused(store: ModelStore, path: Path, *codes: str) -> str:
    with pytest.raises(UsageError) as caught:
        import_model(store, path)
    assert caught.value.code in (codes or ("bad_archive",)), caught.value
    assert store.installed() == [] and not leftovers(store.root)
    assert not [p for p in store.root.rglob("*") if p.is_file() and p.suffix != ".lock"]
    return caught.value.message


def forged(path: Path, there: ModelStore, files: dict[str, bytes], **changes: object) -> Path:
    """An archive whose manifest fits its `files`, by somebody who can seal as well as we can."""
    import hashlib

    records = [{"name": n, "size": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in sorted(files.items())]
    plain = unseal((there.path("tiny") / "keyfollow.json").read_bytes())
    revision = revision_of((r["name"], r["size"], r["sha256"]) for r in records)  # type: ignore[misc]
    head = seal({**plain, "files": records, "revision": revision, **changes})
    return pack(path, [(named("manifest.json"), head), *((named("files/" + n), d) for n, d in files.items())])


def test_it_arrives_as_it_was(there: ModelStore, store: ModelStore, exported: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    made = import_model(store, exported, report=lambda *words: told.append(words))
    assert made.revision == there.get("tiny").revision == store.open("tiny").revision
    assert told[-1][1] == told[-1][2] == made.size_bytes
    assert not store.verify("tiny") and not leftovers(store.root)
    with zipfile.ZipFile(exported) as file:
        assert {info.compress_type for info in file.infolist()} == {zipfile.ZIP_STORED}
    export_model(there, "tiny", tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == exported.read_bytes()


def test_an_archive_never_replaces_another_model(store: ModelStore, exported: Path, tmp_path: Path) -> None:
    mine = add_folder(store, weights.lay_out(tmp_path / "own", weights.pipeline(8)), "tiny", copies=True)
    with pytest.raises(UsageError) as caught:
        import_model(store, exported)
    assert caught.value.code == "model_exists" and store.open("tiny").revision == mine.revision
    assert import_model(store, exported, "other").id == "other"
    with pytest.raises(UsageError, match="name"):
        import_model(store, exported, "../x")
    flip_bit(store.path("other") / UNET, 5000)
    import_model(store, exported, "other")
    assert not store.verify("other"), "one that is damaged is mended"


def test_a_damaged_model_is_not_exported(there: ModelStore, tmp_path: Path) -> None:
    flip_bit(there.path("tiny") / UNET, 5000)
    with pytest.raises(ModelMissing) as caught:
        export_model(there, "tiny", tmp_path / "x.zip")
    assert caught.value.code == "model_damaged" and not (tmp_path / "x.zip").exists() and not leftovers(tmp_path)
    with pytest.raises(ModelMissing):
        export_model(there, "none", tmp_path / "x.zip")


HOSTILE = [
    *(
        "../x.json",
        "/etc/x.json",
        "files/../x.json",
        "files/../../x.json",
        "files//x.json",
        "files/a\\..\\x.json",
        "files/C:/x",
    ),
    *(
        "files/.hidden/x.json",
        "files/keyfollow.json",
        "files/NUL",
        "files/a/b/c/d/e/f.json",
        "files/",
        "files",
        "x",
        "",
        "a\nb",
    ),
    *("files/unet/", "\\\\host\\x", "/proc/self/environ", "files/a\u202e.json ", "files/" + "a" * 5000, "MANIFEST.JSON"),
]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:40])
def test_hostile_names(store: ModelStore, there: ModelStore, exported: Path, tmp_path: Path, name: str) -> None:
    refused(store, pack(tmp_path / "bad.zip", [*members(exported), (named(name), b"{}")]))
    if name.startswith("files/") and name != "files/":
        refused(store, forged(tmp_path / "forged.zip", there, {**weights.pipeline(), name[6:]: b"{}"}))
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
def test_links_folders_and_devices(store: ModelStore, exported: Path, tmp_path: Path, kind: int) -> None:
    head, (info, _), *rest = members(exported)
    bad = pack(tmp_path / "bad.zip", [head, (named(info.filename, kind | 0o777), b"/etc/passwd"), *rest])
    assert "plain file" in refused(store, bad)


def test_bombs(store: ModelStore, exported: Path, tmp_path: Path) -> None:
    head, *_ = members(exported)
    info = named("files/config.json")
    info.compress_type = zipfile.ZIP_DEFLATED
    assert "compressed" in refused(store, pack(tmp_path / "bad.zip", [head, (info, bytes(10 << 20))]))


@pytest.mark.parametrize("id", ["../x", "/x", "", "a/b", ".digests", "A"])
def test_a_manifest_that_names_another_place(store: ModelStore, there: ModelStore, tmp_path: Path, id: str) -> None:
    refused(store, forged(tmp_path / "bad.zip", there, weights.pipeline(), id=id))


def test_manifests_that_do_not_fit(store: ModelStore, exported: Path, there: ModelStore, tmp_path: Path) -> None:
    head, *files = members(exported)
    bad = tmp_path / "bad.zip"
    assert "no manifest" in refused(store, pack(bad, files))
    assert "those of its manifest" in refused(store, pack(bad, [head, *files[1:]]))
    assert "those of its manifest" in refused(store, pack(bad, [head, *files, (named("files/extra.json"), b"{}")]))
    for data in (
        b"",
        b"{}",
        b"[" * 100_000,
        head[1].replace(b"tiny", b"tinx"),
        seal({}),
        seal({**unseal(head[1]), "format": 2}),
    ):
        refused(store, pack(bad, [(named("manifest.json"), data), *files]))
    refused(store, forged(bad, there, weights.pipeline(), installed=float(-1)))


def test_pickles_are_refused_also_under_a_right_manifest(store: ModelStore, there: ModelStore, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    for data in weights.pickles(marker).values():
        bad = forged(tmp_path / "bad.zip", there, {**weights.pipeline(), UNET: data})
        refused(store, bad, "unsafe_weights", "damaged_weights")
        bad = forged(tmp_path / "bad.zip", there, {**weights.pipeline(), "unet/x.bin": data})
        refused(store, bad, "unsafe_weights")
    assert not marker.exists()


def test_limits(store: ModelStore, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, why in (("MAX_MANIFEST", "too large"), ("MAX_FILE", "too large"), ("MAX_FILES", "more than")):
        with monkeypatch.context() as patch:
            patch.setattr(archive, limit, 3)
            assert why in refused(store, exported)
    monkeypatch.setattr("keyfollow_daemon.models.store.SLACK", 1 << 60)
    with pytest.raises(StorageError):
        import_model(store, exported)


def test_flipped_bits_and_cuts_never_install_anything_else(
    store: ModelStore, there: ModelStore, exported: Path, tmp_path: Path
) -> None:
    chance = random.Random(5)
    whole, bad = exported.read_bytes(), tmp_path / "bad.zip"
    revision = there.get("tiny").revision
    for n in range(120):
        raw = bytearray(whole)
        if n % 3:
            place = chance.randrange(len(raw) * 8)
            raw[place // 8] ^= 1 << place % 8
        else:
            del raw[chance.randrange(len(raw)) :]
        bad.write_bytes(raw)
        try:
            import_model(store, bad)
        except KeyfollowError as e:
            assert e.code == "bad_archive", e
            assert not store.installed() and not leftovers(store.root)
        else:
            assert store.open("tiny").revision == revision
            store.remove("tiny")


def test_a_disk_that_fills_up_leaves_nothing(store: ModelStore, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.write, iter(range(1000))

    def fails(handle: int, data: bytes) -> int:
        if next(calls) == 4:
            raise OSError(errno.ENOSPC, "full")
        return real(handle, data)

    with monkeypatch.context() as patch, pytest.raises(StorageError) as caught:
        patch.setattr(os, "write", fails)
        import_model(store, exported)
    assert caught.value.code == "disk_full" and not store.installed() and not leftovers(store.root)


def test_what_is_no_archive(store: ModelStore, tmp_path: Path) -> None:
    refused(store, tmp_path / "none.zip")
    for raw in (b"", b"PK", b"\x80\x04pickle", json.dumps({}).encode(), io.BytesIO(bytes(5000)).getvalue()):
        (tmp_path / "x.zip").write_bytes(raw)
        refused(store, tmp_path / "x.zip")
