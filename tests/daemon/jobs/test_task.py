"""One run in this process: what the worker does, with real files and stores."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keyfollow import deltas
from keyfollow.edits import Blob, Clip, EditRequest, Keyframe, Mask
from keyfollow.engine_info import Report
from keyfollow.errors import KeyfollowError, ModelMissing
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.plain import from_plain, to_plain
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_daemon.engines import registry
from keyfollow_daemon.engines.patch.engine import PatchEngine
from keyfollow_daemon.engines.patch.inversion import PatchInversion
from keyfollow_daemon.executors.base import Stopped, Why
from keyfollow_daemon.jobs.run import Run
from keyfollow_daemon.jobs.task import PhaseClock, TaskContext, run
from keyfollow_daemon.media.blobs import BlobStore
from keyfollow_daemon.takes.store import TakeStore
from keyfollow_testkit import clips
from keyfollow_testkit.diffusion import MODEL


class Listener:
    """A link that remembers what was said, and asks to stop after so many frames."""

    def __init__(self, stop_after: int | None = None, why: Why = "pause") -> None:
        self.said: list[dict[str, Any]] = []
        self.plan = 0
        self._stop_after, self._why = stop_after, why

    def stop_asked(self) -> Why | None:
        return self._why if self._stop_after is not None and len(self.frames) >= self._stop_after else None

    def say(self, data: Mapping[str, Any]) -> None:
        self.said.append(dict(data))

    @property
    def frames(self) -> list[int]:
        return [d["frame"] for d in self.said if d["kind"] == "frame"]

    @property
    def phases(self) -> set[str]:
        return {d["phase"] for d in self.said if d["kind"] == "progress"}


class Desk:
    """A storage root and a way to run requests on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.blobs = BlobStore(root / "blobs", 1 << 24)
        self.takes = TakeStore(root / "takes")

    def blob(self, data: bytes, form: str = "frame") -> Blob:
        name = hashlib.sha256(data).hexdigest()
        if self.blobs.begin(name, len(data)) < len(data):
            self.blobs.append(name, 0, data)
            self.blobs.take_whole(name)()
        return Blob(name, len(data), "frame" if form == "frame" else "file")

    def picture(self, pixels: Any) -> Blob:
        return self.blob(deltas.pack(0, FrameBuffer(np.ascontiguousarray(pixels))))

    def run(
        self, request: EditRequest, listener: Listener | None = None, take: str = "take-1", near: int | None = None
    ) -> Report:
        spec = Run(
            near=near,
            job="job-1",
            take=take,
            request=request,
            inversions=str(self.root / "inversions"),
            inversion_quota=1 << 30,
            takes=str(self.root / "takes"),
            blobs=str(self.root / "blobs"),
            largest_blob=1 << 24,
            checkpoints=str(self.root / "checkpoints"),
            meta={"job": "job-1", "source": "clip", "engine": request.engine, "quality": request.quality, "created": 1.0},
        )
        return from_plain(Report, run(to_plain(spec), listener or Listener())["report"])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.write_clip(tmp_path_factory.mktemp("clip") / "c.mkv", clips.moving_patch(6), codec="ffv1", pixel_format="bgr0")


def request(desk: Desk, clip: Path, **more: Any) -> EditRequest:
    key = desk.picture(clips.recoloured(clips.moving_patch(1)[0], clips.patch_mask(0)))
    return EditRequest(Clip(path=str(clip)), (Keyframe(0, key),), **more)


def test_a_run_says_where_it_is_and_leaves_a_complete_take(desk: Desk, clip: Path) -> None:
    listener = Listener()
    report = desk.run(request(desk, clip), listener)
    assert listener.phases >= {"Reading", "Preparing", "Propagating"}
    assert sorted(listener.frames) == list(range(6)) == desk.takes.frames("take-1")
    assert desk.takes.get("take-1").complete and desk.takes.get("take-1").report == report
    assert (report.cache_hits, report.cache_misses, report.frames) == (0, 5, 6) and report.cache


def test_a_stopped_run_goes_on_from_its_finished_frames(desk: Desk, clip: Path) -> None:
    whole = Desk(desk.root / "whole")
    whole.run(request(whole, clip))
    with pytest.raises(Stopped) as stopped:
        desk.run(request(desk, clip), Listener(stop_after=2))
    assert stopped.value.why == "pause"
    made = set(desk.takes.frames("take-1"))
    assert 2 <= len(made) < 6
    times = {n: desk.takes.frame_path("take-1", n).stat().st_mtime_ns for n in made}
    listener = Listener()
    report = desk.run(request(desk, clip), listener)
    assert report.frames == 6 and sorted(listener.frames) == list(range(6))
    assert {n: desk.takes.frame_path("take-1", n).stat().st_mtime_ns for n in made} == times, (
        "finished frames are not made again"
    )
    for n in range(6):
        assert desk.takes.frame_path("take-1", n).read_bytes() == whole.takes.frame_path("take-1", n).read_bytes()


