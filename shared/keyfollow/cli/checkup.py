"""What `keyfollow doctor` looks at. Nothing here needs the daemon to start, and nothing is changed by looking.

Each check returns `Finding`s: what was found, a sentence a person understands, and the one command that mends it.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import psutil

from .. import __version__, connection, launch, wire
from ..connection import Connection
from ..errors import KeyfollowError
from ..paths import CACHE_BYTES, Paths, choices
from . import hardware
from .output import size

State = Literal["ok", "note", "problem"]
Area = Literal["versions", "disk", "folders", "daemon", "network", "codecs", "devices", "engines", "models", "cache"]
LITTLE = 64 << 20
"""Bytes below which runs are refused (as `jobs.resources` does)."""
LOW = 2 << 30
PORT_S = 2.0
ANSWER_S = 15.0
TOLD_S = 120.0
"""The first import of torch after an installation takes long on a slow disk."""
ENCODERS = ("libx264", "libx265", "prores_ks", "ffv1", "png", "tiff", "exr", "alac", "flac", "pcm_s16le")
DECODERS = (
    "h264",
    "hevc",
    "prores",
    "dnxhd",
    "ffv1",
    "mpeg4",
    "mjpeg",
    "vp9",
    "libdav1d",
    "png",
    "tiff",
    "exr",
    "aac",
    "pcm_s16le",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """`note` is worth knowing, `problem` keeps something from working. `fix` is one shell command, empty when all is well."""

    area: Area
    state: State
    code: str
    message: str
    fix: str = ""


def examine(where: Paths) -> Iterator[Finding]:
    """Every check, in the order in which a person would want to know. A check that breaks is a finding itself."""
    checks: tuple[tuple[Area, Callable[[], Iterator[Finding]]], ...] = (
        ("versions", versions),
        ("disk", lambda: disk(where)),
        ("folders", lambda: folders(where)),
        ("network", loopback),
        ("daemon", lambda: daemon(where)),
        ("codecs", codecs),
        ("cache", lambda: cache(where)),
        ("models", models),
        ("devices", devices),
    )
    for area, check in checks:
        try:
            yield from check()
        except Exception as e:  # a report with a hole in it beats none
            yield Finding(area, "problem", "check_failed", f"This could not be checked: {e!r}.", "keyfollow diagnostics")


def versions() -> Iterator[Finding]:
    """This program, its Python, and whether all that it is made of is there."""
    told = f"Keyfollow {__version__}, protocol {wire.PROTOCOL[0]}.{wire.PROTOCOL[1]}, Python {platform.python_version()}"
    yield Finding("versions", "ok", "versions", f"{told}, {platform.platform()}.")
    try:
        needed = metadata.requires("keyfollow") or []
    except metadata.PackageNotFoundError:
        return
    for requirement in needed:
        name = re.match(r"[A-Za-z0-9_.-]+", requirement)
        if name is None or ";" in requirement:  # those of extras, and for other platforms
            continue
        try:
            metadata.version(name[0])
        except metadata.PackageNotFoundError:
            message = f"The Python package {name[0]}, which Keyfollow needs, is not installed."
            yield Finding("versions", "problem", "package_missing", message, _pip(requirement))


def disk(where: Paths) -> Iterator[Finding]:
    """Room where large and small files go."""
    for what, folder, variable in (
        ("takes, caches and models", where.storage, "KEYFOLLOW_STORAGE"),
        ("jobs and logs", where.data, "KEYFOLLOW_HOME"),
    ):
        free = shutil.disk_usage(_nearest(folder)).free
        told = f"{size(free)} are free for {what} ({folder})"
        fix = _set_variable(variable, "/folder/on/a/larger/disk")
        if free < LITTLE:
            yield Finding("disk", "problem", "disk_full", f"Only {told}: runs are refused.", fix)
        elif free < LOW:
            yield Finding("disk", "note", "disk_low", f"Only {told}: long clips will not fit.", fix)
        else:
            yield Finding("disk", "ok", "disk", f"{told}.")


def folders(where: Paths) -> Iterator[Finding]:
    """May this user write where Keyfollow must, and is it this user's own?"""
    troubled = False
    for what, folder, own in (
        ("runtime", where.runtime, True),
        ("data", where.data, True),
        ("logs", where.logs, True),
        ("storage", where.storage, False),
    ):
        for found in _folder(what, folder, own):
            troubled = True
            yield found
    if not troubled:
        yield Finding("folders", "ok", "folders", "Keyfollow's folders can be written.")


