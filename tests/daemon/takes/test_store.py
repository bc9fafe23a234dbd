"""Takes are never overwritten, listed truthfully, and claimed as verified copies."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keyfollow import deltas
from keyfollow.engine_info import Report
from keyfollow.errors import KeyfollowError, StorageError, UsageError
from keyfollow.frames import FrameBuffer
from keyfollow.plain import PlainError
from keyfollow_daemon.takes.report import FrameMeasure
from keyfollow_daemon.takes.store import TakeStore, recipe_hash

RECIPE: dict[str, Any] = {"engine": "patch", "seed": 1, "path": "/\udc80.mp4", "keyframes": [{"frame": 3}]}
META: dict[str, Any] = {
    "job": "j",
    "source": "/a.mp4",
    "engine": "patch",
    "quality": "final",
    "created": 5.0,
    "start": 3,
    "stop": 6,
}
SOURCE = FrameBuffer(np.zeros((100, 130, 3), np.uint8))


def edited(n: int) -> FrameBuffer:
    pixels = SOURCE.pixels.copy()
    pixels[:20, :20] = n
    return FrameBuffer(pixels)


def make(store: TakeStore, id: str, *, complete: bool = True, **changes: Any) -> str:
    meta = {**META, **changes}
    take = store.create(id, RECIPE, meta)
    for n in range(meta["start"], meta["stop"]):
        take.write(n, deltas.pack(n, edited(n), SOURCE), FrameMeasure(0.1, 0, 0, 1.0))
    if complete:
        take.complete(Report(frames=3, confidence={"3": 0.5}, summary="Protected: 0 px changed."))
    return id


def code(call: Any, *args: Any) -> str:
    with pytest.raises(KeyfollowError) as caught:
        call(*args)
    return caught.value.code


@pytest.fixture
def store(tmp_path: Path) -> TakeStore:
    return TakeStore(tmp_path / "takes")


def test_a_take_from_start_to_end(store: TakeStore) -> None:
    writer = store.create("t", RECIPE, META)
    begun = store.get("t")
    assert not begun.complete and begun.size_bytes == 0 and begun.report is None
    path = writer.write(4, deltas.pack(4, edited(4), SOURCE), FrameMeasure(0.1, 0, 0, 1.0))
    assert store.frames("t") == [4] and store.frame_path("t", 4) == path
    assert store.get("t").size_bytes == path.stat().st_size
    make(store, "t")
    take = store.get("t")
    assert take.complete and take.report is not None and take.report.summary == "Protected: 0 px changed."
    assert (take.id, take.job, take.source, take.engine, take.quality) == ("t", "j", "/a.mp4", "patch", "final")
    assert (take.created, take.start, take.stop, take.claimed_by) == (5.0, 3, 6, None)
    assert take.size_bytes == sum(p.stat().st_size for p in (store.root / "t").rglob("*.*") if p.name != "manifest.json")
    assert store.list() == [take]
    assert store.folder("t") == store.root / "t"
    assert store.recipe("t") == RECIPE
    np.testing.assert_array_equal(store.read("t", 5).compose(SOURCE).pixels, edited(5).pixels)


def test_the_newest_comes_first(store: TakeStore) -> None:
    for n, created in enumerate((3.0, 9.0, 6.0)):
        make(store, f"t{n}", created=created)
    assert [take.id for take in store.list()] == ["t1", "t2", "t0"]


def test_the_recipe_hash_knows_content_not_order() -> None:
    assert recipe_hash({"a": 1, "b": [1, 2]}) == recipe_hash({"b": (1, 2), "a": 1})
    assert len({recipe_hash({"a": value}) for value in (1, 1.0, True, "1", None, [1])}) == 6
    for wrong in ({"a": b"x"}, {"a": float("nan")}):
        with pytest.raises((ValueError, TypeError)):
            recipe_hash(wrong)


def test_an_incomplete_take_resumes_with_the_same_recipe_only(store: TakeStore) -> None:
    make(store, "t", complete=False)
    assert store.create("t", dict(reversed(RECIPE.items())), {**META, "job": "another try", "created": 99.0}).finished() == {
        3,
        4,
        5,
    }
    assert store.get("t").created == 5.0
    assert code(store.create, "t", {**RECIPE, "seed": 2}, META) == "take_exists"
    assert code(store.create, "t", RECIPE, {**META, "stop": 9}) == "take_exists"
    assert store.frames("t") == [3, 4, 5]


def test_a_complete_take_is_never_overwritten(store: TakeStore) -> None:
    make(store, "t")
    before = {path: path.read_bytes() for path in store.root.rglob("*.*")}
    assert code(store.create, "t", RECIPE, META) == "take_exists"
    assert {path: path.read_bytes() for path in store.root.rglob("*.*")} == before


def test_bad_meta_starts_nothing(store: TakeStore) -> None:
    with pytest.raises(PlainError):
        store.create("t", RECIPE, {"job": "j"})
    assert code(store.create, "t", RECIPE, {**META, "stop": 3}) == "empty_range"
    with pytest.raises(TypeError):
        store.create("t", {"x": b"bytes"}, META)
    assert list(store.root.iterdir()) == []


@pytest.mark.parametrize("id", ["", "..", "../t", "a/b", "/etc", "\0", ".t", "CON", "a\\b", "x" * 200])
def test_ids_are_confined_everywhere(store: TakeStore, tmp_path: Path, id: str) -> None:
    for call in (
        *((m, id) for m in (store.get, store.folder, store.recipe, store.frames, store.delete)),
        *((m, id, 3) for m in (store.frame_path, store.read)),
        (store.create, id, RECIPE, META),
        (store.claim, id, tmp_path / "p"),
        (store.mark_claimed, id, "x"),
    ):
        assert code(*call) == "bad_name"


def test_links_are_not_takes(store: TakeStore, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (store.root / "link").symlink_to(tmp_path / "outside")
    assert code(store.delete, "link") == "path_escape"
    assert (tmp_path / "outside").is_dir()


def test_unknown_takes_and_frames(store: TakeStore, tmp_path: Path) -> None:
    assert code(store.get, "t") == code(store.delete, "t") == code(store.claim, "t", tmp_path) == "unknown_take"
    make(store, "t")
    for frame in (2, 6, -1, 10**12):
        assert code(store.frame_path, "t", frame) == code(store.read, "t", frame) == "unknown_frame"


def test_damage_is_said_and_left_alone(store: TakeStore) -> None:
    make(store, "good")
    make(store, "t")
    folder = store.root / "t"
    (folder / "frames" / "000003.kff").write_bytes((folder / "frames" / "000004.kff").read_bytes())
    (folder / "frames" / "000005.kff").write_bytes(b"x")
    assert code(store.read, "t", 3) == code(store.read, "t", 5) == "corrupt_frame"
    (folder / "recipe.json").write_text("{}")
    assert code(store.recipe, "t") == "take_damaged"
    (folder / "report.json").write_text("{}")
    assert store.get("t").report is None
    (folder / "take.json").write_text("{}")
    assert code(store.get, "t") == "take_damaged"
    (store.root / "stray file").write_text("x")
    (store.root / "empty").mkdir()
    assert [take.id for take in store.list()] == ["good"]
    assert folder.is_dir()


def test_deleting_is_whole(store: TakeStore) -> None:
    make(store, "t")
    make(store, "u", complete=False)
    store.delete("t")
    store.delete("u")
    assert list(store.root.iterdir()) == []
    make(store, "t")
    assert store.get("t").complete


def test_the_last_five_drafts_of_each_source_are_kept(store: TakeStore) -> None:
    for n in range(8):
        make(store, f"a{n}", quality="draft", created=float(n))
        make(store, f"f{n}", created=float(n))
    make(store, "b", quality="draft", source="/b.mp4", created=0.0)
    assert sorted(store.prune_drafts("/a.mp4")) == ["a0", "a1", "a2"]
    left = {take.id for take in store.list()}
    assert left == {f"a{n}" for n in range(3, 8)} | {f"f{n}" for n in range(8)} | {"b"}
    assert store.prune_drafts("/a.mp4") == []
    assert store.prune_drafts("/a.mp4", keep=1) == ["a6", "a5", "a4", "a3"]


def test_a_claimed_take_says_by_whom_and_stays_sound(store: TakeStore, tmp_path: Path) -> None:
    make(store, "t")
    before = store.get("t")
    assert store.claim("t", tmp_path / "P.kfproj" / "takes") == tmp_path / "P.kfproj" / "takes" / "t"
    assert store.mark_claimed("t", "/P.kfproj") == dataclasses.replace(before, claimed_by="/P.kfproj")
    assert TakeStore(store.root).get("t").claimed_by == "/P.kfproj"
    assert TakeStore(tmp_path / "P.kfproj" / "takes").get("t") == before


def test_an_unfinished_take_cannot_be_claimed(store: TakeStore, tmp_path: Path) -> None:
    make(store, "t", complete=False)
    assert code(store.claim, "t", tmp_path / "p") == code(store.mark_claimed, "t", "x") == "take_incomplete"
    assert not (tmp_path / "p").exists()


def test_two_stores_on_one_folder_agree(store: TakeStore) -> None:
    other = TakeStore(store.root)
    make(store, "t", complete=False)
    assert not other.get("t").complete
    make(store, "t")
    assert other.get("t") == store.get("t")
    other.delete("t")
    assert store.list() == []


def test_errors_have_their_kind(store: TakeStore) -> None:
    with pytest.raises(UsageError):
        store.get("nothing")
    make(store, "t")
    with pytest.raises(StorageError):
        store.create("t", RECIPE, META)
