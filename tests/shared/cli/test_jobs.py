"""`keyfollow jobs`: list, attach from another client, cancel, retry, order, remove."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from keyfollow.media.reader import MediaReader
from keyfollow_testkit.daemons import Home
from keyfollow_testkit.faults import eventually


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_job_started_elsewhere_is_listed_attached_to_and_removed(kf: Home, clip: Path, edited: Path, tmp_path: Path) -> None:
    with kf.connect() as client:
        run = client.propagate(clip, keyframes={0: edited}, label="from python")
        done = kf.command("jobs", "attach", run.id[:10], "-o", str(tmp_path / "out.mkv"), "--json")
        assert done.returncode == 0, done.stderr
        assert lines(done.stdout)[-1]["event"] == "done"
        with MediaReader(tmp_path / "out.mkv") as reader:
            assert reader.info.frames == 12
        assert run.wait().frames == 12, "both clients see the end"
    job = next(j for j in lines(kf.command("jobs", "list", "--json").stdout) if j["id"] == run.id)
    assert job["state"] == "done" and job["label"] == "from python"
    assert run.id[:12] in kf.command("jobs", "list").stdout
    assert kf.command("jobs", "remove", run.id).returncode == 0
    assert kf.command("jobs", "cancel", run.id).returncode == 2


def test_paused_jobs_wait_can_be_reordered_and_cancelled(kf: Home, clip: Path, edited: Path) -> None:
    with kf.connect() as client:
        runs = [client.propagate(clip, keyframes={0: edited}, job=uuid.uuid4().hex) for _ in range(3)]
        for run in runs[1:]:
            kf.command("jobs", "pause", run.id)
        # a pause is answered at once; the state of a job that runs already follows when the worker has let go of it
        eventually(
            lambda: all(client.jobs.get(r.id).state in ("paused", "done") for r in runs[1:]), 60, "paused, or at their end"
        )
        runs[0].wait()
        last = client.jobs.get(runs[2].id)
        if last.state == "paused":
            assert kf.command("jobs", "move", runs[2].id, "--before", runs[1].id).returncode == 0
            order = [j.id for j in client.jobs.list()]
            assert order.index(runs[2].id) < order.index(runs[1].id)
            assert kf.command("jobs", "cancel", runs[2].id).returncode == 0
            assert client.jobs.get(runs[2].id).state == "cancelled"
            assert kf.command("jobs", "retry", runs[2].id).returncode == 0
        if client.jobs.get(runs[1].id).state == "paused":
            assert kf.command("jobs", "resume", runs[1].id).returncode == 0
        for run in runs:
            assert run.wait().frames == 12


def test_ids_that_mean_nothing_or_too_much(kf: Home) -> None:
    assert kf.command("jobs", "cancel", "nothing").returncode == 2
    assert kf.command("jobs", "cancel", "").returncode == 2
