"""Promise 5, for weights: no code from data. Pickles under any name, on any way into a model, are refused and never run."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest
from keyfollow.errors import KeyfollowError
from keyfollow.sealed import seal, unseal
from keyfollow_daemon.models.add import add_folder
from keyfollow_daemon.models.archive import import_model
from keyfollow_daemon.models.digests import sha256_of
from keyfollow_daemon.models.folder import open_model, revision_of
from keyfollow_daemon.models.pull import pull
from keyfollow_daemon.models.store import ModelStore
from keyfollow_testkit import weights
from keyfollow_testkit.counts import count
from keyfollow_testkit.faults import leftovers
from keyfollow_testkit.hub import Hub, serve

pytestmark = pytest.mark.faults

NAMES = (
    "unet/diffusion_pytorch_model.safetensors",
    "unet/diffusion_pytorch_model.bin",
    "vae/diffusion_pytorch_model.safetensors",
    "vae/weights.pt",
    "model.ckpt",
    "tokenizer/vocab.json",
    "scheduler/scheduler_config.json",
    "model_index.json",
)


def hostile(marker: Path) -> list[tuple[str, dict[str, bytes]]]:
    """Models with one pickle each: every form under a few names."""
    chance = random.Random(5)
    forms = list(weights.pickles(marker).items())
    made = []
    for n in range(count("pickles")):
        for name in NAMES:
            form, data = forms[n % len(forms)] if n < len(forms) else chance.choice(forms)
            made.append((f"{form} as {name}", {**weights.pipeline(), name: data}))
    return made


def refused(what: str, marker: Path, store: ModelStore) -> None:
    assert not marker.exists(), f"{what} was run"
    assert store.installed() == [] and not leftovers(store.root), what


def test_pickles_in_a_folder(tmp_path: Path) -> None:
    marker, store = tmp_path / "ran", ModelStore(tmp_path / "store")
    for n, (what, files) in enumerate(hostile(marker)):
        folder = weights.lay_out(tmp_path / str(n), files)
        for way in (lambda f: open_model(f, store.root / ".digests"), lambda f: add_folder(store, f, "bad")):
            with pytest.raises(KeyfollowError) as caught:
                way(folder)
            assert caught.value.code in ("unsafe_weights", "damaged_weights", "bad_model"), what
            refused(what, marker, store)


def test_pickles_in_an_archive_with_a_right_manifest(tmp_path: Path) -> None:
    marker, store = tmp_path / "ran", ModelStore(tmp_path / "store")
    there = ModelStore(tmp_path / "there")
    add_folder(there, weights.lay_out(tmp_path / "good", weights.pipeline()), "bad")
    plain = unseal((there.path("bad") / "keyfollow.json").read_bytes())
    for what, files in hostile(marker):
        folder = weights.lay_out(tmp_path / "members", files)
        records = [(n, len(d), sha256_of(folder / n)) for n, d in sorted(files.items())]
        head = {**plain, "revision": revision_of(records)}
        head["files"] = [{"name": n, "size": size, "sha256": digest} for n, size, digest in records]
        with zipfile.ZipFile(tmp_path / "bad.zip", "w") as target:
            target.writestr("manifest.json", seal(head))
            for name, data in files.items():
                target.writestr(f"files/{name}", data)
        with pytest.raises(KeyfollowError) as caught:
            import_model(store, tmp_path / "bad.zip")
        assert caught.value.code in ("unsafe_weights", "damaged_weights", "bad_model"), what
        refused(what, marker, store)


def test_pickles_from_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("huggingface_hub")
    marker, store = tmp_path / "ran", ModelStore(tmp_path / "store")
    with serve(Hub()) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        for form, data in weights.pickles(marker).items():
            hub.add("a/bad", {**weights.pipeline(), NAMES[0]: data, NAMES[1]: data})
            with pytest.raises(KeyfollowError) as caught:
                pull(store, "a/bad", lambda event, **fields: None, accept=True)
            assert caught.value.code in ("unsafe_weights", "damaged_weights"), form
            refused(form, marker, store)
        assert not [path for _, path, _ in hub.log if path.endswith(".bin")], "pickles are not even fetched"
