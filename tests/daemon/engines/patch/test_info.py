from __future__ import annotations

import subprocess
import sys

import pytest
from keyfollow.edits import Blob, Clip, EditRequest, Keyframe
from keyfollow.errors import UsageError
from keyfollow.frames import FrameRange
from keyfollow.media.info import MediaInfo
from keyfollow_daemon.engines.patch import info
from keyfollow_daemon.engines.patch.engine import PatchEngine


def media(width: int = 1920, height: int = 1080, frames: int = 100) -> MediaInfo:
    return MediaInfo("video", width, height, frames, (24, 1), (1, 24), tuple(range(frames)), "uint8", 3, 8)


def request(**more: object) -> EditRequest:
    return EditRequest(Clip(path="a.mp4"), (Keyframe(0, Blob("0" * 64, 1)),), **more)  # type: ignore[arg-type]


def test_it_describes_itself_and_checks_settings() -> None:
    about = info.describe()
    assert (about.id, about.needs_weights, about.needs_keyframe, about.missing) == ("patch", False, True, ())
    assert set(about.resolve({})) == {"preset", "repaint", "strength", "feather", "fill", "change_threshold"}
    with pytest.raises(UsageError):
        about.resolve({"strength": 1.5})


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, keyfollow_daemon.engines.patch.info; print('cv2' in sys.modules, 'av' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "False"]


def test_the_estimate_grows_with_frames_and_size() -> None:
    base = info.estimate(request(), media(), "cpu")
    longer = info.estimate(request(), media(frames=200), "cpu")
    larger = info.estimate(request(), media(3840, 2160), "cpu")
    assert longer.seconds > 1.9 * base.seconds and longer.disk_bytes > 1.9 * base.disk_bytes
    assert longer.ram_bytes == base.ram_bytes
    assert larger.ram_bytes > base.ram_bytes and larger.works_at == (960, 540) and larger.delivers == (3840, 2160)


def test_a_draft_is_cheaper_and_a_keyframe_outside_the_range_costs() -> None:
    assert info.estimate(request(quality="draft"), media(), "cpu").seconds < info.estimate(request(), media(), "cpu").seconds
    part = info.estimate(request(range=FrameRange(50, 60)), media(), "cpu")
    assert part.frames == 10
    assert part.seconds > info.estimate(request(), media(frames=50), "cpu").seconds


def test_it_loads_the_engine() -> None:
    assert isinstance(info.load(), PatchEngine)


@pytest.mark.parametrize(
    ("size", "draft", "scale"),
    [
        ((192, 144), False, 1.0),
        ((192, 144), True, 0.5),
        ((640, 360), False, 0.5),
        ((640, 360), True, 0.5),
        ((4096, 2160), False, 0.25),
        ((1920, 1080), True, 0.25),
        ((7680, 4320), True, 0.0625),
    ],
)
def test_analysis_size(size: tuple[int, int], draft: bool, scale: float) -> None:
    assert info.analysis_scale(*size, draft) == scale


def test_drafts_are_drawn_finer_than_they_are_analysed() -> None:
    sizes = ((192, 144), (640, 360), (1920, 1080), (7680, 4320))
    assert [info.draft_scale(*size) for size in sizes] == [0.5, 0.5, 0.5, 0.125]


def test_flow_is_estimated_on_the_whole_analysis_copy_but_in_drafts() -> None:
    assert [info.finest_level(640, 360, draft) for draft in (False, True)] == [0, 1]
    assert info.finest_level(192, 144, draft=False) == 1
