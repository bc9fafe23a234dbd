"""A download on disk: never longer than it should be, never taken for whole when it is not."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from keyfollow.errors import ModelMissing
from keyfollow_daemon.models.hub import RemoteFile
from keyfollow_daemon.models.part import Part

DATA = bytes(range(256)) * 40
BIG = RemoteFile("w.safetensors", len(DATA), hashlib.sha256(DATA).hexdigest(), None)
SMALL = RemoteFile("c.json", len(DATA), None, hashlib.sha1(b"blob %d\0" % len(DATA) + DATA).hexdigest())


@pytest.mark.parametrize("file", [BIG, SMALL])
def test_it_grows_over_several_attempts(tmp_path: Path, file: RemoteFile) -> None:
    place = tmp_path / "parts" / "x"
    for start in range(0, len(DATA), 3000):
        assert not place.exists()
        with Part(place, file) as part:
            assert part.size == start
            part.write(DATA[start : start + 3000])
    with Part(place, file) as part:
        part.finish()
    assert place.read_bytes() == DATA and [p.name for p in place.parent.iterdir()] == ["x"]


def test_starting_again(tmp_path: Path) -> None:
    with Part(tmp_path / "x", BIG) as part:
        part.write(b"wrong")
        part.restart()
        assert part.size == 0
        part.write(DATA)
        part.finish()
    assert (tmp_path / "x").read_bytes() == DATA


@pytest.mark.parametrize("file", [BIG, SMALL])
@pytest.mark.parametrize("data", [DATA[:-1], DATA[:-1] + b"x", b""])
def test_what_is_not_the_file_is_thrown_away(tmp_path: Path, file: RemoteFile, data: bytes) -> None:
    with Part(tmp_path / "x", file) as part:
        part.write(data)
        with pytest.raises(ModelMissing) as caught:
            part.finish()
    assert caught.value.code == "wrong_hash" and list(tmp_path.iterdir()) == []


def test_an_endless_answer_is_cut_off(tmp_path: Path) -> None:
    with Part(tmp_path / "x", BIG) as part:
        part.write(DATA)
        with pytest.raises(ModelMissing):
            part.write(b"more")
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    with Part(tmp_path / "x", BIG, lambda *words: told.append(words)) as part:
        part.write(DATA[:10])
        part.write(DATA[10:])
    assert told == [("w.safetensors", 10, len(DATA)), ("w.safetensors", len(DATA), len(DATA))]
