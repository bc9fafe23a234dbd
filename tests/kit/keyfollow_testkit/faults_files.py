"""Files and names that mean harm: pickles in disguise, names that lead out, things that are no files, archives that lie."""

from __future__ import annotations

import io
import os
import socket
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# --- pickles ---------------------------------------------------------------------------------------------------------------


def pickles(marker: Path) -> list[bytes]:
    """Five pickles, old and new, written by hand, that make the file `marker` when they are loaded."""
    touch, path = f"touch {marker}".encode(), str(marker).encode()
    short = bytes([len(touch)])
    body = b"\x8c\x05posix\x8c\x06system\x93\x8c" + short + touch + b"\x85R."
    return [
        b"cos\nsystem\n(V" + touch + b"\ntR.",
        b"\x80\x02cposix\nsystem\nX" + struct.pack("<I", len(touch)) + touch + b"\x85R.",
        b"\x80\x04\x95" + struct.pack("<Q", len(body)) + body,
        b"cbuiltins\nexec\n(Vopen('" + path + b"', 'w')\ntR.",
        b"cbuiltins\nopen\n(V" + path + b"\nVw\ntR.",
    ]


def disguised(pickle: bytes) -> dict[str, bytes]:
    """A pickle as the formats look that hold one, and as those that should not."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as torch:
        torch.writestr("archive/data.pkl", pickle)
        torch.writestr("archive/version", "3\n")
    array = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    return {
        "bare.pt": pickle,
        "torch.bin": archive.getvalue(),
        "named.safetensors": pickle,
        "header.safetensors": struct.pack("<Q", len(pickle)) + pickle,
        "array.npy": b"\x93NUMPY\x01\x00" + struct.pack("<H", len(array)) + array + pickle,
    }


# --- names that lead out ---------------------------------------------------------------------------------------------------


def traversals(outside: Path) -> list[str]:
    """200 names that would lead to `outside` or elsewhere beyond their folder, if anyone let them."""
    up = [f"{'../' * n}{outside.name}" for n in range(1, 9)] + [
        "..",
        "../",
        "../..",
        "./..",
        "a/../..",
        "..//..//",
        ".../...//",
    ]
    absolute = [
        str(outside),
        f"/{outside}",
        f"//{outside}",
        f"file://{outside}",
        "/etc/passwd",
        "/",
        "//",
        "~",
        "~root/.ssh",
        "$HOME",
    ]
    system = [f"/proc/self/{n}" for n in ("mem", "environ", "fd/0", "cwd", "root/etc/passwd", "maps")] + [
        "/dev/zero",
        "/dev/stdin",
    ]
    windows = [
        *("C:\\Windows\\win.ini", "C:", "c:/", "\\\\server\\share\\x", "//server/share/x", "\\\\?\\C:\\x", "\\\\.\\pipe\\x"),
        *("..\\..\\x", "..\\", "a\\..\\..\\x", "con", "NUL", "nul.txt", "COM1", "lpt9.log", "aux .", "x:stream", "x::$DATA"),
    ]
    odd = [
        "",
        " ",
        ".",
        "...",
        ".hidden",
        "x.",
        "x ",
        "-rf",
        "*",
        "?",
        "a|b",
        "<a>",
        'a"b',
        "a\nb",
        "a\rb",
        "a\tb",
        "\x7f",
        "\u202egnp.x",
    ]
    long = ["x" * 129, "x" * 256, "x" * 5000, "../" * 500, "é" * 200, "a/" * 300]
    escaped = [
        "%2e%2e%2f",
        "..%2f..%2fx",
        "..%c0%af",
        "%00",
        "..;/x",
        "\u2024\u2024/x",
        "\uff0e\uff0e\uff0fx",
        "..\u2215x",
        "\u2025/x",
    ]
    plain = [*up, *absolute, *system, *windows, *odd, *long, *escaped]
    nul = [f"{name}\0" for name in plain] + [f"\0{name}" for name in plain] + [f"{name}\0.kfi" for name in plain]
    inside = [f"{'0' * 16}/{name}" for name in plain]
    return [*plain, *inside, *nul][:200]


@contextmanager
def awkward_sources(folder: Path) -> Iterator[dict[str, Path]]:
    """Things that are no regular file with something in it, by what they are; opening some of them would block for ever."""
    made = {
        "missing": folder / "missing.mp4",
        "folder": folder / "folder.mp4",
        "empty": folder / "empty.mp4",
        "FIFO": folder / "fifo.mp4",
        "FIFO named as an image": folder / "fifo.png",
        "link to a FIFO": folder / "link.mp4",
        "link to itself": folder / "loop.mp4",
        "dangling link": folder / "dangling.mp4",
        "socket": folder / "socket.mp4",
        "zeros without end": Path("/dev/zero"),
        "randomness without end": Path("/dev/urandom"),
        "a terminal": Path("/dev/tty"),
        "standard input": Path("/dev/stdin"),
        "memory": Path("/proc/self/mem"),
        "the environment": Path("/proc/self/environ"),
        "a kernel log": Path("/proc/kmsg"),
        "images with a FIFO among them": folder / "images",
        "a pattern with a FIFO among them": folder / "images" / "shot_%02d.png",
        "below a file": folder / "empty.mp4" / "x.mp4",
    }
    made["folder"].mkdir()
    made["empty"].touch()
    made["images with a FIFO among them"].mkdir()
    for fifo in (made["FIFO"], made["FIFO named as an image"], folder / "images" / "shot_01.png"):
        os.mkfifo(fifo)
    made["link to a FIFO"].symlink_to(made["FIFO"])
    made["link to itself"].symlink_to(made["link to itself"])
    made["dangling link"].symlink_to(folder / "nowhere.mp4")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(made["socket"]))
        yield made


# --- archives ----------------------------------------------------------------------------------------------------------------


def renamed(archive: bytes, old: str, new: str) -> bytes:
    """A .zip one member of which is called something else, whatever that is."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(made, "w") as out:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == old:
                info.filename = new  # set afterwards, so that neither a NUL nor a backslash is tidied away
            out.writestr(info, data)
    return made.getvalue()


def with_mode(archive: bytes, member: str, mode: int) -> bytes:
    """A .zip one member of which claims to be a link or a device."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(made, "w") as out:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == member:
                info.external_attr = mode << 16
            out.writestr(info, data)
    return made.getvalue()


def compressed(archive: bytes, member: str, size: int) -> bytes:
    """A .zip one member of which inflates to `size` zeros."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(made, "w") as out:
        for info in source.infolist():
            if info.filename == member:
                out.writestr(member, bytes(size), zipfile.ZIP_DEFLATED)
            else:
                out.writestr(info, source.read(info))
    return made.getvalue()
