"""Environments made from real wheels: interrupted, refused, rolled back, removed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from keyfollow import __version__, environment, launch
from keyfollow.cli import install
from keyfollow.cli.hardware import TorchBuild
from keyfollow.errors import KeyfollowError, StorageError, UsageError
from keyfollow.paths import Paths, paths
from keyfollow_testkit import wheels

CPU = TorchBuild("cpu", "cpu", "", 1 << 20)
OTHER = TorchBuild("cpu", "cpu2", "", 1 << 20)
UV = shutil.which("uv")
REFUSES = "import sys; sys.exit('libcudart.so.13: cannot open shared object file')"
SETUP = """
import shutil, sys
shutil.which = lambda name: None  # no uv
from pathlib import Path
from keyfollow.cli import install
from keyfollow.cli.hardware import TorchBuild
from keyfollow.paths import paths
where = paths()
plan = install.plan(TorchBuild("cpu", "cpu", "", 1 << 20), Path(sys.argv[1]), False)
install.make(where, plan, lambda phase: print(phase, flush=True), where.logs / "setup.log")
"""


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("KEYFOLLOW_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(shutil, "which", lambda name: None)  # no uv
    made = paths()
    made.logs.mkdir(parents=True)
    return made


def build(where: Paths, house: Path | None, torch: TorchBuild = CPU, *, gpu: bool = False) -> list[str]:
    """Make an environment; the phases it went through."""
    phases: list[str] = []
    install.make(where, install.plan(torch, house, gpu), phases.append, where.logs / "setup.log")
    return phases


def torch_in_use(where: Paths) -> str:
    """The version of torch that the daemon would see."""
    line = [*launch.command()[:1], "-c", "import torch; print(torch.__version__)"]
    return subprocess.run(line, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_upgrades_replace_and_failures_do_not(where: Paths, tmp_path: Path) -> None:
    assert build(where, wheels.wheelhouse(tmp_path / "one")) == ["Fetching", "Installing", "Checking"]
    assert torch_in_use(where) == "9.1"

    with pytest.raises(KeyfollowError, match=r"libcudart.*the one that was in use still is") as refused:
        build(where, wheels.wheelhouse(tmp_path / "bad", daemon=REFUSES, torch="9.2"), OTHER)
    assert refused.value.code == "setup_failed" and torch_in_use(where) == "9.1"

    with pytest.raises(KeyfollowError, match=r"cannot use this machine's GPU"):
        build(where, tmp_path / "one", OTHER, gpu=True)
    assert torch_in_use(where) == "9.1"

    build(where, wheels.wheelhouse(tmp_path / "two", torch="9.3"), OTHER)
    assert torch_in_use(where) == "9.3"
    here = sorted(path.name for path in environment.root(where).iterdir())
    assert here == [f"{__version__}-cpu2", "current.json"], "nothing of the others is left"


@pytest.mark.skipif(UV is None, reason="uv is not here: pip does it")
def test_uv_makes_replaces_and_rolls_back_as_pip_does(where: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: UV)
    house = wheels.wheelhouse(tmp_path / "one")
    assert install.plan(CPU, house, False).tool == "uv"
    build(where, house)
    with pytest.raises(KeyfollowError, match=r"libcudart.*the one that was in use still is"):
        build(where, wheels.wheelhouse(tmp_path / "bad", daemon=REFUSES, torch="9.2"), OTHER)
    assert torch_in_use(where) == "9.1"
    build(where, wheels.wheelhouse(tmp_path / "two", torch="9.3"), OTHER)
    assert torch_in_use(where) == "9.3"


def test_killed_anywhere_it_goes_on(where: Paths, tmp_path: Path) -> None:
    house = wheels.wheelhouse(tmp_path / "house", bulk=2000)
    child = subprocess.Popen(
        [sys.executable, "-c", SETUP, str(house)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert child.stdout is not None
    while child.stdout.readline().strip() != "Installing":
        pass
    deadline = time.monotonic() + 60
    while not list(environment.root(where).glob("*/lib/python*/site-packages/torch")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert environment.current(where) is None, "half an environment is none"

    assert build(where, house) == ["Going on where it stopped", "Installing", "Checking"]
    (package,) = environment.root(where).glob("*/lib/python*/site-packages/torch")
    assert len(list(package.glob("m*.txt"))) == 2000


def test_what_pip_fetched_is_not_fetched_again(where: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an index (here a folder): the first attempt dies after torch has arrived, and torch leaves the index."""
    index = wheels.wheelhouse(tmp_path / "index")
    own = next(index.glob("keyfollow-*.whl")).rename(tmp_path / f"keyfollow-{__version__}-py3-none-any.whl")
    plan = replace(install.plan(CPU, None, False), requirement=f"keyfollow[diffusion] @ {own.as_uri()}", needs_bytes=1 << 20)
    monkeypatch.setattr(install, "plan", lambda *args: plan)
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    installs = install.Installer.install

    def no_power(self: install.Installer) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(install.Installer, "install", no_power)
    with pytest.raises(KeyboardInterrupt):
        build(where, None)
    shutil.rmtree(index)
    monkeypatch.setattr(install.Installer, "install", installs)
    assert build(where, None) == ["Going on where it stopped", "Installing", "Checking"]
    assert torch_in_use(where) == "9.1"


def test_what_pip_says_is_told_and_kept(where: Paths, tmp_path: Path) -> None:
    house = wheels.wheelhouse(tmp_path / "house")
    next(house.glob("torch-*")).unlink()
    with pytest.raises(KeyfollowError, match=r"ERROR.*torch") as failed:
        build(where, house)
    assert "setup.log" in failed.value.remedy and environment.current(where) is None


def test_the_disk_is_checked_first(where: Paths, tmp_path: Path) -> None:
    plan = replace(install.plan(CPU, wheels.wheelhouse(tmp_path / "house"), False), needs_bytes=1 << 60)
    with pytest.raises(StorageError, match=r"needs about .* GiB") as full:
        install.make(where, plan, lambda phase: None, where.logs / "setup.log")
    assert full.value.code == "disk_full" and not list(environment.root(where).glob("*/bin"))


def test_a_folder_without_our_wheel_is_refused(where: Paths, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"has no wheel of Keyfollow {__version__}") as bad:
        install.plan(CPU, wheels.wheelhouse(tmp_path, version="0.0.1"), False)
    assert "pip download" in bad.value.remedy


def test_two_at_once(where: Paths, tmp_path: Path) -> None:
    plan = install.plan(CPU, wheels.wheelhouse(tmp_path / "house"), False)
    environment.root(where).mkdir(parents=True)
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    install._note(where, install.Making("x", plan, other.pid))
    with pytest.raises(UsageError, match=str(other.pid)):
        install.make(where, plan, lambda phase: None, where.logs / "setup.log")
    other.communicate()


@pytest.mark.parametrize(("models", "takes"), [(False, False), (True, False), (True, True)])
def test_uninstall_keeps_what_was_not_asked_for(where: Paths, models: bool, takes: bool) -> None:
    for folder in (where.models, where.takes, where.inversions, environment.root(where)):
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(bytes(1000))
    where.jobs.parent.mkdir(exist_ok=True)
    where.jobs.touch()
    assert install.uninstall(where, models=models, takes=takes) == 1000 * (2 + models + takes)
    assert (where.models / "file").exists() != models and (where.takes / "file").exists() != takes
    assert where.jobs.exists() != takes
    assert not where.inversions.exists() and not environment.root(where).exists() and not where.logs.exists()
