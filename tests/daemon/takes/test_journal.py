"""The journal loses at most the line that was being written."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import pytest
from keyfollow.errors import StorageError
from keyfollow_daemon.takes import journal
from keyfollow_daemon.takes.report import FrameMeasure


def record(n: int) -> FrameMeasure:
    return FrameMeasure(n / 1000, None if n % 2 else n, n, 0.5)


def fill(path: Path, upto: int) -> dict[int, FrameMeasure]:
    for n in range(upto):
        journal.append(path, n, record(n))
    return {n: record(n) for n in range(upto)}


def test_round_trip_and_the_later_line_counts(tmp_path: Path) -> None:
    path = tmp_path / "j"
    assert journal.read(path) == {}
    expected = fill(path, 5)
    journal.append(path, 2, record(9))
    assert journal.read(path) == {**expected, 2: record(9)}


def test_a_journal_cut_anywhere_keeps_its_whole_lines_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "j"
    expected = fill(path, 4)
    raw = path.read_bytes()
    for length in range(0, len(raw), 7):
        path.write_bytes(raw[:length])
        left = journal.read(path)
        assert left.items() <= expected.items()
        assert len(left) >= 4 * length // len(raw) - 1
        journal.append(path, 77, record(7))
        after = journal.read(path)
        # a line that was whole but for its end counts from now on
        assert {**left, 77: record(7)}.items() <= after.items() <= {**expected, 77: record(7)}.items()


def test_flipped_bits_lose_lines_and_invent_none(tmp_path: Path) -> None:
    path = tmp_path / "j"
    expected = fill(path, 4)
    raw = path.read_bytes()
    for place in random.Random(1).sample(range(len(raw) * 8), 200):
        bad = bytearray(raw)
        bad[place // 8] ^= 1 << place % 8
        path.write_bytes(bad)
        left = journal.read(path)
        assert left.items() <= expected.items() and len(left) >= 2


def test_a_full_disk_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = fill(tmp_path / "j", 2)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StorageError) as caught:
            journal.append(tmp_path / "j", 3, record(3))
    assert caught.value.code == "disk_full"
    assert journal.read(tmp_path / "j") == expected