def _folder(what: str, folder: Path, own: bool) -> Iterator[Finding]:
    quoted = shlex.quote(str(folder))
    nearest = _nearest(folder)
    if nearest != folder and nearest.exists():
        if not nearest.is_dir():
            message = f"The {what} folder {folder} cannot be made: {nearest} is a file."
            yield Finding("folders", "problem", "folder_is_file", message, shlex.join(["mv", str(nearest), f"{nearest}.old"]))
        elif not os.access(nearest, os.W_OK | os.X_OK):
            message = f"The {what} folder {folder} cannot be made: {nearest} cannot be written by this user."
            yield Finding("folders", "problem", "cannot_write", message, f'sudo install -d -o "$(id -un)" -m 700 {quoted}')
        return
    found = folder.lstat() if own else folder.stat()
    if not stat.S_ISDIR(found.st_mode):
        message = (
            f"The {what} folder {folder} is a {'link' if folder.is_symlink() else 'file'}, not a folder of this user's own."
        )
        yield Finding("folders", "problem", "unsafe_folder", message, f"rm {quoted}")
    elif sys.platform != "win32" and own and found.st_uid != os.getuid():
        message = f"The {what} folder {folder} belongs to another user."
        yield Finding("folders", "problem", "unsafe_folder", message, f'sudo chown -R "$(id -un)" {quoted}')
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        message = f"The {what} folder {folder} cannot be written by this user."
        yield Finding("folders", "problem", "cannot_write", message, _make_writable(folder, found))


def _make_writable(folder: Path, found: os.stat_result) -> str:
    quoted = shlex.quote(str(folder))
    if sys.platform == "win32":
        return f'icacls "{folder}" /grant "%USERNAME%":(OI)(CI)F'
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return f"sudo mount -o remount,rw {shlex.quote(str(_mount(folder)))}"
    return f"chmod u+rwx {quoted}" if found.st_uid == os.getuid() else f'sudo chown -R "$(id -un)" {quoted}'


