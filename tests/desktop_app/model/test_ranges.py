from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from keyfollow.errors import UsageError
from keyfollow.frames import FrameRange
from keyfollow_desktop.model import timeline_edits, work_edits
from keyfollow_desktop.model.ranges import record_frame, record_length, run_range, shot, source_frame, source_position, used
from keyfollow_desktop.model.state import Project


def test_source_and_record_frames_lead_to_each_other(filled: Project) -> None:
    for clip in filled.timeline.tracks[0].clips:
        media = filled.source(clip.media)
        part = used(clip, media, filled.timeline)
        for frame in part:
            at = record_frame(clip, media, filled.timeline, frame)
            if at is not None:
                assert source_frame(clip, media, filled.timeline, at) >= frame
                assert at == clip.start or source_frame(clip, media, filled.timeline, at - 1) < frame
    pal, ntsc, _ = filled.timeline.tracks[0].clips
    assert source_frame(pal, filled.source("pal"), filled.timeline, 7) == 17
    assert source_position(ntsc, filled.source("ntsc"), filled.timeline, 101) == 10 + Fraction(30000, 1001) / 25


def test_frames_outside_the_clip_are_nowhere_on_the_record(filled: Project) -> None:
    clip = filled.timeline.tracks[0].clips[0]
    media = filled.source("pal")
    assert record_frame(clip, media, filled.timeline, 9) is None and record_frame(clip, media, filled.timeline, 110) is None
    assert source_frame(clip, media, filled.timeline, -500) == 0 and source_frame(clip, media, filled.timeline, 5000) == 499


def test_every_source_has_at_least_one_record_frame(filled: Project) -> None:
    assert record_length(filled.source("ntsc"), filled.timeline) == 251
    assert record_length(filled.source("ntsc"), filled.timeline, 0) == 1


def test_shots_lie_between_cuts(filled: Project) -> None:
    media = filled.source("pal")
    assert shot(media, (), 30) == FrameRange(0, 500)
    assert [shot(media, (100, 200), n) for n in (0, 99, 100, 250, 900)] == [
        FrameRange(0, 100),
        FrameRange(0, 100),
        FrameRange(100, 200),
        FrameRange(200, 500),
        FrameRange(200, 500),
    ]


def test_a_run_covers_the_used_part_and_handles(filled: Project) -> None:
    clip = filled.timeline.tracks[0].clips[0]
    assert run_range(filled, clip, 30) == FrameRange(0, 122)
    assert run_range(filled, clip, 30, handles=3) == FrameRange(7, 113)
    late = replace(clip, source_start=Fraction(400))
    assert run_range(filled, late, 450) == FrameRange(388, 500)


def test_in_and_out_cut_a_run(filled: Project) -> None:
    clip = filled.timeline.tracks[0].clips[0]
    assert run_range(timeline_edits.mark(filled, 20, 50), clip, 30) == FrameRange(30, 60)
    assert run_range(timeline_edits.mark(filled, 20, 250), clip, 30) == FrameRange(30, 110)
    with pytest.raises(UsageError) as e:
        run_range(timeline_edits.mark(filled, 150, 160), clip, 30)
    assert e.value.code == "empty_range"


def test_a_run_stays_inside_the_shot_at_the_playhead(filled: Project) -> None:
    clip = filled.timeline.tracks[0].clips[0]
    cut = work_edits.set_cuts(filled, "pal", [40, 300])
    assert run_range(cut, clip, 20) == FrameRange(0, 40) and run_range(cut, clip, 90) == FrameRange(40, 122)
    with pytest.raises(UsageError) as e:
        run_range(cut, clip, 400)
    assert e.value.code == "empty_range"
