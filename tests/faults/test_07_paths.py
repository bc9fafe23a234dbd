"""Promise 7: no path escapes."""

from __future__ import annotations

import io
import stat
import time
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from keyfollow import wire
from keyfollow.atomic import confined
from keyfollow.client import Client
from keyfollow.edits import Blob, Clip, EditRequest, Keyframe, Mask
from keyfollow.errors import KeyfollowError, MediaError, UsageError
from keyfollow.media.probe import probe
from keyfollow.requests import PackedPicture, pack_picture
from keyfollow.wire import DATA
from keyfollow_daemon.cache.archive import import_entries
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_daemon.media.blobs import BlobStore
from keyfollow_daemon.takes.store import TakeStore
from keyfollow_testkit import clips
from keyfollow_testkit.counts import count
from keyfollow_testkit.faults_files import awkward_sources, compressed, renamed, traversals, with_mode
from keyfollow_testkit.faults_wire import Peer, Target, target

pytestmark = pytest.mark.faults
ZEROS = "0" * 64


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file in it that nobody may touch, beside the home of the daemon."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "outside").write_text("not yours")
    return folder


@pytest.fixture(scope="module")
def kf(world: Path) -> Iterator[Target]:
    with target(world / "home") as made:
        yield made


@pytest.fixture(scope="module")
def client(kf: Target) -> Iterator[Client]:
    with kf.home.connect() as made:
        yield made


