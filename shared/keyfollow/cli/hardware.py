"""Which accelerators this machine has and which torch build suits them, found without torch: it may not be installed yet."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Device = Literal["cuda", "rocm", "mps", "cpu"]
PYTORCH = "https://download.pytorch.org/whl"
CUDA_BUILDS = ((580, "cu130"), (570, "cu128"), (525, "cu126"))
"""The least version of NVIDIA's driver, and the newest CUDA build of torch that runs on it.

Drivers by NVIDIA's table of minor version compatibility (CUDA 13 from 580, CUDA 12 from 525; 12.8's own is 570). The names are those that PyTorch's page
of previous versions gives for 2.9.1, of 2025: nothing here could reach its index, so later ones may be there, and were not tried.
"""
ROCM_BUILD = "rocm6.4"
"""By the same page. Of ROCm nothing was tried."""
ASK_S = 20.0
"""A driver that hangs must not hang whoever asks it."""
_VENDORS = {"0x10de": "nvidia", "0x1002": "amd"}


@dataclass(frozen=True, slots=True)
class Gpu:
    """An accelerator. `fault` says why it cannot be used as the machine is, `fix` the command that changes it."""

    device: Device
    name: str
    memory_bytes: int = 0
    driver: str = ""
    fault: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class TorchBuild:
    """`index` is where pip finds it; empty for PyPI. `disk_bytes` is what torch and its libraries take, once installed."""

    device: Device
    name: str
    index: str
    disk_bytes: int


def gpus(system: Path = Path("/")) -> list[Gpu]:
    """Every accelerator, the usable ones first.

    Args:
        system: where ``sys`` and ``dev`` lie.
    """
    found = _nvidia() or [*_nvidia_without_driver(system)]
    found += _amd(system)
    if sys.platform == "darwin" and platform.machine() == "arm64":
        found.append(Gpu("mps", "Apple GPU"))
    return sorted(found, key=lambda gpu: bool(gpu.fault))


def torch_build(device: Device | None, found: list[Gpu]) -> TorchBuild:
    """The build for `device`; None: for the first usable of `found`, else for the CPU."""
    usable = [gpu for gpu in found if not gpu.fault]
    chosen = device or (usable[0].device if usable else "cpu")
    if chosen == "cuda":
        driver = next((gpu.driver for gpu in usable if gpu.device == "cuda"), "")
        name = cuda_build(driver) or CUDA_BUILDS[0][1]
        return TorchBuild("cuda", name, f"{PYTORCH}/{name}", 9 << 30)
    if chosen == "rocm":
        return TorchBuild("rocm", ROCM_BUILD, f"{PYTORCH}/{ROCM_BUILD}", 18 << 30)
    # elsewhere PyPI's own build knows no CUDA
    return TorchBuild(chosen, chosen, f"{PYTORCH}/cpu" if chosen == "cpu" and sys.platform == "linux" else "", 2 << 30)


def cuda_build(driver: str) -> str | None:
    """The newest build that runs on this driver (``"570.86.15"``); None where there is none."""
    major = re.match(r"\d+", driver)
    return next((name for least, name in CUDA_BUILDS if major and int(major[0]) >= least), None)


def _nvidia() -> list[Gpu]:
    line = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(line, capture_output=True, text=True, timeout=ASK_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    found = []
    for row in told.stdout.splitlines() if told.returncode == 0 else ():
        fields = [field.strip() for field in row.split(",")]
        if len(fields) == 3:
            name, memory, driver = fields
            fault, fix = "", ""
            if cuda_build(driver) is None:
                fault, fix = f"its driver {driver} is older than {CUDA_BUILDS[-1][0]}", _driver_fix()
            found.append(Gpu("cuda", name, int(memory) << 20 if memory.isdigit() else 0, driver, fault, fix))
    return found


def _nvidia_without_driver(system: Path) -> Iterator[Gpu]:
    for _ in _cards(system, "nvidia"):
        yield Gpu("cuda", "NVIDIA GPU", fault="its driver is not installed or does not answer", fix=_driver_fix())


def _driver_fix() -> str:
    for tool, line in (
        ("apt", "apt install nvidia-driver"),
        ("dnf", "dnf install akmod-nvidia"),
        ("pacman", "pacman -S nvidia"),
    ):
        if shutil.which(tool):
            return f"sudo {line}"
    return "nvidia-smi"  # says more than can be known here


def _amd(system: Path) -> list[Gpu]:
    door = system / "dev/kfd"
    found = []
    for card in _cards(system, "amd"):
        memory = 0
        with suppress(OSError, ValueError):
            memory = int((card / "mem_info_vram_total").read_text())
        fault, fix = "", ""
        if not door.exists():
            fault, fix = "its kernel driver offers no /dev/kfd", "sudo modprobe amdgpu"
        elif not os.access(door, os.R_OK | os.W_OK):
            fault, fix = "this user may not use /dev/kfd", 'sudo usermod -aG render,video "$USER"'
        found.append(Gpu("rocm", "AMD GPU", memory, fault=fault, fix=fix))
    return found


def _cards(system: Path, maker: str) -> Iterator[Path]:
    """PCI devices of class 03, display controllers, by this maker."""
    with suppress(OSError):
        for device in sorted((system / "sys/bus/pci/devices").iterdir()):
            with suppress(OSError):
                vendor, kind = ((device / name).read_text().strip() for name in ("vendor", "class"))
                if _VENDORS.get(vendor) == maker and kind.startswith("0x03"):
                    yield device
