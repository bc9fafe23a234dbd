"""Promise 9: hostile video harms only its child."""

from __future__ import annotations

import gc
import hashlib
import random
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import psutil
import pytest
from keyfollow import wire
from keyfollow.client import Client
from keyfollow.edits import Blob, Clip, EditRequest, Keyframe
from keyfollow.errors import KeyfollowError, MediaError
from keyfollow.frames import FrameRange
from keyfollow.media.images import read_image
from keyfollow.media.probe import probe
from keyfollow.media.reader import MediaReader
from keyfollow.requests import PackedPicture
from keyfollow_testkit import clips
from keyfollow_testkit.counts import count
from keyfollow_testkit.faults_media import (
    Lure,
    addresses,
    bits_turned,
    claiming,
    cut_short,
    giants,
    growing,
    playlists,
    png,
    watched_fifo,
)
from keyfollow_testkit.faults_wire import Target, target

pytestmark = pytest.mark.faults
MIB = 1 << 20
CEILING_S = 50.0
"""Ten times the promised 5 s."""
Harm = Callable[[bytes, random.Random], bytes]


@pytest.fixture(scope="module")
def kf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with target(tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(scope="module")
def client(kf: Target) -> Iterator[Client]:
    with kf.home.connect() as made:
        yield made


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same 12 frames in several containers and codecs, by suffix."""
    folder, frames = tmp_path_factory.mktemp("footage"), clips.moving_patch()
    made = [
        clips.write_clip(folder / "a.mp4", frames, tone=True),
        clips.write_clip(folder / "b.mkv", frames),
        clips.write_clip(folder / "c.avi", frames, codec="mpeg4", options={}),
        clips.write_clip(folder / "d.mov", frames, codec="prores_ks", pixel_format="yuv422p10le", options={}),
        clips.write_clip(folder / "e.ts", frames),
        clips.write_clip(folder / "f.webm", frames, codec="libvpx-vp9", options={"deadline": "realtime", "cpu-used": "8"}),
    ]
    with av.open(str(made[0])) as source, av.open(str(folder / "g.m4v"), "w", "mp4", {"movflags": "faststart"}) as out:
        video = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                out.mux(packet)
    made.append(folder / "g.m4v")  # its index stands in front, so that a piece of it still opens
    return {p.suffix: p.read_bytes() for p in made}


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    frame = clips.moving_patch(1)[0]
    made: dict[str, bytes] = {}
    for suffix in (".png", ".jpg", ".tiff", ".webp", ".bmp"):
        ok, data = cv2.imencode(suffix, frame)
        assert ok
        made[suffix] = data.tobytes()
    return made


def watched(path: Path) -> str:
    """Look at a source and read it to its end, as any client would: ``ok``, or the code of the error. Nothing else may come."""
    try:
        with MediaReader(path) as reader:
            frames = sum(1 for _ in reader.frames(FrameRange(0, reader.info.frames)))
            assert frames == reader.info.frames
            return f"ok {frames}"
    except MediaError as e:
        assert e.message and e.remedy
        return e.code


def seen(data: bytes) -> str:
    try:
        return f"ok {read_image(data).pixels.shape}"
    except MediaError as e:
        return e.code


def timed(work: Callable[[Any], str], items: list[Any]) -> list[str]:
    """`work` on every item, two at a time; none may take longer than the ceiling, and this process must not grow."""

    def one(item: Any) -> str:
        began = time.monotonic()
        result = work(item)
        assert time.monotonic() - began < CEILING_S, item
        return result

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, items[:2]))
        before = psutil.Process().memory_info().rss
        results = list(pool.map(one, items))
        assert psutil.Process().memory_info().rss - before < 30 * MIB
    return results


def harmed(originals: dict[str, bytes], harm: Harm, how_many: int) -> list[tuple[str, bytes]]:
    chance = random.Random(9)
    suffixes = list(originals)
    return [(s, harm(originals[s], chance)) for s in (suffixes[n % len(suffixes)] for n in range(how_many))]


# --- damage -------------------------------------------------------------------------------------------------------------------


def test_what_is_damaged_below_is_sound_to_begin_with(
    footage: dict[str, bytes], pictures: dict[str, bytes], tmp_path: Path
) -> None:
    for suffix, data in footage.items():
        (tmp_path / f"clip{suffix}").write_bytes(data)
        assert watched(tmp_path / f"clip{suffix}") == "ok 12", suffix
    for suffix, data in pictures.items():
        assert seen(data).startswith("ok (64, 96,"), suffix


@pytest.mark.parametrize("suffix", [".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm"])
def test_truncated_clips_are_errors_and_never_shorter_clips(footage: dict[str, bytes], tmp_path: Path, suffix: str) -> None:
    paths = []
    for n, (_, data) in enumerate(harmed({suffix: footage[suffix]}, cut_short, -(-count("hostile_files") // 5))):
        paths.append(tmp_path / f"{n}{suffix}")
        paths[-1].write_bytes(data)
    for path, result in zip(paths, timed(watched, paths), strict=True):
        assert result.startswith("media_") or result == "ok 12", f"{path.name} ({path.stat().st_size} bytes): {result}"


def test_a_truncated_transport_stream_is_as_long_as_it_is(footage: dict[str, bytes], tmp_path: Path) -> None:
    """Nothing in it says how long it was to be."""
    paths = []
    for n, (_, data) in enumerate(harmed({".ts": footage[".ts"]}, cut_short, 4)):
        paths.append(tmp_path / f"{n}.ts")
        paths[-1].write_bytes(data)
    assert all(r.startswith(("ok", "media_")) for r in timed(watched, paths))


def test_clips_with_turned_bits_harm_nobody(footage: dict[str, bytes], tmp_path: Path) -> None:
    paths = []
    for n, (suffix, data) in enumerate(harmed(footage, bits_turned, count("hostile_files"))):
        paths.append(tmp_path / f"{n}{suffix}")
        paths[-1].write_bytes(data)
    assert all(r.startswith(("ok", "media_")) for r in timed(watched, paths))


@pytest.mark.parametrize("harm", [cut_short, bits_turned])
def test_damaged_pictures_are_errors_or_pictures(pictures: dict[str, bytes], harm: Harm) -> None:
    results = timed(seen, [data for _, data in harmed(pictures, harm, count("hostile_files"))])
    assert all(r.startswith(("ok", "media_")) for r in results)


def test_damaged_clips_fail_their_job_and_nothing_else(
    kf: Target, client: Client, footage: dict[str, bytes], tmp_path: Path
) -> None:
    """Through the daemon: asked for an estimate, then run. It does not grow and goes on answering."""
    files = [*harmed(footage, cut_short, 6), *harmed(footage, bits_turned, 6)]
    before = 0
    for n, (suffix, data) in enumerate(files):
        path = tmp_path / f"{n}{suffix}"
        path.write_bytes(data)
        end = job_on(client, path)
        assert end == "done" or end.startswith(("media_", "wrong_size", "frame_out_of_range")), end
        before = before or kf.daemon.rss
    assert kf.daemon.rss - before < 20 * MIB
    kf.assert_unharmed()


def job_on(client: Client, path: Path) -> str:
    """How a job on `path` ends: ``done``, or the code of its failure; its estimate fails in a sentence too, or is one."""
    key = client.put(PackedPicture(KEY, BLOB))
    request = EditRequest(Clip(str(path)), (Keyframe(0, key),))
    try:
        client.ask(wire.EstimateAsk(request), wire.EstimateIs, timeout_s=CEILING_S)
    except KeyfollowError as e:
        assert e.code not in ("internal", "no_answer")
    job = client.ask(wire.Submit(uuid.uuid4().hex, request), wire.JobIs).job
    try:
        client.jobs.attach(job.id).wait()
    except KeyfollowError as e:
        assert e.message and e.remedy
        return e.code
    return "done"


KEY = cv2.imencode(".png", np.full((64, 96, 3), 90, np.uint8))[1].tobytes()
BLOB = Blob(hashlib.sha256(KEY).hexdigest(), len(KEY), "file", "key.png")


# --- files that name other files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mkv", ""])
def test_playlists_open_neither_their_siblings_nor_addresses(
    client: Client, footage: dict[str, bytes], tmp_path: Path, suffix: str
) -> None:
    """The sibling is sound footage, or a FIFO that tells when it is opened; the address is a port that counts."""
    (tmp_path / "sibling.mp4").write_bytes(footage[".mp4"])
    with Lure() as lure, watched_fifo(tmp_path / "fifo.mp4") as opened:
        for kind, text in playlists("sibling.mp4", lure.url).items() | playlists("fifo.mp4", lure.url).items():
            path = tmp_path / f"playlist{suffix}"
            path.write_text(text)
            with pytest.raises(MediaError) as refused:
                probe(path)
            assert refused.value.code == "media_unreadable", kind
        for text in (playlists("sibling.mp4", lure.url)[kind] for kind in ("m3u8", "ffconcat")):
            path.write_text(text)
            assert job_on(client, path) == "media_unreadable"
        assert lure.visitors == 0 and not opened


def test_the_lures_do_tell(footage: dict[str, bytes], tmp_path: Path) -> None:
    """Without the sandbox's rules FFmpeg does open what a playlist names: the test above would see it."""
    (tmp_path / "sibling.mp4").write_bytes(footage[".mp4"])
    (tmp_path / "list.ffconcat").write_text("ffconcat version 1.0\nfile sibling.mp4\n")
    with av.open(str(tmp_path / "list.ffconcat"), options={"safe": "0"}) as opened_sibling:
        assert next(opened_sibling.decode(video=0)).width == 96
    with Lure() as lure, pytest.raises(av.FFmpegError):
        av.open(lure.url, timeout=2)
    assert lure.visitors > 0
    with watched_fifo(tmp_path / "fifo") as opened:
        with (tmp_path / "fifo").open("rb") as file:
            file.read()
        assert opened


def test_an_address_in_the_place_of_a_path_is_a_missing_file(client: Client, footage: dict[str, bytes], tmp_path: Path) -> None:
    sibling = tmp_path / "sibling.mp4"
    sibling.write_bytes(footage[".mp4"])
    with Lure() as lure:
        for address in addresses(sibling, lure.url):
            with pytest.raises(MediaError) as refused:
                probe(address)
            assert refused.value.code == "media_not_found", address
        assert job_on(client, Path(lure.url)) == "media_not_found"
        assert lure.visitors == 0


# --- sizes that lie --------------------------------------------------------------------------------------------------------------


def test_giants_are_refused_before_they_are_unpacked(client: Client, footage: dict[str, bytes], tmp_path: Path) -> None:
    files = giants() | {
        "mp4": claiming(footage[".mp4"], 65535, 65535),
        "no mp4 size": claiming(footage[".mp4"], 0, 0),
    }
    paths = []
    for name, data in files.items():
        paths.append(tmp_path / f"{name.replace(' ', '-')}.{name.split()[0]}")
        paths[-1].write_bytes(data)
    for path, result in zip(paths, timed(watched, paths), strict=True):
        # the sizes in an .mp4 are hearsay: the pictures say their own
        assert result.startswith("media_") or result == "ok 12" or path.name.startswith("png-with-more-rows"), (
            path.name,
            result,
        )
    for name in ("png", "png that unpacks to gigabytes", "jpg", "tif", "bmp"):
        with pytest.raises(MediaError) as refused:
            read_image(files[name])
        assert refused.value.code in ("media_too_large", "media_unreadable", "media_truncated"), name
    assert job_on(client, paths[0]).startswith("media_")


def test_the_largest_picture_that_is_taken_is_taken(tmp_path: Path) -> None:
    assert seen(png(4096, 4096, 4096, 0)) == "ok (4096, 4096, 3)"


# --- too little, and no end of it ------------------------------------------------------------------------------------------------


def test_zero_length_is_an_empty_file(client: Client, tmp_path: Path) -> None:
    for name in ("clip.mp4", "picture.png", "noname"):
        (tmp_path / name).touch()
        with pytest.raises(MediaError) as refused:
            probe(tmp_path / name)
        assert refused.value.code == "media_empty"
    assert job_on(client, tmp_path / "clip.mp4") == "media_empty"
    with pytest.raises(MediaError) as nothing:
        read_image(b"")
    assert nothing.value.code == "media_empty"


def test_files_without_end_are_given_up(client: Client, footage: dict[str, bytes], tmp_path: Path) -> None:
    """A terabyte of nothing behind a sound beginning, and zeros from a device."""
    paths = [Path("/dev/zero")]
    for suffix in (".mp4", ".ts", ".mkv", ".avi"):
        paths.append(tmp_path / f"endless{suffix}")
        with paths[-1].open("wb") as file:
            file.write(footage[suffix][: len(footage[suffix]) // 2])
            file.truncate(1 << 40)
    assert all(r.startswith(("media_", "ok")) for r in timed(watched, paths))
    assert job_on(client, paths[0]) == "media_not_regular"


def test_a_recording_that_goes_on_ends_in_a_clip_or_an_error(footage: dict[str, bytes], tmp_path: Path) -> None:
    with growing(tmp_path / "recording.ts", footage[".ts"]) as path:
        began = time.monotonic()
        assert watched(path).startswith(("ok", "media_"))
        assert time.monotonic() - began < CEILING_S


def test_no_child_is_left_behind() -> None:
    """After all of the above: nothing of ours still decodes."""
    gc.collect()

    def decoding() -> list[psutil.Process]:
        found = []
        for child in psutil.Process().children():
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if "keyfollow.media.sandbox_child" in child.cmdline():
                    found.append(child)
        return found

    deadline = time.monotonic() + 20
    while decoding() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not decoding()
