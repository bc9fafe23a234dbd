"""`keyfollow cache`: announced by a run, pinned, exported, deleted, imported, used again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from keyfollow.media.reader import MediaReader
from keyfollow_testkit import clips
from keyfollow_testkit.daemons import Home


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_caches_whole_life(kf: Home, tmp_path: Path) -> None:
    clip = clips.write_clip(tmp_path / "own.mp4", clips.moving_patch(6, seed=33))
    with MediaReader(clip) as reader:
        key = clips.write_png(tmp_path / "k.png", clips.recoloured(reader.read(0).pixels, clips.patch_mask(0)))
    run = ("propagate", str(clip), "-k", f"0={key}", "--json", "-o")
    first = events(kf.command(*run, str(tmp_path / "a.mkv")).stdout)
    announced = first[-2]["cache"]
    id = announced["id"]
    # of five pairs of frames their flows, of five frames a step of the track and what they show of the edit
    assert announced["entries"] == 15 and announced["size_bytes"] > 0 and (announced["start"], announced["stop"]) == (0, 6)
    assert [c["id"] for c in events(kf.command("cache", "list", "--json").stdout)].count(id) == 1

    assert kf.command("cache", "pin", id).returncode == 0
    refused = kf.command("cache", "delete", id, "--json")
    assert refused.returncode == 2 and events(refused.stdout)[-1]["code"] == "cache_pinned"
    assert kf.command("cache", "unpin", id).returncode == 0
    assert kf.command("cache", "export", id, "-o", str(tmp_path / "c.zip")).returncode == 0
    assert kf.command("cache", "delete", id).returncode == 0
    assert kf.command("cache", "pin", id).returncode == 2

    imported = events(kf.command("cache", "import", str(tmp_path / "c.zip"), "--json").stdout)[-1]["cache"]
    assert imported["id"] == id
    named = events(kf.command(*run, str(tmp_path / "b.mkv"), "--cache", id).stdout)[-1]["report"]
    assert named["cache_misses"] == 0 and named["cache"] == id


def test_a_hostile_archive_is_refused(kf: Home, tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04" + b"nonsense" * 100)
    done = kf.command("cache", "import", str(tmp_path / "bad.zip"), "--json")
    assert done.returncode == 2 and events(done.stdout)[-1]["code"] == "bad_archive"
    assert kf.command("cache", "import", str(tmp_path / "none.zip")).returncode == 2