def loopback() -> Iterator[Finding]:
    """Programs of this machine must reach each other at 127.0.0.1."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), PORT_S):
            pass
    except OSError as e:
        message = f"Programs on this machine cannot reach each other at 127.0.0.1 ({e.strerror or e})."
        fixes = {"linux": "sudo ip link set lo up", "darwin": "sudo ifconfig lo0 up", "win32": "netsh winsock reset"}
        fix = fixes.get(sys.platform, "ping 127.0.0.1")
        yield Finding("network", "problem", "loopback_closed", message, fix)
    else:
        yield Finding("network", "ok", "loopback", "Programs on this machine reach each other at 127.0.0.1.")


def daemon(where: Paths) -> Iterator[Finding]:
    """The connection file and whoever is behind it."""
    try:
        found = connection.read(where.connection)
    except KeyfollowError as e:
        yield Finding("daemon", "problem", e.code, e.message, f"rm -f {shlex.quote(str(where.connection))}")
        return
    except OSError as e:
        message = f"The connection file {where.connection} cannot be read ({e.strerror})."
        fix = f'sudo chown -R "$(id -un)" {shlex.quote(str(where.runtime))}'
        yield Finding("daemon", "problem", "unsafe_connection_file", message, fix)
        return
    if found is None:
        if os.path.lexists(where.connection):
            message = f"The connection file {where.connection} is damaged."
            yield Finding("daemon", "problem", "connection_damaged", message, "keyfollow daemon start")
            return
        yield Finding("daemon", "ok", "no_daemon", "No daemon runs; whoever needs one starts it.")
        yield from _last_start(where)
        return
    if not _is_daemon(found, where.connection):
        message = f"The connection file is stale: the daemon it names (process {found.pid}) is gone without a word."
        yield Finding("daemon", "problem", "stale_connection", message, "keyfollow daemon start")
        return
    yield from _reach(found)


def _is_daemon(found: Connection, file: Path) -> bool:
    """Whether the process that the file names is older than the file; else its number was given to a stranger."""
    if not launch.alive(found.pid):
        return False
    try:
        return psutil.Process(found.pid).create_time() <= file.stat().st_mtime + 1
    except (psutil.Error, OSError):
        return False


def _reach(found: Connection) -> Iterator[Finding]:
    again = f"{_kill(found.pid)} && keyfollow daemon start"
    for channel, endpoint in (("control", found.control), ("data", found.data)):
        host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
        try:
            socket.create_connection((host, int(port)), PORT_S).close()
        except (OSError, ValueError) as e:
            message = f"The daemon (process {found.pid}) is alive, but its {channel} port {endpoint} is closed ({e})."
            yield Finding("daemon", "problem", "port_closed", message, again)
            return
    try:
        # its own process: the client waits longer for a daemon than a checkup may take
        line = [sys.executable, "-m", "keyfollow.cli", "daemon", "status", "--json"]
        told = subprocess.run(line, capture_output=True, text=True, timeout=ANSWER_S, check=False)
    except subprocess.TimeoutExpired:
        message = f"The daemon (process {found.pid}) does not answer. Submitted jobs are kept when it is ended."
        yield Finding("daemon", "problem", "daemon_silent", message, again)
        return
    if told.returncode:
        message = f"The daemon (process {found.pid}, version {found.version}) refuses: {told.stderr.strip()[-200:]}."
        yield Finding("daemon", "problem", "daemon_refuses", message, again)
        return
    message = f"The daemon runs (process {found.pid}, version {found.version})."
    if found.version != __version__:
        yield Finding("daemon", "note", "other_version", f"{message} This is {__version__}.", "keyfollow daemon stop")
    else:
        yield Finding("daemon", "ok", "daemon", message)


def _last_start(where: Paths) -> Iterator[Finding]:
    try:
        words = (where.logs / "daemon-start.log").read_text(errors="replace").strip().splitlines()
    except OSError:
        return
    if words:
        message = f"When the daemon was last started it said: {words[-1][:300]}"
        yield Finding("daemon", "note", "last_start", message, "keyfollow daemon start")


def codecs() -> Iterator[Finding]:
    """What footage is read with and results are written with."""
    fix = _pip("av>=15", "--force-reinstall", "--no-deps")
    try:
        import av
        from av.codec.codec import Codec, UnknownCodecError
    except Exception as e:
        yield Finding("codecs", "problem", "av_missing", f"PyAV, which reads and writes video, cannot be loaded ({e}).", fix)
        return
    missing = []
    wanted: tuple[tuple[Literal["r", "w"], tuple[str, ...]], ...] = (("r", DECODERS), ("w", ENCODERS))
    for mode, names in wanted:
        for name in names:
            try:
                Codec(name, mode)
            except UnknownCodecError:
                missing.append(f"{name} ({'reading' if mode == 'r' else 'writing'})")
    if missing:
        message = f"This build of PyAV ({av.__version__}) lacks codecs: {', '.join(missing)}."
        yield Finding("codecs", "problem", "codec_missing", message, fix)
    else:
        yield Finding("codecs", "ok", "codecs", f"PyAV {av.__version__} has every codec.")


def cache(where: Paths) -> Iterator[Finding]:
    """How full the inversion cache is."""
    chosen = choices(where.data).cache_bytes
    quota = os.environ.get("KEYFOLLOW_CACHE_BYTES", str(CACHE_BYTES if chosen is None else chosen))
    if not quota.isdigit():
        message = f"KEYFOLLOW_CACHE_BYTES={quota} is not a number of bytes: the daemon does not start."
        yield Finding("cache", "problem", "bad_option", message, _unset_variable("KEYFOLLOW_CACHE_BYTES"))
        return
    used = 0
    for folder, _, names in os.walk(where.inversions):
        used += sum(Path(folder, name).lstat().st_size for name in names)
    yield Finding("cache", "ok", "cache", f"Inversion caches take {size(used)} of {size(int(quota))}.")


def models() -> Iterator[Finding]:
    """Weights: whole, half downloaded, damaged."""
    told, why = _ask("models", "list")
    if why:
        yield _daemon_program(why)
        return
    installed = 0
    for e in told:
        pull = f"keyfollow models pull {e['id']}"
        if e["state"] == "installed":
            installed += 1
        elif e["state"] == "partial":
            message = f"The download of the model {e['id']} is not finished"
            if e["origin"]:
                yield Finding("models", "problem", "model_partial", f"{message}; it goes on where it stopped.", pull)
            else:
                lost = f"{message}, and where it came from is not known."
                yield Finding("models", "problem", "model_partial", lost, f"keyfollow models remove {e['id']}")
        elif e["state"] == "damaged":
            yield Finding("models", "problem", "model_damaged", f"The model {e['id']} is damaged.", pull)
    yield Finding("models", "ok", "models", f"{installed} models are installed; the patch engine needs none.")


def devices() -> Iterator[Finding]:
    """Accelerators, their drivers, the torch that is to use them, and what each engine lacks."""
    found = hardware.gpus()
    for gpu in found:
        told = f"{gpu.name}{f', {size(gpu.memory_bytes)}' if gpu.memory_bytes else ''}"
        if gpu.fault:
            yield Finding("devices", "problem", "driver", f"{told}: {gpu.fault}.", gpu.fix)
        else:
            yield Finding("devices", "ok", "gpu", f"{told}{f', driver {gpu.driver}' if gpu.driver else ''}.")
    if not found:
        message = "No GPU was found: engines run on the CPU, of which the patch engine makes good use."
        yield Finding("devices", "ok", "no_gpu", message)
    events, why = _ask("doctor")
    if why:
        yield _daemon_program(why)
        return
    for e in events:
        if e["event"] == "torch":
            yield _torch(e, any(not gpu.fault for gpu in found))
        elif e["missing"]:
            # weights are a choice: their command is in the sentence
            yield Finding("engines", "note", "engine_lacks", f"{e['id']}: {' '.join(e['missing'])}", _engine_fix(e["missing"]))
        else:
            yield Finding("engines", "ok", "engine", f"{e['id']} {e['version']} has the libraries that it needs.")


def _torch(e: dict[str, Any], gpu: bool) -> Finding:
    if e["error"]:
        return Finding("devices", "problem", "torch_broken", f"torch cannot be loaded: {e['error']}", "keyfollow setup")
    if not e["version"]:
        return Finding("devices", "note", "no_torch", "The diffusion engines are not set up.", "keyfollow setup")
    told = f"torch {e['version']} ({e['build']})"
    if gpu and not e["devices"]:
        return Finding("devices", "problem", "torch_without_gpu", f"{told} cannot use this machine's GPU.", "keyfollow setup")
    names = ", ".join(name for name, _ in e["devices"]) or "the CPU"
    return Finding("devices", "ok", "torch", f"{told} uses {names}.")


def _engine_fix(missing: list[str]) -> str:
    named = re.search(r"`?(keyfollow models pull [a-z0-9_-]+)`?", " ".join(missing))
    return named[1] if named else "keyfollow setup"


def _ask(*words: str) -> tuple[list[dict[str, Any]], str]:
    """What `keyfollowd …` says, as events; or why it says nothing."""
    try:
        told = subprocess.run(
            [*launch.command(), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TOLD_S, check=False
        )
        events = [json.loads(line) for line in told.stdout.splitlines()]
    except KeyfollowError as e:
        return [], e.message
    except (OSError, subprocess.TimeoutExpired, ValueError) as e:
        return [], str(e)
    if told.returncode:
        errors = [e["message"] for e in events if e.get("event") == "error"]
        return [], (errors or told.stderr.strip().splitlines() or [f"exit code {told.returncode}"])[-1]
    return events, ""


def _daemon_program(why: str) -> Finding:
    return Finding(
        "daemon", "problem", "daemon_program", f"The daemon's program cannot run: {why.rstrip('.')}.", "keyfollow setup"
    )


def _nearest(folder: Path) -> Path:
    """The folder, or the first above it that is there."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    return folder


def _mount(folder: Path) -> Path:
    while not os.path.ismount(folder):
        folder = folder.parent
    return folder


def _pip(*words: str) -> str:
    return shlex.join([sys.executable, "-m", "pip", "install", "--only-binary", ":all:", *words])


def _kill(pid: int) -> str:
    return f"taskkill /F /PID {pid}" if sys.platform == "win32" else f"kill -9 {pid}"


def _set_variable(name: str, value: str) -> str:
    return f"setx {name} {value}" if sys.platform == "win32" else f"export {name}={value}"


def _unset_variable(name: str) -> str:
    return f'setx {name} ""' if sys.platform == "win32" else f"unset {name}"