@pytest.fixture(scope="module")
def archive(client: Client, world: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A cache as the daemon exports it."""
    clip = clips.write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", clips.moving_patch(3))
    report = client.propagate(clip, keyframes={0: np.full((64, 96, 3), 90, np.uint8)}).wait()
    assert report.cache
    exported = client.caches.export(report.cache, tmp_path_factory.mktemp("exported") / "cache.zip").read_bytes()
    client.caches.delete(report.cache)
    return exported


@pytest.fixture
def peer(kf: Target) -> Iterator[Peer]:
    with Peer(kf.connection) as made:
        made.hello()
        yield made


def names(world: Path) -> list[str]:
    return traversals(world / "outside")[: count("traversals")]


def everything(folder: Path) -> dict[Path, tuple[int, int]]:
    """All that lies below `folder`, with what would change if it were touched; the daemon's log and job store live."""
    return {
        p: (p.lstat().st_mode, p.lstat().st_mtime_ns if p.is_file() else 0)
        for p in folder.rglob("*")
        if "logs" not in p.parts and not p.name.startswith("jobs.db")
    }


# --- ids that clients send ---------------------------------------------------------------------------------------------------


def test_there_are_enough_names(world: Path) -> None:
    assert len(set(names(world))) == count("traversals")


def test_no_id_reaches_beyond_its_folder(kf: Target, peer: Peer, world: Path) -> None:
    """Each name in each place where a client names something; nothing is made, changed or deleted anywhere."""
    before = everything(world)
    for name in names(world):
        actions = [
            *(wire.TakeAction(name, a) for a in ("get", "recipe", "delete", "claimed")),
            *(wire.CacheAction(a, name) for a in ("get", "pin", "unpin", "delete", "export")),
            *(wire.JobAction(name, a) for a in ("get", "cancel", "remove", "retry")),
            wire.CacheAction("import", blob=name),
            wire.Watch(name),
            wire.Submit(name, EditRequest(Clip("/nowhere.mp4"))),
        ]
        codes = {peer.refused(action) for action in actions}
        codes |= {
            peer.refused(ask, DATA)
            for ask in (wire.PutBlob(name, 10), wire.OpenFrames(1, take=name), wire.OpenFrames(1, job=name))
        }
        assert codes <= {
            *(
                "bad_name",
                "path_escape",
                "unknown_take",
                "unknown_cache",
                "unknown_job",
                "bad_blob",
                "bad_job_id",
                "bad_stream",
            ),
        }, repr(name)
    assert everything(world) == before


def test_links_inside_the_stores_are_not_followed(kf: Target, peer: Peer, world: Path) -> None:
    (world / "theirs").mkdir(exist_ok=True)
    link = kf.home.paths.takes / "20261120-181500-1a2b3c4d"
    link.symlink_to(world / "theirs")
    try:
        for action in ("get", "recipe", "delete", "claimed"):
            assert peer.refused(wire.TakeAction(link.name, action)) == "path_escape"
        assert peer.refused(wire.OpenFrames(1, take=link.name), DATA) == "path_escape"
    finally:
        link.unlink()
    assert list((world / "theirs").iterdir()) == []


def test_names_are_refused_by_each_store_itself(tmp_path: Path, world: Path) -> None:
    stores = TakeStore(tmp_path / "takes"), BlobStore(tmp_path / "blobs", 1 << 20), InversionStore(tmp_path / "cache", 1 << 20)
    before = everything(tmp_path)
    for name in names(world):
        for reach in (stores[0].folder, stores[1].path, stores[2].path):
            with pytest.raises(UsageError):
                reach(name)
        with suppress(UsageError):
            assert confined(tmp_path, name).parent == tmp_path, "what is let through is a plain name, such as $HOME"
    assert everything(tmp_path) == before


def test_a_job_whose_blobs_are_paths_fails_and_reads_none(client: Client, world: Path) -> None:
    for name in names(world)[:: max(1, count("traversals") // 10)]:
        blob = Blob(name, 10)
        request = EditRequest(Clip(frames=(blob,), rate=(24, 1)), (Keyframe(0, blob),))
        assert failure(client, request) == "bad_blob"


# --- archives ------------------------------------------------------------------------------------------------------------------


def member(archive: bytes) -> str:
    return next(n for n in zipfile.ZipFile(io.BytesIO(archive)).namelist() if n.endswith(".kfi"))


def test_no_member_of_an_archive_is_written_beyond_the_store(archive: bytes, world: Path, tmp_path: Path) -> None:
    store = InversionStore(tmp_path / "cache", 1 << 30)
    before, around = everything(tmp_path), everything(world)
    for name in names(world):
        for old in (member(archive), "manifest.json"):
            with pytest.raises(UsageError) as refused:
                import_entries(io.BytesIO(renamed(archive, old, name)), store)
            assert refused.value.code == "bad_archive", repr(name)
    assert everything(tmp_path) == before and everything(world) == around
    import_entries(io.BytesIO(archive), store)
    assert len(store.index()) == 4, "as it was exported it is taken"


@pytest.mark.parametrize(
    "mode", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK], ids=lambda m: oct(m)
)
def test_members_that_are_no_plain_files_are_refused(archive: bytes, tmp_path: Path, mode: int) -> None:
    with pytest.raises(UsageError) as refused:
        import_entries(io.BytesIO(with_mode(archive, member(archive), mode | 0o777)), InversionStore(tmp_path, 1 << 30))
    assert refused.value.code == "bad_archive"


def test_archives_that_inflate_are_refused(archive: bytes, tmp_path: Path) -> None:
    bomb = compressed(archive, member(archive), 1 << 28)
    assert len(bomb) < 1 << 20
    before = everything(tmp_path)
    with pytest.raises(UsageError) as refused:
        import_entries(io.BytesIO(bomb), InversionStore(tmp_path, 1 << 30))
    assert refused.value.code == "bad_archive" and "compressed" in refused.value.message, "before any of it is unpacked"
    assert [p for p in everything(tmp_path).keys() - before.keys() if p.is_file()] == []


def test_the_daemon_refuses_such_an_archive_whole(
    kf: Target, client: Client, archive: bytes, world: Path, tmp_path: Path
) -> None:
    around = everything(world / "outside")
    for n, name in enumerate(["../../outside", "/etc/passwd", "..\\x", "a\0b", str(world / "outside")]):
        evil = tmp_path / f"{n}.zip"
        evil.write_bytes(renamed(archive, member(archive), name))
        with pytest.raises(KeyfollowError) as refused:
            client.caches.import_(evil)
        assert refused.value.code == "bad_archive"
    assert everything(world / "outside") == around and client.caches.list() == []
    assert not list(kf.home.paths.inversions.rglob("*.kfi"))
    (tmp_path / "sound.zip").write_bytes(archive)
    assert client.caches.import_(tmp_path / "sound.zip").entries == 4


# --- sources -------------------------------------------------------------------------------------------------------------------


def failure(client: Client, request: EditRequest) -> str:
    """The code with which the job of `request` fails."""
    job = client.ask(wire.Submit(uuid.uuid4().hex, request), wire.JobIs).job
    with pytest.raises(KeyfollowError):
        client.jobs.attach(job.id).wait()
    ended = client.jobs.get(job.id)
    assert ended.state == "failed" and ended.failure is not None
    return ended.failure.code


CODES = {"media_not_found", "media_not_regular", "media_empty", "media_unreadable", "media_no_video", "media_not_permitted"}


def test_what_is_no_regular_file_is_refused_without_waiting(client: Client, tmp_path: Path) -> None:
    """By the client's own look and by the daemon's: neither blocks on a FIFO or reads a device."""
    with awkward_sources(tmp_path) as sources:
        for what, path in sources.items():
            began = time.monotonic()
            with pytest.raises(MediaError) as refused:
                probe(path)
            assert refused.value.code in CODES, what
            request = EditRequest(Clip(str(path)), (Keyframe(0, Blob(ZEROS, 10)),))
            with pytest.raises(KeyfollowError) as refused_there:
                client.ask(wire.EstimateAsk(request), wire.EstimateIs)
            assert refused_there.value.code in CODES, what
            assert time.monotonic() - began < 10, what


def test_jobs_on_such_sources_and_masks_fail_in_a_sentence(client: Client, tmp_path: Path) -> None:
    frame = client.put(keyframe_picture())
    sound = EditRequest(Clip(frames=(frame, frame), rate=(24, 1)), (Keyframe(0, frame),))
    with awkward_sources(tmp_path) as sources:
        for what in ("FIFO", "zeros without end", "socket", "folder", "memory"):
            path = str(sources[what])
            assert failure(client, EditRequest(Clip(path), sound.keyframes)) in CODES, what
            masked = EditRequest(sound.clip, sound.keyframes, (Mask("edit", video=path),))
            assert failure(client, masked) in CODES, what


def keyframe_picture() -> PackedPicture:
    return pack_picture(np.full((16, 16, 3), 90, np.uint8))


def test_paths_that_are_none_fail_in_a_sentence(client: Client, world: Path) -> None:
    """As the path of a clip anything may be read that this user can read; none of these is footage, and a NUL is no path."""
    for name in ["", "\0", "clip\0.mp4", "/etc/passwd", "~", "x" * 5000, "/" + "x/" * 3000, str(world / "outside")]:
        assert failure(client, EditRequest(Clip(name), (Keyframe(0, Blob(ZEROS, 10)),))) in CODES, repr(name)[:80]


def test_a_link_to_a_sound_file_is_a_source(tmp_path: Path) -> None:
    clips.write_clip(tmp_path / "clip.mp4", clips.moving_patch(2))
    (tmp_path / "link.mp4").symlink_to(tmp_path / "clip.mp4")
    assert probe(tmp_path / "link.mp4").frames == 2
