"""Promise 3: the same request gives the same frames, bit for bit, and what was prepared once is never prepared again."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from keyfollow.client import Client
from keyfollow.engine_info import Report
from keyfollow_testkit.counts import count
from keyfollow_testkit.daemons import Home
from keyfollow_testkit.faults import Daemon

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


def propagated(client: Client, edit: dict[str, Any], **more: Any) -> tuple[dict[int, str], Report]:
    run = client.propagate(**edit, **more)
    frames = {frame.number: hashlib.sha256(frame.image.pixels.tobytes()).hexdigest() for frame in run}
    assert run.report is not None
    return frames, run.report


def test_reruns_from_the_handle_invert_nothing_and_give_equal_frames(kf: Home, edit: dict[str, Any]) -> None:
    with Daemon(kf), kf.connect() as client:
        first, report = propagated(client, edit)
        assert report.cache_misses == 11 and report.cache is not None
        for _ in range(count("reruns")):
            frames, again = propagated(client, edit, cache=report.cache)
            assert frames == first
            assert (again.cache_hits, again.cache_misses, again.cache) == (11, 0, report.cache)
        assert len({client.takes.recipe(take.id)["request"]["seed"] for take in client.takes.list()}) == 1


def test_neither_a_new_daemon_nor_an_emptied_cache_changes_a_frame(kf: Home, edit: dict[str, Any]) -> None:
    with Daemon(kf), kf.connect() as client:
        first, report = propagated(client, edit)
    with Daemon(kf), kf.connect() as client:
        assert report.cache is not None
        found, again = propagated(client, edit)
        client.caches.delete(report.cache)
        anew, made = propagated(client, edit)
    assert found == anew == first
    assert (again.cache_misses, made.cache_misses) == (0, 11)


def test_another_request_is_not_served_with_these_frames(kf: Home, edit: dict[str, Any]) -> None:
    with Daemon(kf), kf.connect() as client:
        first, _ = propagated(client, edit)
        weaker, report = propagated(client, edit, settings={"strength": 0.5})
        assert report.cache_misses == 0, "strength does not matter to the inversion"
        assert all(weaker[n] != first[n] for n in range(1, 12))
        _, draft = propagated(client, edit, quality="draft")
        assert draft.cache_misses == 11, "drafts are analysed at half size"
