"""Making an environment for the engines, so that it can be interrupted anywhere and a failure leaves the one in use alone.

    <data>/environments/making.json   what is being made, and how far it is
    <data>/environments/wheels/       what pip has fetched for it; kept until it is whole

A new environment is made beside the one in use and checked by asking its engines; then the pointer is replaced, which is all that an
upgrade changes. pip leaves a package that it was killed in looking installed, so an interrupted installation is done again from the
wheels; a fetched wheel is never fetched again. uv keeps what it fetched in its own cache.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from urllib.request import url2pathname

from .. import __version__, environment, launch
from ..atomic import storage_errors, write_atomic
from ..environment import Current
from ..errors import KeyfollowError, StorageError, UsageError
from ..paths import Paths, private_folder
from ..plain import PlainError, from_plain, to_plain
from .hardware import TorchBuild
from .output import size

Say = Callable[[str], None]
REST_BYTES = 1 << 30
"""What an environment takes beside torch."""
UNPACKED = 4
"""An installed wheel is at most about so many times as large as the wheel."""
CHECK_S = 300.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made. `requirement` is Keyfollow as pip names it; `index` and `wheelhouse` are empty for PyPI."""

    version: str
    torch: str
    index: str
    requirement: str
    wheelhouse: str
    tool: Literal["uv", "pip"]
    needs_bytes: int
    gpu: bool
    """Whether torch must find an accelerator."""


@dataclass(frozen=True, slots=True)
class Making:
    name: str
    plan: Plan
    pid: int
    fetched: bool = False


def plan(build: TorchBuild, wheelhouse: Path | None, gpu: bool) -> Plan:
    """The plan for this machine and this version.

    Raises:
        UsageError: ``no_installer``, ``bad_wheelhouse``.
    """
    tool: Literal["uv", "pip"] = "uv" if shutil.which("uv") else "pip"
    if tool == "pip" and importlib.util.find_spec("pip") is None:
        raise UsageError(
            "no_installer", "Neither uv nor pip is here to install with.", "Install uv: https://docs.astral.sh/uv."
        )
    if wheelhouse is None:
        wheels = 0 if tool == "uv" else build.disk_bytes // 2
        needs = build.disk_bytes + REST_BYTES + wheels
        return Plan(__version__, build.name, build.index, _own(), "", tool, needs, gpu)
    found = list(wheelhouse.glob("*.whl")) if wheelhouse.is_dir() else []
    if not any(wheel.name.startswith(f"keyfollow-{__version__}-") for wheel in found):
        raise UsageError(
            "bad_wheelhouse",
            f"{wheelhouse} has no wheel of Keyfollow {__version__}.",
            f"On a machine with a network: pip download 'keyfollow[diffusion]=={__version__}' --only-binary :all: -d {wheelhouse}",
        )
    needs = UNPACKED * sum(wheel.stat().st_size for wheel in found)
    requirement = f"keyfollow[diffusion]=={__version__}"
    return Plan(__version__, build.name, "", requirement, str(wheelhouse.absolute()), tool, needs, gpu)


def _own() -> str:
    """This very Keyfollow: the wheel that an installer left beside it, the files it was installed from, or its version on PyPI."""
    shipped = sorted(Path(sys.prefix, "share/keyfollow/wheels").glob(f"keyfollow-{__version__}-*.whl"))
    if shipped:
        return f"keyfollow[diffusion] @ {shipped[-1].as_uri()}"
    try:
        told = metadata.distribution("keyfollow").read_text("direct_url.json")
        url = str(json.loads(told)["url"]) if told else ""
    except (metadata.PackageNotFoundError, ValueError, KeyError):
        url = ""
    if url.startswith("file:") and _file(url).exists():
        return f"keyfollow[diffusion] @ {url}"
    return f"keyfollow[diffusion]=={__version__}"


def _file(url: str) -> Path:
    return Path(url2pathname(urlsplit(url).path))


