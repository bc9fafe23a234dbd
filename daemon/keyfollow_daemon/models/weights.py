"""Is this file weights that may be loaded? Told by its content: safetensors, whole, and nothing else.

A pickle runs code when it is read. PyTorch's .bin, .pt, .pth and .ckpt are pickles (bare, or in a zip), and a name proves nothing.
"""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

from keyfollow.errors import UsageError
from safetensors import SafetensorError, safe_open

SAFETENSORS = ".safetensors"
CODE = frozenset(
    (
        ".bin",
        ".pt",
        ".pt2",
        ".pth",
        ".ckpt",
        ".pkl",
        ".pickle",
        ".joblib",
        ".dill",
        ".npy",
        ".npz",
        ".h5",
        ".keras",
        ".py",
        ".pyc",
        ".so",
    )
)
"""What may carry code to whoever loads it."""
MAX_HEADER = 100 << 20
"""The format's own limit."""


def check_weights(path: Path) -> None:
    """Make sure that `path` is a whole safetensors file: header sound, tensors within the file and filling it.

    Raises:
        UsageError: ``unsafe_weights`` when it is a pickle, ``damaged_weights`` when it is anything else.
        OSError: it cannot be read.
    """
    read_header(path)
    try:
        with safe_open(path, framework="numpy") as tensors:
            tensors.keys()
    except SafetensorError as e:
        raise damaged(path, str(e)) from e


def parameters(folder: Path) -> int:
    """How many numbers the safetensors files right in `folder` hold, by their headers; 0 where there are none. Raises as `check_weights`."""
    count = 0
    for path in sorted(folder.glob("*" + SAFETENSORS)):
        tensors = (value for name, value in read_header(path).items() if name != "__metadata__")
        count += sum(prod(tensor["shape"]) for tensor in tensors)
    return count


def read_header(path: Path) -> dict[str, Any]:
    """What a safetensors file says of its tensors. Raises as `check_weights`."""
    with path.open("rb") as file:
        head = file.read(16)
        if (kind := code_inside(head)) is not None:
            raise unsafe(path, f"is {kind}, whatever its name says")
        length = int.from_bytes(head[:8], "little")
        if len(head) < 10 or not 2 <= length <= MAX_HEADER or head[8:9] != b"{":
            raise damaged(path, "it does not begin as safetensors does")
        file.seek(8)
        try:
            header = json.loads(file.read(length))
        except (ValueError, RecursionError) as e:
            raise damaged(path, "its header is not JSON") from e
    if not isinstance(header, dict):
        raise damaged(path, "its header is not a mapping")
    return header


def code_inside(head: bytes) -> str | None:
    """What the first 16 bytes of a file give away, in words; None when they look harmless."""
    if head[:4] == b"PK\x03\x04":
        return "a zip, as torch.save writes around a pickle,"
    # PROTO, the first opcode of every pickle since protocol 2
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        # a safetensors header of such a length would begin the same way
        if head[8:9] == b"{" and head[4:8] == bytes(4):
            return None
        return "a pickle"
    if head[:6] == b"\x93NUMPY":
        return "a NumPy file, which may hold a pickle,"
    return None


def unsafe(path: Path, why: str) -> UsageError:
    return UsageError(
        "unsafe_weights",
        f"{path} {why}: loading it could run code on this machine.",
        "Use the model's safetensors files, and remove this one from the folder. "
        "If there are none, convert the model to safetensors where you trust it.",
    )


def damaged(path: Path, why: str) -> UsageError:
    return UsageError("damaged_weights", f"{path} is not whole safetensors weights: {why}.", "Download or copy it again.")
