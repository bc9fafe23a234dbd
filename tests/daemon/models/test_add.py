"""A person's folder becomes a model of the store, and stays as it was."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from keyfollow.errors import KeyfollowError, ModelMissing, UsageError
from keyfollow_daemon.models.add import add_folder
from keyfollow_daemon.models.folder import open_model
from keyfollow_daemon.models.store import ModelStore
from keyfollow_testkit import weights
from keyfollow_testkit.faults import leftovers

UNET = "unet/diffusion_pytorch_model.safetensors"


def test_it_is_linked_without_what_does_not_belong(store: ModelStore, tmp_path: Path) -> None:
    mine = weights.lay_out(tmp_path / "My Model (v2)", {**weights.pipeline(), "README.md": b"x", "preview.png": b"x"})
    made = add_folder(store, mine)
    assert made.id == "my-model-v2" and made.title == "My Model (v2)" and str(mine) in made.origin
    assert (store.path(made.id) / UNET).samefile(mine / UNET)
    assert not (store.path(made.id) / "README.md").exists()
    assert store.open(made.id).revision == made.revision == open_model(mine).revision


def test_copies_stay_when_the_original_changes(store: ModelStore, tmp_path: Path) -> None:
    mine = weights.lay_out(tmp_path / "m", weights.pipeline())
    add_folder(store, mine, "copied", copies=True)
    add_folder(store, mine, "linked")
    with (mine / UNET).open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"abcd")
    assert not store.verify("copied")
    assert store.verify("linked") and len(store.installed()) == 2


def test_where_links_are_impossible_it_is_copied(store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    made = add_folder(store, weights.lay_out(tmp_path / "m", weights.pipeline()))
    assert not (store.path(made.id) / UNET).samefile(tmp_path / "m" / UNET) and not store.verify(made.id)


def refused(store: ModelStore, folder: Path, id: str | None, code: str, kind: type[KeyfollowError]) -> None:
    before = store.installed()
    with pytest.raises(kind) as caught:
        add_folder(store, folder, id)
    assert caught.value.code == code
    assert store.installed() == before and not leftovers(store.root)


def test_what_is_refused(store: ModelStore, tmp_path: Path) -> None:
    good = weights.lay_out(tmp_path / "good", weights.pipeline())
    refused(store, tmp_path / "none", None, "model_not_found", ModelMissing)
    refused(store, good, "../x", "bad_name", UsageError)
    add_folder(store, good)
    refused(store, good, None, "model_exists", UsageError)
    bad = weights.lay_out(tmp_path / "bad", {**weights.pipeline(), "unet/diffusion_pytorch_model.bin": b"\x80\x02."})
    refused(store, bad, None, "unsafe_weights", UsageError)
    refused(store, weights.lay_out(tmp_path / "odd", {"a.json": b"{}"}), None, "bad_model", UsageError)
