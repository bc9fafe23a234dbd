"""Files that mean harm: pickles in disguise, damaged and lying footage, playlists that point elsewhere, archives that lead out."""

from __future__ import annotations

import io
import random
import socket
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
