"""Accelerators without torch: a driver's own tool, and what the kernel lists."""

from __future__ import annotations

from pathlib import Path

import pytest
from keyfollow.cli import hardware
from keyfollow.cli.hardware import Gpu


def driver_says(patch: pytest.MonkeyPatch, folder: Path, words: str, status: int = 0) -> None:
    """An `nvidia-smi` of the test's own, the only one to be found."""
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\necho '{words}'\nexit {status}\n")
    tool.chmod(0o755)
    patch.setenv("PATH", f"{folder}:/bin:/usr/bin")


def card(system: Path, vendor: str, kind: str = "0x030000") -> None:
    device = system / "sys/bus/pci/devices/0000:01:00.0"
    device.mkdir(parents=True)
    (device / "vendor").write_text(f"{vendor}\n")
    (device / "class").write_text(f"{kind}\n")


def test_a_gpu_with_its_driver_gets_the_newest_build_that_runs_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver_says(monkeypatch, tmp_path, "NVIDIA H200, 143771, 570.86.15")
    found = hardware.gpus(tmp_path)
    assert found == [Gpu("cuda", "NVIDIA H200", 143771 << 20, "570.86.15")]
    build = hardware.torch_build(None, found)
    assert (build.device, build.name, build.index) == ("cuda", "cu128", "https://download.pytorch.org/whl/cu128")


@pytest.mark.parametrize(
    ("driver", "build"), [("610.1", "cu130"), ("580.65", "cu130"), ("550.54", "cu126"), ("470.9", None), ("", None)]
)
def test_builds_by_driver(driver: str, build: str | None) -> None:
    assert hardware.cuda_build(driver) == build


def test_an_old_driver_is_a_fault_with_its_fix_and_torch_is_for_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver_says(monkeypatch, tmp_path, "GeForce GTX 970, 4096, 390.157")
    (found,) = hardware.gpus(tmp_path)
    assert "390.157 is older than 525" in found.fault and found.fix
    assert hardware.torch_build(None, [found]).device == "cpu"


def test_a_card_whose_driver_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver_says(monkeypatch, tmp_path, "NVIDIA-SMI has failed", 9)
    assert hardware.gpus(tmp_path) == []
    card(tmp_path, "0x10de")
    (found,) = hardware.gpus(tmp_path)
    assert found.device == "cuda" and "not installed" in found.fault and found.fix


def test_sound_chips_are_no_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver_says(monkeypatch, tmp_path, "", 9)
    card(tmp_path, "0x10de", "0x040300")
    assert hardware.gpus(tmp_path) == []


def test_amd_needs_its_kernel_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver_says(monkeypatch, tmp_path, "", 9)
    card(tmp_path, "0x1002")
    assert hardware.gpus(tmp_path)[0].fix == "sudo modprobe amdgpu"
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/kfd").touch()
    assert hardware.gpus(tmp_path) == [Gpu("rocm", "AMD GPU")]
    assert hardware.torch_build(None, hardware.gpus(tmp_path)).index.endswith("/rocm6.4")


def test_the_person_may_choose(tmp_path: Path) -> None:
    gpu = Gpu("cuda", "NVIDIA H200", driver="570.86.15")
    assert hardware.torch_build("cpu", [gpu]).name == "cpu"
    assert hardware.torch_build("cuda", []).name == "cu130"
