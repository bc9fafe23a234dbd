"""The store holds whole models or none, notices what changed, and gives nothing that is not what was installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from keyfollow.errors import ModelMissing, StorageError, UsageError
from keyfollow_daemon.models import store as module
from keyfollow_daemon.models.add import add_folder
from keyfollow_daemon.models.digests import sha256_of
from keyfollow_daemon.models.store import ModelStore, copy, link_or_copy
from keyfollow_testkit import weights
from keyfollow_testkit.faults import flip_bit, leftovers

VAE = "vae/diffusion_pytorch_model.safetensors"


@pytest.fixture
def tiny(store: ModelStore, tmp_path: Path) -> str:
    return add_folder(store, weights.lay_out(tmp_path / "tiny", weights.pipeline()), copies=True).id


def test_a_model_is_listed_opened_verified_and_removed(store: ModelStore, tiny: str) -> None:
    assert [known.id for known in store.installed()] == ["tiny"]
    assert store.open(tiny).revision == store.get(tiny).revision
    told: list[tuple[str, int, int]] = []
    assert store.verify(tiny, lambda *words: told.append(words)) == []
    assert told[-1][1] == told[-1][2] == store.get(tiny).size_bytes
    assert store.remove(tiny) > store.root.stat().st_size
    assert not store.path(tiny).exists() and not leftovers(store.root)
    with pytest.raises(ModelMissing) as caught:
        store.get(tiny)
    assert caught.value.code == "model_missing" and "models pull tiny" in caught.value.remedy


def test_a_flipped_bit_is_found_by_opening_and_by_verifying(store: ModelStore, tiny: str) -> None:
    store.open(tiny)
    path = store.path(tiny) / VAE
    flip_bit(path, path.stat().st_size * 8 - 9)
    assert [VAE in problem for problem in store.verify(tiny)] == [True]
    with pytest.raises(ModelMissing) as caught:
        store.open(tiny)
    assert caught.value.code == "model_damaged"


def test_what_went_and_what_came(store: ModelStore, tiny: str) -> None:
    (store.path(tiny) / VAE).unlink()
    (store.path(tiny) / "vae" / "extra.json").write_bytes(b"{}")
    assert ["cannot be read" in p or "was not installed" in p for p in store.verify(tiny)] == [True, True]
    (store.path(tiny) / "evil.bin").write_bytes(b"x")
    assert any("could run code" in problem for problem in store.verify(tiny))


def test_a_damaged_manifest_is_no_model_but_can_be_removed(store: ModelStore, tiny: str) -> None:
    (store.path(tiny) / "keyfollow.json").write_bytes(b"{}")
    assert store.installed() == []
    with pytest.raises(ModelMissing):
        store.verify(tiny)
    assert store.remove(tiny) > 0
    with pytest.raises(ModelMissing):
        store.remove(tiny)


def test_installing_again_replaces_and_leaves_nothing_behind(store: ModelStore, tiny: str) -> None:
    before = store.get(tiny).revision
    with store.staging(tiny) as folder:
        files = weights.lay_out(folder, weights.pipeline(5))
        sha256 = {name: sha256_of(files / name) for name in weights.pipeline()}
        store.install(folder, tiny, sha256, title="T", origin="test")
    assert store.open(tiny).revision != before
    assert not leftovers(store.root)


@pytest.mark.parametrize("files", [{"config.json": b"{}"}, {**weights.pipeline(), "x.bin": b"x"}, {}])
def test_what_is_no_model_is_not_installed(store: ModelStore, tiny: str, files: dict[str, bytes]) -> None:
    before = store.get(tiny)
    with pytest.raises(UsageError), store.staging(tiny) as folder:
        weights.lay_out(folder, files)
        store.install(folder, tiny, {}, title="T", origin="test")
    assert store.get(tiny) == before and not leftovers(store.root)


def test_files_that_nobody_named_are_not_installed(store: ModelStore) -> None:
    with pytest.raises(UsageError, match="asked for"), store.staging("x") as folder:
        weights.lay_out(folder, weights.single())
        store.install(folder, "x", {"model.safetensors": "0" * 64}, title="T", origin="test")
    assert store.installed() == []


def test_one_at_a_time(store: ModelStore, tiny: str) -> None:
    with store.busy(tiny):
        for _ in range(2):
            with pytest.raises(UsageError) as caught:
                store.remove(tiny)
            assert caught.value.code == "model_busy"
    store.remove(tiny)


def test_what_a_killed_process_left_is_cleared_by_the_next(store: ModelStore, tiny: str) -> None:
    with store.staging("other") as others, store.staging(tiny) as folder:
        (folder / "half").write_bytes(b"x")
        with store.busy(tiny):
            assert leftovers(store.root) == [others]


def test_names_stay_in_the_store(store: ModelStore) -> None:
    for name in ("..", "../x", "/etc", "a/b", "", ".pulling", "a\0", "A", "nul"):
        for ask in (store.get, store.path, store.remove, store.verify, store.pulling):
            with pytest.raises(UsageError) as caught:
                ask(name)
            assert caught.value.code == "bad_name"


def test_a_disk_that_is_too_small_is_said_with_figures(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.check_space(1, "Tiny")
    monkeypatch.setattr(module, "SLACK", 1 << 60)
    with pytest.raises(StorageError) as caught:
        store.check_space(1, "Tiny")
    assert caught.value.code == "disk_full" and "GiB are free" in caught.value.message


def test_links_and_copies_are_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"bytes")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert link_or_copy(tmp_path / "link", tmp_path / "b") == copy(tmp_path / "a", tmp_path / "c") == sha256_of(tmp_path / "a")
    assert (tmp_path / "b").samefile(tmp_path / "a") and not (tmp_path / "b").is_symlink()
    assert not (tmp_path / "c").samefile(tmp_path / "a")
