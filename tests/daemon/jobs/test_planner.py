"""Estimates before a run."""

from __future__ import annotations

import numpy as np
import pytest
from keyfollow import deltas
from keyfollow.edits import Blob, Clip, EditRequest, Keyframe
from keyfollow.engine_info import CacheInfo
from keyfollow.errors import ModelMissing, StorageError, UsageError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.engines import device
from keyfollow_daemon.jobs.planner import describe, estimate
from keyfollow_testkit import clips
from keyfollow_testkit.diffusion import MODEL


class NoBlobs:
    def open(self, sha256: str) -> bytes:
        raise StorageError("blob_missing", "It is not here.", "Send it.")


NONE = NoBlobs()
KEY = (Keyframe(0, Blob("0" * 64, 1)),)


class Known:
    """Caches as given."""

    def __init__(self, *spans: tuple[int, int], entries: int = 5) -> None:
        self._caches = [CacheInfo(str(a), "patch", "c", a, b, entries, 1, 1.0, 0.0, 0.0) for a, b in spans]

    def of_source(self, engine: str, identity: str) -> list[CacheInfo]:
        return self._caches


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    path = tmp_path_factory.mktemp("clip") / "c.mkv"
    return Clip(path=str(clips.write_clip(path, clips.moving_patch(6), codec="ffv1", pixel_format="bgr0")))


def test_longer_costs_more(clip: Clip) -> None:
    long = estimate(EditRequest(clip, KEY), Known(), NONE)
    short = estimate(EditRequest(clip, KEY, range=FrameRange(0, 2)), Known(), NONE)
    assert (long.frames, short.frames) == (6, 2)
    assert long.seconds > short.seconds > 0 and long.disk_bytes > short.disk_bytes > 0 and long.ram_bytes > 0


def test_what_is_prepared_is_counted_once(clip: Clip) -> None:
    assert estimate(EditRequest(clip, KEY), Known((0, 3), (2, 4)), NONE).frames_prepared == 4
    assert estimate(EditRequest(clip, KEY, range=FrameRange(3, 6)), Known((0, 4)), NONE).frames_prepared == 1
    assert estimate(EditRequest(clip, KEY), Known((0, 6), entries=0), NONE).frames_prepared == 0


def test_uploaded_frames_have_a_price_too() -> None:
    class Blobs:
        def open(self, sha256: str) -> bytes:
            return deltas.pack(0, FrameBuffer(np.zeros((64, 96, 3), np.uint8)))

    clip = Clip(frames=tuple(Blob(str(n) * 64, 1) for n in range(4)))
    assert estimate(EditRequest(clip, KEY), Known(), Blobs()).frames == 4
    with pytest.raises(StorageError):
        estimate(EditRequest(clip, KEY), Known(), NONE)


def test_impossible_requests_have_no_price(clip: Clip) -> None:
    with pytest.raises(UsageError):
        estimate(EditRequest(clip, KEY, range=FrameRange(0, 7)), Known(), NONE)
    with pytest.raises(UsageError):
        describe("magic")


def test_a_run_without_its_weights_has_no_price(clip: Clip) -> None:
    with pytest.raises(ModelMissing, match="sdxl-depth"):
        estimate(EditRequest(clip, KEY, engine="pix2video", model="sdxl-depth"), Known(), NONE)


def test_the_price_is_that_of_the_device_which_the_worker_takes(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = {}
    for kind in ("cpu", "cuda"):
        monkeypatch.setattr(device, "best", lambda kind=kind: kind)
        costs[kind] = estimate(EditRequest(clip, KEY, engine="pix2video", model=MODEL), Known(), NONE)
    assert costs["cpu"].vram_bytes == 0 < costs["cuda"].vram_bytes
    assert costs["cuda"].seconds < costs["cpu"].seconds / 100
