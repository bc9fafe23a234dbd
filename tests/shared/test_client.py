"""The SDK against a real daemon."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keyfollow
import pytest
from keyfollow import session
from keyfollow.client import Client
from keyfollow.engine_info import Job
from keyfollow.errors import Cancelled, DaemonError, UsageError
from keyfollow.run import EditedFrame
from keyfollow.wire import CONTROL
from keyfollow_testkit import clips
from keyfollow_testkit.daemons import Home, home


@pytest.fixture(scope="module")
def kf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with pytest.MonkeyPatch.context() as patch, home(tmp_path_factory.mktemp("home"), patch) as made:
        yield made


@pytest.fixture
def client(kf: Home) -> Iterator[Client]:
    with kf.connect() as made:
        yield made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "c.mkv"
    return clips.write_clip(path, clips.moving_patch(10), codec="ffv1", pixel_format="bgr0")


KEY = clips.recoloured(clips.moving_patch(1)[0], clips.patch_mask(0))


def test_frames_come_as_they_are_finished_from_the_keyframe_outward(client: Client, clip: Path) -> None:
    source = clips.moving_patch(10)
    key = clips.recoloured(source[6], clips.patch_mask(6))
    run = client.propagate(clip, keyframes={6: key})
    frames = list(run)
    assert frames[0].number == 6 and sorted(f.number for f in frames) == list(range(10))
    for frame in frames:
        assert frame.image.pixels.shape == (64, 96, 3)
        assert (frame.image.pixels[:, 75:] == source[frame.number][:, 75:]).all()
    assert run.report is not None and run.report.frames == 10 and run.job.state == "done"
    again = list(client.takes.frames(run.take))
    assert [f.number for f in again] == list(range(10))
    by_number = {f.number: f for f in frames}
    assert all((f.image.pixels == by_number[f.number].image.pixels).all() for f in again)


def test_source_order_and_bytes_give_the_same(client: Client, clip: Path) -> None:
    client.frames_by = "bytes"
    run = client.propagate(clip, keyframes={0: KEY}, order="source")
    sent = list(run)
    assert [f.number for f in sent] == list(range(10))
    client.frames_by = "path"
    for a, b in zip(sent, client.takes.frames(run.take), strict=True):
        assert (a.image.pixels == b.image.pixels).all()


def test_frames_from_memory(client: Client) -> None:
    frames = clips.moving_patch(4)
    made = {f.number: f.image.pixels for f in client.propagate(frames, keyframes={0: KEY}, rate=(25, 1))}
    assert (made[0] == KEY).all() and (made[3][:, 75:] == frames[3][:, 75:]).all()


def test_the_same_job_id_runs_once(client: Client, clip: Path) -> None:
    id = uuid.uuid4().hex
    one = client.propagate(clip, keyframes={0: KEY}, job=id)
    two = client.propagate(clip, keyframes={0: KEY}, job=id)
    assert one.take == two.take and one.wait() == two.wait()
    assert [j.id for j in client.jobs.list()].count(id) == 1


def test_events_hold_frames_and_progress(client: Client, clip: Path) -> None:
    seen = list(client.propagate(clip, keyframes={0: KEY}).events())
    assert sum(isinstance(e, EditedFrame) for e in seen) == 10
    assert any(isinstance(e, Job) and e.progress is not None for e in seen)


def test_many_threads_share_one_client(client: Client, clip: Path) -> None:
    done: list[int] = []

    def work() -> None:
        for _ in range(5):
            client.status()
        done.append(len(list(client.propagate(clip, keyframes={0: KEY}))))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert done == [10] * 4


def test_a_cancelled_run_says_so(client: Client, clip: Path) -> None:
    waiting = [client.propagate(clip, keyframes={0: KEY}) for _ in range(3)]
    waiting[2].cancel()
    with pytest.raises(Cancelled):
        list(waiting[2])
    for run in waiting[:2]:
        run.wait()


def test_mistakes_are_found_before_anything_is_submitted(client: Client, clip: Path) -> None:
    before = len(client.jobs.list())
    for wrong in (
        {"keyframes": {99: KEY}},
        {"keyframes": {0: KEY[:10]}},
        {"keyframes": {0: KEY}, "engine": "magic"},
        {"keyframes": {0: KEY}, "settings": {"magic": 1}},
        {"keyframes": {0: KEY}, "range": (4, 4)},
    ):
        with pytest.raises(UsageError) as refused:
            client.propagate(clip, **wrong)
        assert refused.value.remedy
    assert len(client.jobs.list()) == before


def test_a_draft_that_was_got_ready_for_begins_where_someone_looks(client: Client, tmp_path: Path) -> None:
    source = clips.moving_patch(20)
    clip = clips.write_clip(tmp_path / "c.mkv", source, codec="ffv1", pixel_format="bgr0")
    client.prepare(clip, near=12)
    key = clips.recoloured(source[6], clips.patch_mask(6))
    frames = list(client.propagate(clip, keyframes={6: key}, quality="draft", near=12))
    assert {f.number for f in frames[:5]} == {10, 11, 12, 13, 14} and sorted(f.number for f in frames) == list(range(20))


def test_an_estimate(client: Client, clip: Path) -> None:
    assert client.estimate(clip, keyframes={0: KEY}, range=(0, 4)).frames == 4


def test_a_daemon_that_is_killed_is_started_again_and_the_run_goes_on(client: Client, clip: Path) -> None:
    run = client.propagate(clip, keyframes={0: KEY})
    os.kill(client.status().pid, signal.SIGKILL)
    frames = [f.number for f in run]
    assert sorted(frames) == list(range(10)) and len(frames) == 10
    assert run.report is not None


def test_who_watches_everything_hears_of_other_clients_jobs_and_of_the_connection(kf: Home, client: Client, clip: Path) -> None:
    heard: queue.SimpleQueue[session.Event] = queue.SimpleQueue()
    with client.watching(None, heard.put), kf.connect() as other:
        client.status()
        run = other.propagate(clip, keyframes={0: KEY}, range=(0, 2))
        run.wait()
        states: list[str] = []
        while not states or states[-1] != "done":
            event = heard.get(timeout=60)
            if isinstance(event, session.JobEvent) and event.id == run.id and event.job is not None:
                states.append(event.job.state)
        found = kf.running()
        assert found is not None
        os.kill(found.pid, signal.SIGKILL)
        kinds: list[type] = []
        while session.Opened not in kinds:
            kinds.append(type(heard.get(timeout=60)))
        assert session.Lost in kinds


def test_without_a_daemon_and_not_allowed_to_start_one(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch, home(tmp_path, patch), pytest.raises(DaemonError) as refused:
        keyfollow.connect(start=False)
    assert refused.value.code == "no_daemon" and refused.value.exit_status == 3


def test_a_daemon_that_was_stopped_stays_stopped(kf: Home, clip: Path) -> None:
    with kf.connect() as waiting, kf.connect() as other:
        run = waiting.propagate(clip, keyframes={0: KEY})
        other.shutdown()
        with pytest.raises(DaemonError) as stopped:
            for _ in range(100):
                waiting.status()
                time.sleep(0.05)
        assert stopped.value.code == "daemon_stopped"
    with kf.connect() as again:
        assert again.jobs.attach(run.id).wait().frames == 10, "the job goes on when it is started again"


def test_a_closed_client_says_so(kf: Home) -> None:
    client = kf.connect()
    client.close()
    with pytest.raises(DaemonError) as refused:
        client.status()
    assert refused.value.code == "closed"


def test_importing_the_package_is_light() -> None:
    began = time.perf_counter()
    import subprocess
    import sys

    code = "import sys, keyfollow; keyfollow.connect; print([m for m in ('torch', 'cv2', 'av', 'PySide6') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]" and time.perf_counter() - began < 20


def test_what_leads_to_a_new_connection_is_the_last_that_is_read_from_the_old_one() -> None:
    class Gone:
        closed = False

        def recv_multipart(self, flags: int, copy: bool) -> list[Any]:
            assert not self.closed
            return []

    socket: Any = Gone()
    client: Any = Client.__new__(Client)
    client._session = SimpleNamespace(receive=lambda *_: [session.Lost()])
    client._reconnect = lambda: setattr(socket, "closed", True)
    client._drain(CONTROL, socket)
    assert socket.closed