def test_a_draft_begins_where_someone_looks_and_comes_out_the_same(tmp_path: Path) -> None:
    pictures = clips.moving_patch(26)
    clip = clips.write_clip(tmp_path / "c.mkv", pictures, codec="ffv1", pixel_format="bgr0")
    plain, asked = Desk(tmp_path / "plain"), Desk(tmp_path / "asked")
    reports = {}
    for desk, near in ((plain, None), (asked, 14)):
        keys = tuple(Keyframe(n, desk.picture(clips.recoloured(pictures[n], clips.patch_mask(n)))) for n in (12, 20))
        listener = Listener()
        reports[near] = desk.run(EditRequest(Clip(path=str(clip)), keys, quality="draft"), listener, near=near)
        order = listener.frames
    assert set(order[:5]) == {12, 13, 14, 15, 16} and set(order[5:17]) == {*range(6, 12), *range(17, 23)}
    for n in range(26):
        assert asked.takes.frame_path("take-1", n).read_bytes() == plain.takes.frame_path("take-1", n).read_bytes()
    told = [(d["done"], d["total"]) for d in listener.said if d.get("phase") == "Propagating"]
    assert told == sorted(told) and told[-1] == (26, 26), "one piece of work, to whoever watches"
    assert (
        (reports[14].cache_hits, reports[14].cache_misses) == (reports[None].cache_hits, reports[None].cache_misses) == (0, 25)
    )


def test_a_take_that_is_complete_is_reported_again_not_made_again(desk: Desk, clip: Path) -> None:
    first = desk.run(request(desk, clip))
    assert desk.run(request(desk, clip)) == first


def test_a_changed_source_is_not_mixed_with_finished_frames(desk: Desk, clip: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.mkv"
    own.write_bytes(clip.read_bytes())
    with pytest.raises(Stopped):
        desk.run(request(desk, own), Listener(stop_after=2))
    clips.write_clip(own, clips.moving_patch(6, seed=5), codec="ffv1", pixel_format="bgr0")
    with pytest.raises(KeyfollowError):
        desk.run(request(desk, own))


def test_uploaded_frames_come_back_whole(desk: Desk) -> None:
    frames = clips.moving_patch(4)
    key = desk.picture(clips.recoloured(frames[0], clips.patch_mask(0)))
    clip = Clip(frames=tuple(desk.picture(f) for f in frames), rate=(25, 1))
    report = desk.run(EditRequest(clip, (Keyframe(0, key),)))
    assert report.frames == 4
    delta = desk.takes.read("take-1", 3)
    assert delta.tiles is None and (delta.compose(None).pixels[:, 70:] == frames[3][:, 70:]).all()


def test_a_keyframe_outside_the_range_still_drives_it(desk: Desk, clip: Path) -> None:
    report = desk.run(request(desk, clip, range=FrameRange(3, 5)))
    assert report.frames == 2 and report.changed_share > 0
    assert desk.takes.frames("take-1") == [3, 4]


def test_a_mask_is_held_to(desk: Desk, clip: Path) -> None:
    mask = np.zeros((64, 96, 3), np.uint8)
    mask[20:40, 5:30] = 255
    report = desk.run(request(desk, clip, masks=(Mask("edit", frame=0, image=desk.picture(mask)),)))
    assert report.changed_outside_mask == 0 and not report.automatic_mask
    protected = desk.run(request(desk, clip, masks=(Mask("protect", frame=0, image=desk.picture(mask)),)), take="take-2")
    assert protected.changed_outside_mask == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"range": FrameRange(2, 7)}, "frame_out_of_range"),
        ({"engine": "magic"}, "unknown_engine"),
        ({"settings": {"magic": 1}}, "unknown_setting"),
        ({"clip": Clip()}, "bad_clip"),
        ({"clip": Clip(path="/nowhere/clip.mp4")}, "media_not_found"),
        ({"keyframes": ()}, "no_keyframe"),
        ({"keyframes": (Keyframe(0, Blob("0" * 64, 10)),)}, "blob_missing"),
    ],
)
def test_wrong_requests_fail_with_their_code_and_leave_no_take(
    desk: Desk, clip: Path, change: dict[str, Any], code: str
) -> None:
    fields = {f: getattr(request(desk, clip), f) for f in ("clip", "keyframes", "engine", "settings")}
    with pytest.raises(KeyfollowError) as refused:
        desk.run(EditRequest(**{**fields, **change}))
    assert refused.value.code == code
    assert desk.takes.list() == []


def test_a_keyframe_of_another_size_is_refused(desk: Desk, clip: Path) -> None:
    key = Keyframe(0, desk.picture(np.zeros((10, 10, 3), np.uint8)))
    with pytest.raises(KeyfollowError) as refused:
        desk.run(EditRequest(Clip(path=str(clip)), (key,)))
    assert refused.value.code == "wrong_size" and "10x10" in refused.value.message


