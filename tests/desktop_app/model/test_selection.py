from __future__ import annotations

from keyfollow_desktop.model import timeline_edits, work_edits
from keyfollow_desktop.model.selection import Place, fading, next_stop, previous_stop, seen, still_there, stops
from keyfollow_desktop.model.state import Keyframe, Marker, Project


def test_the_topmost_clip_that_is_not_muted_is_seen(filled: Project) -> None:
    above, upper = timeline_edits.add_track(filled)
    above = timeline_edits.place(above, upper, "ntsc", 20, length=30)
    top = seen(above, 25)
    assert top is not None and top.clip.media == "ntsc" and top.frame == 5
    below = seen(timeline_edits.set_track(above, upper, muted=True), 25)
    assert below is not None and below.clip.media == "pal" and below.frame == 35
    assert seen(above, 300) is None and seen(Project(), 0) is None


def test_sound_is_not_seen(project: Project) -> None:
    made, sound = timeline_edits.add_track(project, "audio")
    assert seen(timeline_edits.place(made, sound, "pal", 0), 5) is None


def test_one_goes_from_edge_to_keyframe_to_marker(filled: Project) -> None:
    made = work_edits.set_keyframe(filled, "pal", Keyframe(30, "a.png"))
    made = timeline_edits.set_marker(timeline_edits.mark(made, 40, 60), Marker(70))
    # pal is used twice from its frame 10 on: at 0 and at 200
    assert stops(made) == [0, 20, 40, 60, 70, 100, 200, 220, 300]
    assert next_stop(made, 0) == 20 and next_stop(made, 300) == 300
    assert previous_stop(made, 100) == 70 and previous_stop(made, 0) == 0


def test_clips_that_are_gone_are_not_selected(filled: Project) -> None:
    first, second, _ = (c.id for c in filled.timeline.tracks[0].clips)
    place = Place(5, frozenset({first, second}))
    assert still_there(timeline_edits.remove(filled, [first]), place) == Place(5, frozenset({second}))


def test_a_clip_comes_out_of_the_one_before_it_which_goes_on_beyond_its_end(filled: Project) -> None:
    second = filled.timeline.tracks[0].clips[1]
    made = timeline_edits.set_dissolve(filled, second.id, 4)
    assert fading(made, 99) is None and fading(made, 104) is None and fading(filled, 100) is None
    shown = [fading(made, record) for record in range(100, 104)]
    assert [f and round(f.share, 3) for f in shown] == [0.2, 0.4, 0.6, 0.8]
    assert [f and (f.under.clip.media, f.under.frame) for f in shown] == [("pal", n) for n in range(110, 114)]
    moved = timeline_edits.remove(made, [made.timeline.tracks[0].clips[0].id])
    assert fading(moved, 100) is None, "there is nothing left that it could come out of"
