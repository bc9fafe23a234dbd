"""`keyfollowd doctor`: torch and engines as JSON lines."""

from __future__ import annotations

import json
import sys

import pytest
from keyfollow_daemon import cli, doctor


def test_torch_and_every_engine_are_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "torch_here", lambda: doctor.Torch("2.13.0", "cuda 12.8", (("NVIDIA H200", 1 << 37),)))
    assert cli.main(["doctor"]) == 0
    first, *rest = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first == {
        "event": "torch",
        "version": "2.13.0",
        "build": "cuda 12.8",
        "devices": [["NVIDIA H200", 1 << 37]],
        "error": "",
    }
    assert {e["event"] for e in rest} == {"engine"}
    assert next(e["missing"] for e in rest if e["id"] == "patch") == []


def test_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert doctor.torch_here() == doctor.Torch()


def test_the_torch_of_this_environment() -> None:
    torch = pytest.importorskip("torch")
    found = doctor.torch_here()
    assert found.version == torch.__version__ and bool(found.devices) == torch.cuda.is_available()
