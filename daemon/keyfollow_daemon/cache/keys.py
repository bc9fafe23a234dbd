"""The name of an inversion entry: a digest of everything that its content depends on, and of nothing else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

import msgpack
from keyfollow.edits import SettingValue

KEY = re.compile(r"[0-9a-f]{64}")
FORMAT = "keyfollow inversion 1"
"""Raised when the encoding below changes: old entries are then simply never asked for again."""


def entry_key(
    *,
    engine: str,
    version: str,
    settings: Mapping[str, SettingValue],
    model_revision: str,
    dtype: str,
    prompt: str,
    digests: Sequence[bytes],
) -> str:
    """SHA-256 (64 lower-case hex digits) of the canonical msgpack of all arguments.

    msgpack prefixes every string, byte string and list with its type and length, so no two different arguments share an encoding;
    settings are sorted by name, and ``1``, ``1.0`` and ``True`` stay three values. `digests` are those of the frames that the
    entry reads (`FrameBuffer.digest`), in reading order.
    """
    fields = [FORMAT, engine, version, sorted(settings.items()), model_revision, dtype, prompt, list(digests)]
    return hashlib.sha256(msgpack.packb(fields, unicode_errors="surrogatepass")).hexdigest()
