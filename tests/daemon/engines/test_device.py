"""An estimate is for the device that the worker will take."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from keyfollow.engine_info import EngineInfo
from keyfollow_daemon.engines import device

WEIGHTS = EngineInfo("e", "E", "1", "", needs_weights=True)


@pytest.fixture(autouse=True)
def _not_known_yet() -> Iterator[None]:
    device.best.cache_clear()
    yield
    device.best.cache_clear()


def test_it_is_the_one_that_engines_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    from keyfollow_daemon.engines.diffusion import loading

    here = loading.best_device().type
    assert device.best() == here
    monkeypatch.setattr(loading, "best_device", lambda: torch.device("cuda"))
    device.best.cache_clear()
    assert device.best() == "cuda"


def test_a_process_without_torch_asks_another_and_stays_without() -> None:
    pytest.importorskip("torch")
    code = "import sys; from keyfollow_daemon.engines import device; print(device.best(), 'torch' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout.split() == [device.best(), "False"]


def test_it_is_asked_once_and_a_failure_is_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(device, "ASK", "import nowhere_to_be_found")
    assert device.best() == "cpu"
    monkeypatch.setattr(device, "ASK", "print('cuda')")
    assert device.best() == "cpu", "remembered"
    device.best.cache_clear()
    assert device.best() == "cuda"


def test_engines_without_weights_or_that_cannot_run_ask_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "best", lambda: "cuda")
    assert device.of(WEIGHTS) == "cuda"
    assert device.of(EngineInfo("e", "E", "1", "")) == "cpu"
    assert device.of(EngineInfo("e", "E", "1", "", needs_weights=True, missing=("Install torch.",))) == "cpu"
