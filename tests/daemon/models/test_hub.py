"""What is asked of the hub, and what becomes of its answers."""

from __future__ import annotations

import subprocess
import sys

import pytest
from keyfollow.errors import ModelMissing, UsageError
from keyfollow_daemon.models import hub as module
from keyfollow_daemon.models.hub import fetch, look
from keyfollow_testkit import weights
from keyfollow_testkit.hub import Hub


class Bytes:
    """A sink in memory."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes, /) -> None:
        self.data += data

    def restart(self) -> None:
        self.data = b""


def test_a_repository_is_listed_with_checksums(hub: Hub) -> None:
    files = weights.pipeline()
    commit = hub.add("a/b", files, "mit")
    found = look("a/b", commit)
    assert (found.commit, found.licence) == (commit, "mit") and found.files.keys() == files.keys()
    big, small = found.files["unet/diffusion_pytorch_model.safetensors"], found.files["model_index.json"]
    assert big.sha256 and not big.git_sha1 and small.git_sha1 and not small.sha256
    assert big.size == len(files[big.name])
    assert look("a/b", None).commit == commit


def test_bytes_from_the_middle(hub: Hub) -> None:
    commit = hub.add("a/b", weights.pipeline())
    for file in look("a/b", commit).files.values():
        for done in (0, file.size // 2):
            sink = Bytes()
            fetch("a/b", commit, file, sink, done)
            whole = weights.pipeline()[file.name]
            # small files are sent whole unless a range is asked for
            assert sink.data in (whole, whole[done:])


def test_a_drop_keeps_what_came(hub: Hub) -> None:
    commit = hub.add("a/b", weights.single())
    file = look("a/b", commit).files["model.safetensors"]
    hub.drop_after[file.name] = [1500]
    sink = Bytes()
    with pytest.raises(ModelMissing) as caught:
        fetch("a/b", commit, file, sink, 0)
    assert caught.value.code == "hub_unreachable" and sink.data == weights.single()[file.name][:1500]


def test_a_token_goes_to_the_hub_and_nowhere_else(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_IMPLICIT_TOKEN", False)
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_test")
    commit = hub.add("a/b", weights.single())
    for file in look("a/b", commit).files.values():
        fetch("a/b", commit, file, Bytes(), 0)
    assert {token for path, token in hub.tokens if "/cdn/" not in path} == {"Bearer hf_of_the_test"}
    assert {token for path, token in hub.tokens if "/cdn/" in path} == {None}


def test_without_huggingface_hub_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UsageError) as caught:
        look("a/b", None)
    assert caught.value.code == "hub_not_installed" and "keyfollow[diffusion]" in caught.value.remedy


def test_importing_it_imports_no_library_of_the_hub() -> None:
    code = "import sys, keyfollow_daemon.models.command; print([m for m in ('huggingface_hub', 'torch', 'httpx') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.stdout.strip() == "[]", run.stdout + run.stderr


def test_the_environment_of_engines_forbids_the_network(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in module.OFFLINE.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ModelMissing) as caught:
        look("a/b", None)
    assert caught.value.code == "offline" and hub.log == []
