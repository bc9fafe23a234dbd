"""Promise 5: no code from data. (Model folders join with the first engine that has weights.)"""

from __future__ import annotations

import ast
import hashlib
import io
import shutil
import struct
import subprocess
import sys
import tomllib
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from keyfollow import connection, deltas, sealed, wire
from keyfollow.client import Client
from keyfollow.edits import Blob, Clip, EditRequest, Keyframe, Mask
from keyfollow.engine_info import Job
from keyfollow.errors import KeyfollowError
from keyfollow.frames import FrameBuffer
from keyfollow.requests import PackedPicture, pack_picture
from keyfollow.wire import CONTROL, DATA
from keyfollow_daemon.cache.manifest import handle_id
from keyfollow_testkit import clips
from keyfollow_testkit.counts import count
from keyfollow_testkit.faults_files import disguised, pickles
from keyfollow_testkit.faults_wire import Peer, Target, target

pytestmark = pytest.mark.faults
ROOT = Path(__file__).parents[2]
Form = Literal["file", "frame"]


@pytest.fixture(scope="module")
def kf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with target(tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(scope="module")
def client(kf: Target) -> Iterator[Client]:
    with kf.home.connect() as made:
        yield made


@pytest.fixture
def marker(tmp_path: Path) -> Iterator[Path]:
    """The file that appears when any of the pickles is loaded; it must not."""
    path = tmp_path / "code-ran"
    yield path
    assert not path.exists(), "data became code"


def attacks(marker: Path) -> list[tuple[str, bytes]]:
    """File names and contents: all pickles bare, then in all disguises."""
    bare, every = pickles(marker), [disguised(p) for p in pickles(marker)]
    dressed = [(name, data) for n, name in enumerate(every[0]) for data in [every[n % len(bare)][name]]]
    return (dressed + [(f"{n}.pt", data) for n, data in enumerate(bare)] * 3)[: count("pickles")]


def framed(head: bytes) -> bytes:
    """`head` as that of a packed frame whose checksum is right."""
    front = deltas.MAGIC + struct.pack("<I", len(head)) + head
    front += bytes(-len(front) % deltas.ALIGN)
    return front + hashlib.sha256(front).digest()


def put(client: Client, data: bytes, form: Form, name: str) -> Blob:
    return client.put(PackedPicture(data, Blob(hashlib.sha256(data).hexdigest(), len(data), form, name)))


def picture(client: Client, level: int) -> Blob:
    return client.put(pack_picture(np.full((16, 16, 3), level, np.uint8)))


def ended(client: Client, request: EditRequest) -> Job:
    """The job of `request` at its end."""
    job = client.ask(wire.Submit(uuid.uuid4().hex, request), wire.JobIs).job
    with suppress(KeyfollowError):
        client.jobs.attach(job.id).wait()
    return client.jobs.get(job.id)


def assert_refused(job: Job, *codes: str) -> None:
    assert job.state == "failed" and job.failure is not None
    assert job.failure.code in codes, job.failure


def test_the_pickles_do_run_code_where_they_are_loaded(tmp_path: Path) -> None:
    """Otherwise nothing below would show anything."""
    for n, data in enumerate(pickles(tmp_path / "ran")):
        load = "import pickle, sys; pickle.loads(sys.stdin.buffer.read())"
        subprocess.run([sys.executable, "-c", load], input=data, capture_output=True, timeout=30, check=False)
        assert (tmp_path / "ran").exists(), f"pickle {n}"
        (tmp_path / "ran").unlink()


@pytest.mark.parametrize("place", ["keyframe", "packed keyframe", "framed keyframe", "mask", "uploaded frame"])
def test_as_a_picture_it_is_a_damaged_picture(client: Client, marker: Path, place: str) -> None:
    sound = [picture(client, level) for level in (40, 41)]
    for name, data in attacks(marker):
        masks: tuple[Mask, ...] = ()
        keyframe, frames = picture(client, 90), sound
        match place:
            case "keyframe":
                keyframe = put(client, data, "file", name)
            case "packed keyframe":
                keyframe = put(client, data, "frame", name)
            case "framed keyframe":
                keyframe = put(client, framed(data), "frame", name)
            case "mask":
                masks = (Mask("edit", 0, put(client, data, "file", name)),)
            case "uploaded frame":
                frames = [sound[0], put(client, framed(data), "frame", name)]
        request = EditRequest(Clip(frames=tuple(frames), rate=(24, 1)), (Keyframe(0, keyframe),), masks)
        assert_refused(ended(client, request), "media_unreadable", "corrupt_frame")


def test_as_a_clip_or_a_mask_video_it_is_unreadable(client: Client, marker: Path, tmp_path: Path) -> None:
    frames = tuple(picture(client, level) for level in (40, 41))
    keyframes = (Keyframe(0, picture(client, 90)),)
    for name, data in attacks(marker):
        for suffix in ("", ".mp4"):
            path = tmp_path / (name + suffix)
            path.write_bytes(data)
            assert_refused(ended(client, EditRequest(Clip(str(path)), keyframes)), "media_unreadable")
            video = (Mask("edit", video=str(path)),)
            assert_refused(ended(client, EditRequest(Clip(frames=frames, rate=(24, 1)), keyframes, video)), "media_unreadable")


def test_as_a_cache_entry_it_is_a_missing_entry(kf: Target, client: Client, marker: Path, tmp_path: Path) -> None:
    clip = clips.write_clip(tmp_path / "clip.mp4", clips.moving_patch(4))
    edit: dict[str, Any] = {"keyframes": {0: np.full((64, 96, 3), 90, np.uint8)}}
    assert client.propagate(clip, **edit).wait().cache_misses == 3
    for _, data in attacks(marker):
        for entry in kf.home.paths.inversions.glob("entries/*/*.kfi"):
            entry.write_bytes(data + hashlib.sha256(data).digest())
        again = client.propagate(clip, **edit).wait()
        assert (again.cache_hits, again.cache_misses, again.frames) == (0, 3, 4)
    for entry in kf.home.paths.inversions.glob("entries/*/*.kfi"):
        entry.write_bytes(data)
    assert client.propagate(clip, **edit).wait().cache_misses == 3


def archive_with(name: str, data: bytes) -> bytes:
    """A cache archive of the right form, with `data` as its one entry (right checksum) or as its manifest."""
    key = "ab" * 32
    manifest = {
        "id": handle_id("patch", (key,)),
        "engine": "patch",
        "source": "clip",
        "prepared_from": "clip",
        "start": 0,
        "stop": 2,
        "keys": [key],
        "seconds": 1.0,
        "created": 1.0,
        "last_used": 1.0,
        "format": 1,
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        out.writestr("manifest.json", data if name == "manifest" else sealed.seal(manifest))
        out.writestr(f"{key}.kfi", data + hashlib.sha256(data).digest())
    return made.getvalue()


@pytest.mark.parametrize("place", ["archive", "manifest", "entry"])
def test_as_a_cache_archive_it_is_refused_or_never_used(client: Client, marker: Path, place: str) -> None:
    for name, data in attacks(marker):
        archive = data if place == "archive" else archive_with(place, data)
        blob = put(client, archive, "file", name)
        try:
            taken = client.ask(wire.CacheAction("import", blob=blob.sha256), wire.CacheIs).cache
        except KeyfollowError as e:
            assert e.code == "bad_archive"
        else:
            assert place == "entry", "an entry of unknown content is opened, as safetensors, by the engine that wants it"
            client.caches.delete(taken.id)


def test_as_a_finished_frame_it_is_a_corrupt_frame(kf: Target, client: Client, marker: Path) -> None:
    frames = tuple(picture(client, level) for level in (40, 41))
    job = ended(client, EditRequest(Clip(frames=frames, rate=(24, 1)), (Keyframe(0, picture(client, 90)),)))
    assert job.state == "done" and job.take
    take = kf.home.paths.takes / job.take
    sound = {path: path.read_bytes() for path in take.rglob("*") if path.is_file()}
    for n, (_, data) in enumerate(attacks(marker)):
        for path in (take / "frames").iterdir():
            path.write_bytes(framed(data) if n % 2 else data)
        for by in ("path", "bytes"):
            client.frames_by = "path" if by == "path" else "bytes"
            with pytest.raises(KeyfollowError) as refused:
                list(client.takes.frames(job.take))
            assert refused.value.code == "corrupt_frame"
    client.frames_by = "path"
    for path, whole in sound.items():
        path.write_bytes(whole)
    for name in ("take.json", "recipe.json", "report.json", "manifest.json"):
        for _, data in attacks(marker):
            (take / name).write_bytes(data)
            with suppress(KeyfollowError):
                client.takes.get(job.take)
            with suppress(KeyfollowError):
                client.takes.claim(job.take, marker.parent / "project")
            assert not (marker.parent / "project" / job.take).exists(), f"a take whose {name} is damaged is never handed over"
        (take / name).write_bytes(sound[take / name])
    shutil.rmtree(take)


def test_as_a_message_it_is_refused(kf: Target, marker: Path) -> None:
    with Peer(kf.connection) as peer:
        peer.hello()
        for _, data in attacks(marker):
            for channel in (CONTROL, DATA):
                peer.send(channel, [data])
                answer = peer.receive(channel)
                assert answer is not None and isinstance(answer.body, wire.Refused) and answer.body.code == "bad_message"


def test_as_a_connection_file_it_means_no_daemon(marker: Path, tmp_path: Path) -> None:
    for name, data in attacks(marker):
        path = tmp_path / name
        path.write_bytes(data)
        path.chmod(0o600)
        assert connection.read(path) is None


def test_as_bytes_of_a_picture_it_is_refused_by_the_client_too(marker: Path) -> None:
    for _, data in attacks(marker):
        for given in (PackedPicture(data, Blob("", 0, "file")), PackedPicture(framed(data), Blob("", 0, "frame"))):
            with pytest.raises(KeyfollowError) as refused:
                given.decode()
            assert refused.value.code in ("media_unreadable", "corrupt_frame")
    assert isinstance(pack_picture(np.zeros((4, 4, 3), np.uint8)).decode(), FrameBuffer)


# --- our own code ------------------------------------------------------------------------------------------------------------

BANNED = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
SOURCES = [p for part in ("shared", "daemon", "desktop_app", "blender_addon") for p in (ROOT / part).rglob("*.py")]


def reached(source: Path) -> set[str]:
    """Every dotted name that a module imports or calls, as far as its text tells."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            names |= {name, f"builtins.{name}"}
            if name in ("__import__", "import_module", "importlib.import_module") and isinstance(node.args[0], ast.Constant):
                names.add(str(node.args[0].value))
    return names


def test_no_module_of_ours_reaches_for_what_runs_data_as_code() -> None:
    """Also where a `# noqa` would silence the linter. `jsonpickle`, `joblib` and `yaml.load` are pickles by other names."""
    banned = {*BANNED, "yaml.load", "joblib", "jsonpickle", "np.load", "torch.jit.load", "runpy"}
    assert {"pickle", "torch.load", "numpy.load", "builtins.eval", "builtins.exec"} <= banned
    assert len(SOURCES) > 50
    found = {
        str(p.relative_to(ROOT)): sorted(n for n in reached(p) if n in banned or n.split(".")[0] in banned) for p in SOURCES
    }
    assert not {where: names for where, names in found.items() if names}
