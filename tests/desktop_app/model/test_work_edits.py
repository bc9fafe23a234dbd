from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from keyfollow.errors import UsageError
from keyfollow.frames import FrameRange
from keyfollow_desktop.model import timeline_edits
from keyfollow_desktop.model import work_edits as edits
from keyfollow_desktop.model.state import Keyframe, Mask, Media, Project, Retouch, Settings


def refused(code: str, change: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    with pytest.raises(UsageError) as e:
        change(*args, **kwargs)
    assert e.value.code == code and e.value.remedy


def take(project: Project, name: str, quality: Any = "final", media: str = "pal") -> Project:
    frames = FrameRange(0, 50)
    inputs = edits.inputs_of(project.work_of(media), project.source(media), frames)
    return edits.add_take(project, media, name, quality=quality, engine="patch", frames=frames, inputs=inputs, created=1.0)


def test_a_shot_s_boundary_moves_between_its_neighbours_and_the_edit_rolls_along(filled: Project) -> None:
    made = edits.set_cuts(filled, "pal", [20, 60, 100])
    assert edits.move_cut(made, "pal", 60, 70).work_of("pal").cuts == (20, 70, 100)
    assert edits.move_cut(made, "pal", 60, 400).work_of("pal").cuts == (20, 99, 100)
    assert edits.move_cut(made, "pal", 60, 1).work_of("pal").cuts == (20, 21, 100)
    assert edits.move_cut(made, "pal", 60, 60) is made
    refused("no_such_cut", edits.move_cut, made, "pal", 61, 70)
    # the first clip shows source frames from 10 on: record frame 50 is source frame 60
    split = timeline_edits.split(made, 50)
    for new, edge in ((70, 60), (45, 35)):
        moved = edits.move_cut(split, "pal", 60, new)
        left, right = moved.timeline.tracks[0].clips[:2]
        assert (left.stop, right.start, right.stop) == (edge, edge, 100) and right.source_start == new
        assert new in moved.work_of("pal").cuts


def test_how_a_source_is_shown_and_its_reel_belong_to_it(project: Project) -> None:
    made = edits.set_reel(edits.set_view(project, "pal", "slog3"), "pal", " A001 ")
    assert (made.source("pal").view, made.source("pal").reel) == ("slog3", "A001") and not made.source("ntsc").view
    refused("no_such_media", edits.set_view, project, "gone", "pq")


def test_a_source_is_in_the_bin_once(project: Project) -> None:
    again = Media("other", "again", "/footage/pal.mp4", "digest of pal", 640, 360, 500, (25, 1))
    refused("media_there", edits.add_media, project, again)


def test_a_source_goes_with_its_clips_and_its_work(filled: Project) -> None:
    gone = edits.remove_media(edits.set_keyframe(filled, "pal", Keyframe(3, "a.png")), "pal")
    assert [c.media for c in gone.timeline.tracks[0].clips] == ["ntsc"] and "pal" not in gone.work and "pal" not in gone.media
    refused("no_such_media", edits.remove_media, gone, "pal")


def test_keyframes_are_sorted_and_one_per_frame(project: Project) -> None:
    for frame, image in ((30, "a.png"), (10, "b.png"), (30, "c.png")):
        project = edits.set_keyframe(project, "pal", Keyframe(frame, image))
    assert project.work_of("pal").keyframes == (Keyframe(10, "b.png"), Keyframe(30, "c.png"))
    assert edits.remove_keyframe(project, "pal", 10).work_of("pal").keyframes == (Keyframe(30, "c.png"),)
    refused("frame_out_of_range", edits.set_keyframe, project, "pal", Keyframe(500, "d.png"))


def test_splitting_and_deleting_clips_loses_no_work(filled: Project) -> None:
    made = take(edits.set_keyframe(filled, "pal", Keyframe(30, "a.png")), "t1")
    track = made.timeline.tracks[0]
    changed = timeline_edits.remove(timeline_edits.split(made, 40), [track.clips[2].id])
    assert changed.work == made.work


def test_masks_are_a_picture_or_a_video(project: Project) -> None:
    still, video = Mask("m1", "edit", 5, "a.png"), Mask("m2", "front", video="/masks/hand.mov")
    made = edits.set_mask(edits.set_mask(project, "pal", still), "pal", video)
    assert made.work_of("pal").masks == (still, video)
    softer = Mask("m1", "protect", 5, "a.png", invert=True, grow=-2, feather=4, opacity=0.5)
    assert edits.set_mask(made, "pal", softer).work_of("pal").masks == (softer, video)
    assert edits.remove_mask(made, "pal", "m1").work_of("pal").masks == (video,)
    refused("bad_mask", edits.set_mask, project, "pal", Mask("m3"))
    refused("bad_mask", edits.set_mask, project, "pal", Mask("m3", image="a.png"))
    refused("bad_mask", edits.set_mask, project, "pal", Mask("m3", "edit", 5, "a.png", "b.mov"))
    refused("frame_out_of_range", edits.set_mask, project, "pal", Mask("m3", "edit", 5000, "a.png"))


def test_a_retouch_makes_no_take_out_of_date(project: Project) -> None:
    made = take(edits.set_keyframe(project, "pal", Keyframe(30, "a.png")), "t1")
    fixed = edits.set_retouch(made, "pal", Retouch(7, "fix.png"))
    assert not edits.out_of_date(fixed, "pal", fixed.work_of("pal").takes[0])
    assert edits.remove_retouch(fixed, "pal", 7).work_of("pal").retouches == ()
    refused("frame_out_of_range", edits.set_retouch, made, "pal", Retouch(-1, "fix.png"))


@pytest.mark.parametrize(
    "change",
    [
        lambda p: edits.set_keyframe(p, "pal", Keyframe(30, "other.png")),
        lambda p: edits.set_keyframe(p, "pal", Keyframe(40, "second.png")),
        lambda p: edits.remove_keyframe(p, "pal", 30),
        lambda p: edits.set_mask(p, "pal", Mask("m", "edit", 1, "m.png")),
        lambda p: edits.set_settings(p, "pal", Settings(values={"strength": 0.5})),
        lambda p: edits.set_cuts(p, "pal", [20]),
    ],
)
def test_what_decides_a_run_makes_its_takes_out_of_date(project: Project, change: Callable[[Project], Project]) -> None:
    made = take(edits.set_keyframe(project, "pal", Keyframe(30, "a.png", "a.ora")), "t1")
    ref = made.work_of("pal").takes[0]
    assert not edits.out_of_date(made, "pal", ref) and edits.out_of_date(change(made), "pal", ref)
    # the editor's own file changes no pixel
    assert not edits.out_of_date(edits.set_keyframe(made, "pal", Keyframe(30, "a.png", "b.ora")), "pal", ref)


def test_another_shots_keyframe_leaves_this_shots_takes_alone(project: Project) -> None:
    cut = edits.set_cuts(edits.set_keyframe(project, "pal", Keyframe(30, "a.png")), "pal", [100])
    made = take(cut, "t1")
    assert not edits.out_of_date(edits.set_keyframe(made, "pal", Keyframe(150, "b.png")), "pal", made.work_of("pal").takes[0])


def test_drafts_roll_and_finals_stay(project: Project) -> None:
    made = take(project, "final")
    for n in range(8):
        made = take(made, f"draft{n}", "draft")
        if n == 0:
            made = edits.set_take(made, "pal", "draft0", star=True)
    work = made.work_of("pal")
    assert [t.id for t in work.takes] == ["final", "draft0", *(f"draft{n}" for n in range(3, 8))]
    assert [t.version for t in work.takes] == [1, 2, 5, 6, 7, 8, 9] and work.versions == 9


def test_clips_that_showed_a_rolled_draft_show_the_source(filled: Project) -> None:
    made = take(filled, "draft0", "draft")
    first = made.timeline.tracks[0].clips[0].id
    made = timeline_edits.show_take(made, [first], "draft0")
    for n in range(1, 6):
        made = take(made, f"draft{n}", "draft")
    assert made.find(first)[1].take == ""


def test_takes_have_names_notes_stars_and_pins(filled: Project) -> None:
    made = take(filled, "t1")
    first = made.timeline.tracks[0].clips[0].id
    made = timeline_edits.show_take(made, [first], "t1")
    named = edits.set_take(made, "pal", "t1", name="Blue shirt", note="best", star=True, pin=True)
    ref = edits.find_take(named.work_of("pal"), "t1")
    assert (ref.name, ref.note, ref.star, ref.pin) == ("Blue shirt", "best", True, True)
    gone = edits.remove_take(named, "pal", "t1")
    assert gone.work_of("pal").takes == () and gone.find(first)[1].take == ""
    # its version is never given again
    assert take(gone, "t2").work_of("pal").takes[0].version == 2
    refused("no_such_take", edits.remove_take, gone, "pal", "t1")
    refused("no_such_take", timeline_edits.show_take, made, [made.timeline.tracks[0].clips[1].id], "t1")


def test_a_look_is_copied_to_a_shot_without_keyframes(project: Project) -> None:
    cut = edits.set_cuts(edits.set_keyframe(project, "pal", Keyframe(30, "a.png")), "pal", [0, 100, 100])
    assert cut.work_of("pal").cuts == (100,)
    assert edits.copy_look(cut, "pal", Keyframe(100, "b.png")).work_of("pal").keyframes[1].frame == 100
    refused("shot_has_keyframe", edits.copy_look, cut, "pal", Keyframe(50, "b.png"))
    refused("frame_out_of_range", edits.set_cuts, project, "pal", [500])
