"""What the worker is told about a job crosses the process boundary, and names every blob it needs."""

from __future__ import annotations

import msgpack
from keyfollow.edits import Blob, Clip, EditRequest, Keyframe, Mask
from keyfollow.plain import from_plain, to_plain
from keyfollow_daemon.jobs.run import Run, blobs_of


def blob(n: int) -> Blob:
    return Blob(f"{n:064x}", 10)


REQUEST = EditRequest(
    Clip(frames=(blob(1), blob(2), blob(1)), rate=(24, 1)),
    keyframes=(Keyframe(0, blob(3)), Keyframe(1, blob(4))),
    masks=(Mask("edit", frame=0, image=blob(5)), Mask("protect", video="/m.mkv")),
)


def test_every_blob_of_a_request_is_named() -> None:
    assert blobs_of(REQUEST) == {blob(n).sha256 for n in range(1, 6)}
    assert blobs_of(EditRequest(Clip("/a.mp4"))) == set()


def test_a_run_is_plain_data() -> None:
    run = Run("job-1", "take-1", REQUEST, "/i", 1 << 40, "/t", "/b", 1 << 30, "/c", {"created": 1.5, "job": "job-1"})
    assert from_plain(Run, msgpack.unpackb(msgpack.packb(to_plain(run)))) == run
