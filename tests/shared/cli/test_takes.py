"""`keyfollow takes`, `jobs` and `cache`: what a run leaves, listed, exported, claimed, deleted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from keyfollow.frames import FrameRange
from keyfollow.media.reader import MediaReader
from keyfollow_testkit.daemons import Home


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def last(kf: Home, clip: Path, edited: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The `done` event of a run; its output is beside it."""
    out = tmp_path_factory.mktemp("out") / "out.mkv"
    done = kf.command("propagate", str(clip), "-k", f"0={edited}", "-o", str(out), "--json")
    assert done.returncode == 0, done.stderr
    return lines(done.stdout)[-1]


def test_a_take_is_listed_and_can_be_exported_again(kf: Home, last: dict[str, Any], tmp_path: Path) -> None:
    take = next(t for t in lines(kf.command("takes", "list", "--json").stdout) if t["id"] == last["take"])
    assert take["complete"] and (take["start"], take["stop"]) == (0, 12) and take["quality"] == "final"
    assert kf.command("takes", "export", last["take"], "-o", str(tmp_path / "again.mkv")).returncode == 0
    with MediaReader(tmp_path / "again.mkv") as again, MediaReader(last["output"]) as first:
        for a, b in zip(again.frames(FrameRange(0, 12)), first.frames(FrameRange(0, 12)), strict=True):
            assert (a.pixels == b.pixels).all()
    recipe = json.loads(kf.command("takes", "recipe", last["take"]).stdout)
    assert recipe["request"]["engine"] == "patch" and recipe["engine"]["version"]


def test_a_take_is_claimed_into_a_folder(kf: Home, last: dict[str, Any], tmp_path: Path) -> None:
    done = kf.command("takes", "claim", last["take"], str(tmp_path), "--json")
    assert done.returncode == 0, done.stderr
    folder = Path(lines(done.stdout)[-1]["folder"])
    assert folder == tmp_path / last["take"] and len(list((folder / "frames").glob("*.kff"))) == 12
    take = next(t for t in lines(kf.command("takes", "list", "--json").stdout) if t["id"] == last["take"])
    assert take["claimed_by"] == str(folder)


def test_a_take_is_deleted(kf: Home, clip: Path, edited: Path, tmp_path: Path) -> None:
    done = kf.command("propagate", str(clip), "-k", f"0={edited}", "-o", str(tmp_path / "o.mkv"), "--json")
    take = lines(done.stdout)[-1]["take"]
    assert kf.command("takes", "delete", take).returncode == 0
    assert take not in kf.command("takes", "list", "--json").stdout
    assert kf.command("takes", "delete", take).returncode == 2
