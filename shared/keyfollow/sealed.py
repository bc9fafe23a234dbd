"""Small JSON records that carry their own checksum: manifests, reports, marks.

The field ``"sha256"`` is the digest of the canonical JSON of all others. A record that was cut short, or in which a bit turned,
reads as damaged, never as something else; a person can still open it in an editor.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .atomic import write_atomic

SEAL = "sha256"


class Damaged(ValueError):
    """The bytes are not a sealed record, or not the one that was sealed."""


def canonical(data: Any) -> bytes:
    """The one JSON encoding of plain `data`: sorted names, no spaces, ASCII.

    Raises:
        ValueError, TypeError: not plain, or it holds a number that JSON has no form for.
    """
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def seal(data: Mapping[str, Any]) -> bytes:
    """`data` as bytes with its checksum; a field of that name is replaced."""
    fields = {name: value for name, value in data.items() if name != SEAL}
    return canonical({**fields, SEAL: hashlib.sha256(canonical(fields)).hexdigest()}) + b"\n"


def unseal(raw: bytes) -> dict[str, Any]:
    """The record in `raw`, without its checksum.

    Raises:
        Damaged: it is not whole, byte for byte.
    """
    try:
        data = json.loads(raw)
        if not isinstance(data, dict) or seal(data) != raw:
            raise Damaged("checksum")
    except (ValueError, RecursionError) as e:
        raise Damaged(str(e)) from e
    del data[SEAL]
    return data


def write_sealed(path: Path, data: Mapping[str, Any]) -> None:
    """Write `data` to `path`, atomically and durably. Raises as `write_atomic`."""
    write_atomic(path, seal(data))


def read_sealed(path: Path) -> dict[str, Any]:
    """The record in the file `path`.

    Raises:
        Damaged: it is not whole.
        OSError: it cannot be read, e.g. FileNotFoundError.
    """
    return unseal(path.read_bytes())