def test_checkpoints_are_found_again_and_go_with_the_end_of_the_run(desk: Desk, clip: Path, tmp_path: Path) -> None:
    stores = InversionStore(tmp_path / "a", 1 << 20), InversionStore(tmp_path / "checkpoints" / "job-1", 1 << 20)
    context = TaskContext(Listener(), *stores)
    context.checkpoint("latents", {"x": np.arange(3.0)})
    kept = context.restore("latents")
    assert kept is not None and kept["x"].tolist() == [0, 1, 2] and context.restore("other") is None
    desk.run(request(desk, clip))
    assert not (tmp_path / "checkpoints" / "job-1").exists()


def test_progress_is_told_at_a_bounded_rate_with_an_end(tmp_path: Path) -> None:
    listener = Listener()
    store = InversionStore(tmp_path, 1 << 20)
    context = TaskContext(listener, store, store)
    for n in range(1001):
        context.progress("Preparing", n, 1000)
    assert 2 <= len(listener.said) < 50 and listener.said[-1]["done"] == 1000


def test_what_was_done_before_counts_for_the_share_but_not_for_the_time_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = Listener()
    store = InversionStore(tmp_path, 1 << 20)
    context = TaskContext(listener, store, store)
    now = 100.0
    monkeypatch.setattr("keyfollow_daemon.jobs.task.time.monotonic", lambda: now)
    for done in (40, 42):
        context.progress("Propagating", done, 50)
        now += 4.0
    assert [(d["done"], d["eta_s"]) for d in listener.said] == [(40, None), (42, 16.0)]


def test_what_an_engine_notes_is_told_once_and_kept_with_the_take(
    desk: Desk, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Short(PatchEngine):
        def invert(self, frames: Any, span: Any, spec: Any, ctx: Any) -> PatchInversion:
            for _ in range(2):
                ctx.note("Memory is short.")
            return super().invert(frames, span, spec, ctx)

    monkeypatch.setattr(registry, "load", lambda engine: Short())
    listener = Listener()
    report = desk.run(request(desk, clip), listener)
    assert [d["text"] for d in listener.said if d["kind"] == "note"] == ["Memory is short."]
    assert report.notes == ("Memory is short.",) == desk.takes.get("take-1").report.notes  # type: ignore[union-attr]


def test_weights_that_are_read_for_the_first_time_are_a_phase_that_can_be_stopped(
    desk: Desk, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYFOLLOW_STORAGE", str(desk.root))
    listener = Listener(stop_after=0, why="cancel")
    with pytest.raises(Stopped) as stopped:
        desk.run(request(desk, clip, engine="pix2video", model=MODEL), listener)
    assert stopped.value.why == "cancel" and desk.takes.list() == []
    monkeypatch.setattr(registry, "load", lambda engine: PatchEngine())
    listener = Listener()
    with suppress(Exception):  # it is no engine for this model
        desk.run(request(desk, clip, engine="pix2video", model=MODEL), listener)
    assert "Checking the model" in listener.phases


def test_a_figure_after_the_phase_does_not_begin_another(tmp_path: Path) -> None:
    listener = Listener()
    store = InversionStore(tmp_path, 1 << 20)
    context = TaskContext(listener, store, store)
    for n in range(1001):
        context.progress(f"Training (loss {n})", n, 1000)
    assert 2 <= len(listener.said) < 50 and listener.said[-1]["phase"] == "Training (loss 1000)"


def test_a_preview_is_told_with_progress_until_its_phase_is_over(tmp_path: Path) -> None:
    listener, made = Listener(), 0
    store = InversionStore(tmp_path, 1 << 20)
    context = TaskContext(listener, store, store)

    def preview() -> Any:
        nonlocal made
        made += 1
        return np.zeros((8, 8, 3), np.uint8)

    for n in range(501):
        context.progress(f"Training (loss {n})", n, 500, preview)
    context.progress("Propagating", 0, 1)
    *training, after = [d["preview"] for d in listener.said]
    assert made < 5 and training[0].startswith(b"\xff\xd8") and all(training) and after is None


def test_phases_add_up() -> None:
    clock = PhaseClock()
    for _ in range(2):
        with clock.phase("a"):
            pass
    assert set(clock.seconds()) == {"a", "total"} and clock.seconds()["total"] >= clock.seconds()["a"] >= 0


def test_weights_that_are_not_here_end_the_run_before_it_begins(
    desk: Desk, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYFOLLOW_STORAGE", str(tmp_path / "empty"))
    for model, remedy in ((None, "keyfollow models pull sd15-depth"), ("sdxl-depth", "keyfollow models pull sdxl-depth")):
        with pytest.raises(ModelMissing) as missing:
            desk.run(request(desk, clip, engine="pix2video", model=model))
        assert missing.value.code == "model_missing" and remedy in missing.value.remedy
    assert desk.takes.list() == []