def make(where: Paths, wanted: Plan, say: Say, log: Path) -> Current:
    """Make the environment, or go on making it; it is in use when this returns.

    Args:
        log: takes what the installer says.

    Raises:
        StorageError: ``disk_full``, ``cannot_write``.
        UsageError: ``setup_busy``.
        KeyfollowError: ``setup_failed``; the environment that was in use still is.
    """
    root = environment.root(where)
    with storage_errors(root):
        private_folder(where.data)
        private_folder(root)
    making = _begin(where, wanted, say)
    _check_room(root, wanted)
    folder = root / making.name
    installer = Installer(folder, root / "wheels", wanted, log)
    if not making.fetched:
        say("Fetching")
        installer.fetch()
        making = _note(where, replace(making, fetched=True))
    say("Installing")
    installer.install()
    say("Checking")
    try:
        check(folder, wanted)
    except KeyfollowError:
        # made anew next time: what it was made from may be the reason
        _discard(where, making)
        raise
    made = Current(making.name, wanted.version, wanted.torch)
    with storage_errors(root):
        write_atomic(environment.pointer(where), json.dumps(to_plain(made)).encode())
    tidy(where)
    return made


def check(folder: Path, wanted: Plan) -> None:
    """Ask the engines of an environment. Raises KeyfollowError ``setup_failed``."""
    try:
        told = subprocess.run(
            [str(environment.python(folder)), "-m", "keyfollow_daemon", "doctor"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=CHECK_S,
            check=False,
        )
        events: list[dict[str, Any]] = [json.loads(line) for line in told.stdout.splitlines()]
        torch = next(e for e in events if e["event"] == "torch")
        why = str(torch["error"]) or ("" if torch["version"] else "torch is not in it")
        if not why and wanted.gpu and not torch["devices"]:
            why = f"torch {torch['version']} cannot use this machine's GPU"
    except (OSError, subprocess.TimeoutExpired, ValueError) as e:
        why = str(e)
    except StopIteration:
        why = (told.stderr.strip().splitlines() or [f"its daemon ended with exit code {told.returncode}"])[-1]
    if why:
        raise KeyfollowError(
            "setup_failed",
            f"The new environment does not work ({why}); the one that was in use still is.",
            "Try another build: keyfollow setup --device cpu.",
        )


class Installer:
    """pip or uv, for one environment in `folder`."""

    def __init__(self, folder: Path, wheels: Path, wanted: Plan, log: Path) -> None:
        self._folder, self._wheels, self._plan, self._log = folder, wheels, wanted, log

    def fetch(self) -> None:
        """All wheels, with pip and where there is a network; else there is little to fetch, or uv does it as it installs."""
        if self._plan.wheelhouse:
            return
        requirement = self._own_wheel()
        if self._plan.tool == "uv":
            return
        self._python()
        get = ("download", "--only-binary", ":all:", "--dest", str(self._wheels), "--find-links", str(self._wheels))
        if self._plan.index:
            self._pip(*get, "--index-url", self._plan.index, "torch")
        # PyPI's torch would be another build
        kept = [f"torch=={wheel.name.split('-')[1]}" for wheel in self._wheels.glob("torch-*.whl")] if self._plan.index else []
        self._pip(*get, requirement, *kept)

    def install(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._python()
        wheels = self._plan.wheelhouse or str(self._wheels)
        keyfollow = f"keyfollow[diffusion]=={self._plan.version}"
        if self._plan.tool == "pip":
            # compiled when first imported, and only what is
            self._pip("install", "--no-compile", "--no-index", "--find-links", wheels, "torch", keyfollow)
            return
        uv = ("uv", "pip", "install", "--python", str(environment.python(self._folder)), "--only-binary", ":all:")
        if self._plan.wheelhouse:
            self._run(*uv, "--offline", "--no-index", "--find-links", wheels, "torch", keyfollow)
            return
        self._run(*uv, *(("--index-url", self._plan.index) if self._plan.index else ()), "torch")
        own = [f"keyfollow[diffusion] @ {wheel.as_uri()}" for wheel in self._wheels.glob("keyfollow-*.whl")]
        self._run(*uv, *(own or [keyfollow]))

    def _own_wheel(self) -> str:
        """Keyfollow as a version, its wheel beside the others where it is not to come from PyPI."""
        _, here, url = self._plan.requirement.partition(" @ ")
        source = _file(url)
        if here and source.is_dir() and self._plan.tool == "uv":
            self._run("uv", "build", "--quiet", "--wheel", "--out-dir", str(self._wheels), str(source))
        elif here and source.is_dir():
            self._pip("wheel", "--no-deps", "--wheel-dir", str(self._wheels), str(source))
        elif here:
            with storage_errors(self._wheels):
                shutil.copy2(source, self._wheels)
        return f"keyfollow[diffusion]=={self._plan.version}"

    def _python(self) -> None:
        if not environment.python(self._folder).exists():
            with storage_errors(self._folder):
                venv.EnvBuilder(clear=True, symlinks=sys.platform != "win32").create(self._folder)

    def _pip(self, *words: str) -> None:
        quiet = ("--disable-pip-version-check", "--no-input", "--progress-bar", "off")
        interpreter = str(environment.python(self._folder))
        into = () if words[0] == "wheel" else ("--python", interpreter)
        self._run(sys.executable, "-m", "pip", *into, words[0], *quiet, *words[1:])

    def _run(self, *line: str) -> None:
        with storage_errors(self._log), self._log.open("a", encoding="utf-8") as sink:
            sink.write(f"$ {' '.join(line)}\n")
            sink.flush()
            done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, check=False)
        if done.returncode:
            said = [text for text in self._log.read_text(errors="replace").splitlines() if text.strip()]
            errors = [text for text in said[-20:] if "error" in text.lower()]
            raise KeyfollowError(
                "setup_failed",
                f"{self._plan.tool} could not do it: {(errors or said)[-1][:300]}",
                f"The whole story is in {self._log}. The same command goes on where this one stopped.",
            )


def tidy(where: Paths) -> None:
    """Remove all environments but the one in use, unless a daemon may still run from one of them."""
    if launch.find(where) is not None:
        return
    root, used = environment.root(where), environment.current(where)
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.name not in (used.name if used else "", environment.pointer(where).name):
            _remove(folder)


def uninstall(where: Paths, *, models: bool, takes: bool) -> int:
    """Remove what Keyfollow made on this machine; the bytes freed. Projects are the person's own files and are never looked at.

    Args:
        models: the weights too.
        takes: what runs have made too, and the list of jobs.
    """
    gone = [environment.root(where), where.inversions, where.exports, where.logs, where.runtime]
    gone += [where.storage / "checkpoints", where.storage / "kernels"]
    if models:
        gone.append(where.models)
    if takes:
        gone += [where.takes, where.blobs, *where.data.glob("jobs.db*"), where.lock]
    freed = 0
    for path in gone:
        if os.path.lexists(path):
            freed += sum(file.lstat().st_size for file in _files(path))
            _remove(path)
    return freed


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir() and not path.is_symlink():
        for folder, _, names in os.walk(path):
            yield from (Path(folder, name) for name in names)
    else:
        yield path


def _begin(where: Paths, wanted: Plan, say: Say) -> Making:
    """What was being made if it was the same, else something new."""
    found = _making(where)
    if found is not None and found.pid != os.getpid() and launch.alive(found.pid):
        raise UsageError("setup_busy", f"Another setup is running (process {found.pid}).", "Wait for it to end.")
    if found is not None and found.plan == wanted:
        say("Going on where it stopped")
        return _note(where, replace(found, pid=os.getpid()))
    if found is not None:
        _discard(where, found)
    used = environment.current(where)
    base = f"{wanted.version}-{wanted.torch}"
    name = f"{base}-2" if used is not None and used.name == base else base
    _remove(environment.root(where) / name)
    environment.root(where).joinpath("wheels").mkdir(exist_ok=True)
    return _note(where, Making(name, wanted, os.getpid()))


def _making(where: Paths) -> Making | None:
    try:
        found = from_plain(Making, json.loads((environment.root(where) / "making.json").read_bytes()))
    except (OSError, ValueError, PlainError):
        return None
    return found if environment.NAME.fullmatch(found.name) else None


def _note(where: Paths, making: Making) -> Making:
    with storage_errors(environment.root(where)):
        write_atomic(environment.root(where) / "making.json", json.dumps(to_plain(making)).encode())
    return making


def _discard(where: Paths, making: Making) -> None:
    for name in ("making.json", "wheels", making.name):
        _remove(environment.root(where) / name)


def _check_room(root: Path, wanted: Plan) -> None:
    here = sum(file.lstat().st_size for file in _files(root / "wheels"))
    free, needs = shutil.disk_usage(root).free, wanted.needs_bytes - here
    if free < needs:
        raise StorageError(
            "disk_full",
            f"This needs about {size(needs)} below {root}; {size(free)} are free.",
            "Free some space, or point KEYFOLLOW_HOME to a larger disk.",
        )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
