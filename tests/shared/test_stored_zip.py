"""Archives come back as they were written; what they may hold is decided before a byte of it is read."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from keyfollow import stored_zip
from keyfollow.stored_zip import BadArchive, chunks_of, open_stored, write_members


def written(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    write_members(file, [(name, len(data), (data[:3], data[3:])) for name, data in members])
    return file.getvalue()


def limit(name: str) -> int | None:
    return 100 if name in ("a", "b") else None


def test_what_goes_in_comes_out_and_is_the_same_every_time() -> None:
    raw = written(("a", b"alpha"), ("b", b""))
    assert raw == written(("a", b"alpha"), ("b", b""))
    with open_stored(io.BytesIO(raw), limit, 2) as source:
        assert source.members == {"a": 5, "b": 0} and source.read("a") == b"alpha"
        with source.open("a") as member:
            assert member.read(3) == b"alp"


def test_what_was_not_asked_for_is_refused() -> None:
    for raw, why in (
        (written(("c", b"x")), "is called 'c'"),
        (written(("a", bytes(101))), "too large"),
        (written(("a", b"x"), ("b", b"x")), "more than 1"),
        (b"", "not a zip"),
        (written(("a", b"x"))[:-5], "not a zip"),
    ):
        with pytest.raises(BadArchive, match=why), open_stored(io.BytesIO(raw), limit, 1):
            pytest.fail("it was opened")


def test_compression_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("a", bytes(50))
    with pytest.raises(BadArchive, match="compressed"), open_stored(file, limit, 1):
        pytest.fail("it was opened")


def test_damage_inside_the_block_is_the_archives_fault() -> None:
    raw = bytearray(written(("a", b"alpha")))
    raw[raw.index(b"alpha")] ^= 1
    with pytest.raises(BadArchive), open_stored(io.BytesIO(bytes(raw)), limit, 1) as source:
        source.read("a")


def test_a_huge_directory_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_zip, "MAX_DIRECTORY", 10)
    with pytest.raises(BadArchive, match="directory"), open_stored(io.BytesIO(written(("a", b"x"))), limit, 1):
        pytest.fail("it was opened")


def test_a_file_in_pieces(tmp_path: Path) -> None:
    data = bytes(range(256)) * 8200
    (tmp_path / "x").write_bytes(data)
    pieces = list(chunks_of(tmp_path / "x"))
    assert b"".join(pieces) == data and len(pieces) == 3
