from __future__ import annotations

from keyfollow.frames import FrameRange
from keyfollow_desktop.model import timeline_edits, work_edits
from keyfollow_desktop.model.overnight import left_to_make
from keyfollow_desktop.model.state import Keyframe, Project


def places(project: Project) -> list[tuple[int, int]]:
    """(record frame where the clip begins, source frame) of each."""
    return [(seen.clip.start, seen.frame) for seen in left_to_make(project)]


def test_every_edited_shot_of_every_clip_is_made_once(filled: Project) -> None:
    """pal 0-100 and 200-300, both from source frame 10 on; ntsc between them."""
    assert places(filled) == []
    made = work_edits.set_keyframe(work_edits.set_cuts(filled, "pal", [50, 90]), "pal", Keyframe(20, "a.png"))
    assert places(made) == [(0, 20), (200, 20)]
    # the second shot too; a keyframe outside of what a clip shows still carries to what it does show
    made = work_edits.set_keyframe(made, "pal", Keyframe(120, "b.png"))
    assert places(made) == [(0, 20), (0, 109), (200, 20), (200, 109)]
    muted = timeline_edits.set_track(made, made.timeline.tracks[0].id, muted=True)
    assert places(muted) == []


def test_what_has_a_final_that_is_up_to_date_is_left_out(filled: Project) -> None:
    edited = work_edits.set_keyframe(filled, "pal", Keyframe(20, "a.png"))
    frames = FrameRange(0, 122)
    inputs = work_edits.inputs_of(edited.work_of("pal"), edited.source("pal"), frames)
    for name, quality in (("d", "draft"), ("f", "final")):
        edited = work_edits.add_take(
            edited,
            "pal",
            name,
            quality=quality,  # type: ignore[arg-type]
            engine="patch",
            frames=frames,
            inputs=inputs,
            created=0.0,
        )
    first = edited.timeline.tracks[0].clips[0].id
    assert places(timeline_edits.show_take(edited, [first], "d")) == [(0, 20), (200, 20)]
    shown = timeline_edits.show_take(edited, [first], "f")
    assert places(shown) == [(200, 20)]
    changed = work_edits.set_keyframe(shown, "pal", Keyframe(21, "c.png"))
    assert len(places(changed)) == 2
