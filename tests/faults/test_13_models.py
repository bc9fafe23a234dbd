"""Downloads of models through kill -9 and a full disk: what arrived is used, and no model is ever half there."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from keyfollow.errors import StorageError
from keyfollow_daemon.models import store as store_module
from keyfollow_daemon.models.pull import pull
from keyfollow_daemon.models.store import ModelStore
from keyfollow_testkit import weights
from keyfollow_testkit.counts import count
from keyfollow_testkit.faults import eventually, leftovers, small_disk
from keyfollow_testkit.hub import Hub, serve

pytest.importorskip("huggingface_hub")
pytestmark = pytest.mark.faults
UNET = "unet/diffusion_pytorch_model.safetensors"


def test_killed_in_the_middle_it_goes_on_there(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "home/models")
    big = {**weights.pipeline(), UNET: weights.tensors(3, 500_000)}
    with serve(Hub()) as hub:
        commit = hub.add("a/big", big)
        line = [sys.executable, "-m", "keyfollow_daemon", "models", "pull", f"a/big@{commit}", "--accept-licence"]
        environment = {**os.environ, "KEYFOLLOW_HOME": str(tmp_path / "home"), "HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": ""}
        have = 0
        for stop in (300_000, 700_000, 1_500_000):
            hub.stall_after[UNET] = stop - have
            hub.released.clear()
            with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE) as process:
                eventually(lambda stop=stop: parts(store) == [stop], 60, f"{stop} bytes arrive")  # type: ignore[misc]
                process.kill()
            hub.released.set()
            assert store.installed() == []
            have = stop
        hub.stall_after.clear()
        done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout
        assert hub.bodies(UNET) == [None, "bytes=300000-", "bytes=700000-", "bytes=1500000-"]
    assert (store.path("big") / UNET).read_bytes() == big[UNET] and not store.verify("big") and not leftovers(store.root)


def test_a_full_disk_and_then_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "SLACK", -(1 << 40))  # the check beforehand would refuse; here the disk fills on the way
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    files = {**weights.pipeline(), UNET: weights.tensors(3, 400_000)}
    for n in range(count("disk_full")):
        with small_disk(tmp_path / f"disk{n}", 4 << 20) as disk, serve(Hub()) as hub:
            monkeypatch.setenv("HF_ENDPOINT", hub.url)
            hub.add("a/big", files)
            store = ModelStore(disk.folder / "models")
            disk.fill(leave=(n + 1) * 500_000 % 1_600_000)
            with pytest.raises(StorageError) as caught:
                pull(store, "a/big", lambda event, **fields: None, accept=True)
            assert caught.value.code == "disk_full"
            assert store.installed() == [] and not leftovers(store.root)
            disk.free()
            made = pull(store, "a/big", lambda event, **fields: None, accept=True)
            assert store.verify(made.id) == [] and not leftovers(store.root)


def parts(store: ModelStore) -> list[int]:
    sizes = []
    for path in store.root.glob(".pulling/*/*.part"):
        with suppress(FileNotFoundError):  # it has just become whole
            sizes.append(path.stat().st_size)
    return sizes
