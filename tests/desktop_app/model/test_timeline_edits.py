from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keyfollow.errors import UsageError
from keyfollow_desktop.model import timeline_edits as edits
from keyfollow_desktop.model import work_edits
from keyfollow_desktop.model.ranges import source_frame
from keyfollow_desktop.model.state import Clip, Marker, Media, Project


def clips(project: Project, track: int = 0) -> tuple[Clip, ...]:
    return project.timeline.tracks[track].clips


def spans(project: Project, track: int = 0) -> list[tuple[str, int, int]]:
    return [(c.media, c.start, c.stop) for c in clips(project, track)]


def pictures(project: Project) -> dict[int, tuple[str, int]]:
    """What the first track shows: (source, source frame) by record frame."""
    return {
        at: (c.media, source_frame(c, project.source(c.media), project.timeline, at))
        for c in clips(project)
        for at in range(c.start, c.stop)
    }


def refused(code: str, change: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    with pytest.raises(UsageError) as e:
        change(*args, **kwargs)
    assert e.value.code == code and e.value.remedy


def test_the_first_clip_gives_the_timeline_its_rate(project: Project, track: str) -> None:
    placed = edits.place(project, track, "ntsc", 0)
    assert placed.timeline.rate == (30000, 1001) and spans(placed) == [("ntsc", 0, 300)]
    assert edits.place(placed, track, "pal", 400).timeline.rate == (30000, 1001)


def test_another_rate_keeps_its_duration(project: Project, track: str) -> None:
    both = edits.place(edits.place(project, track, "pal", 0), track, "ntsc", 500)
    # 300 frames at 29.97 are 10.01 s, 250.25 frames at 25
    assert spans(both) == [("pal", 0, 500), ("ntsc", 500, 751)]


def test_a_source_is_laid_at_the_end_of_the_lowest_track_that_is_open(project: Project, track: str) -> None:
    twice = edits.lay(edits.lay(project, "pal"), "pal")
    assert spans(twice) == [("pal", 0, 500), ("pal", 500, 1000)]
    assert spans(edits.lay(twice, "pal", 1200))[-1] == ("pal", 1200, 1700)
    locked = edits.set_track(twice, track, locked=True)
    above = edits.lay(locked, "pal")
    assert spans(above) == spans(twice) and spans(above, 1) == [("pal", 1000, 1500)]


def test_what_is_placed_covers_what_lies_there_and_its_sides_stay(filled: Project, track: str) -> None:
    before = pictures(filled)
    placed = edits.place(filled, track, "pal", 50, source_start=400, length=100)
    assert spans(placed) == [("pal", 0, 50), ("pal", 50, 150), ("ntsc", 150, 200), ("pal", 200, 300)]
    after = pictures(placed)
    assert all(after[at] == before[at] for at in (0, 49, 150, 199, 250)) and after[60] == ("pal", 410)


def test_what_is_placed_inside_a_clip_leaves_both_its_ends(filled: Project, track: str) -> None:
    placed = edits.place(filled, track, "ntsc", 20, length=10)
    assert spans(placed)[:3] == [("pal", 0, 20), ("ntsc", 20, 30), ("pal", 30, 100)]
    assert len({c.id for c in clips(placed)}) == len(clips(placed))


def test_what_is_inserted_pushes_the_rest_to_the_right(filled: Project, track: str) -> None:
    inserted = edits.insert(filled, track, "pal", 50, length=30)
    assert spans(inserted) == [("pal", 0, 50), ("pal", 50, 80), ("pal", 80, 130), ("ntsc", 130, 230), ("pal", 230, 330)]
    before, after = pictures(filled), pictures(inserted)
    assert all(after[at + 30] == before[at] for at in range(50, 300))


def test_a_split_moves_no_picture(filled: Project) -> None:
    before = pictures(filled)
    for at in (33, 150, 157, 171):
        filled = edits.split(filled, at)
    assert len(clips(filled)) == 7 and pictures(filled) == before


def test_split_needs_a_clip_across_the_playhead(filled: Project, track: str) -> None:
    refused("nothing_to_split", edits.split, filled, 100)
    refused("nothing_to_split", edits.split, filled, 5000)
    refused("nothing_to_split", edits.split, edits.set_track(filled, track, locked=True), 50)


def test_a_trim_stops_at_neighbours_and_at_the_ends_of_the_source(filled: Project) -> None:
    middle = clips(filled)[1].id
    before = pictures(filled)
    shorter = edits.trim(filled, middle, start=120, stop=180)
    assert spans(shorter)[1] == ("ntsc", 120, 180) and all(pictures(shorter)[at] == before[at] for at in range(120, 180))
    assert spans(edits.trim(shorter, middle, start=0, stop=900))[1] == ("ntsc", 100, 200)
    alone = edits.remove(filled, [clips(filled)[0].id, clips(filled)[2].id])
    # 10 source frames at 29.97 lie before it: 8.3 at 25
    longest = edits.trim(alone, middle, start=0, stop=10_000)
    assert spans(longest) == [("ntsc", 92, 342)] and pictures(longest)[92] == ("ntsc", 0)
    assert all(pictures(longest)[at] == before[at] for at in range(100, 200))
    assert spans(edits.trim(alone, middle, stop=0))[0] == ("ntsc", 100, 101)


def test_slip_shows_other_frames_in_the_same_place(filled: Project) -> None:
    first = clips(filled)[0].id
    slipped = edits.slip(filled, first, 7)
    assert spans(slipped) == spans(filled) and pictures(slipped)[0] == ("pal", 17)
    assert pictures(edits.slip(filled, first, -99))[0] == ("pal", 0)
    assert pictures(edits.slip(filled, first, 9999))[99] == ("pal", 499)


def test_moved_clips_go_together_and_over_what_is_there(filled: Project) -> None:
    first, second, third = (c.id for c in clips(filled))
    moved = edits.move(filled, [first, second], 50)
    assert spans(moved) == [("pal", 50, 150), ("ntsc", 150, 250), ("pal", 250, 300)]
    refused("before_start", edits.move, filled, [first, third], -1)
    refused("no_such_clip", edits.move, filled, ["nobody"], 1)


def test_a_clip_moves_to_another_track_of_its_kind(filled: Project) -> None:
    first = clips(filled)[0].id
    more, upper = edits.add_track(filled)
    moved = edits.move(more, [first], 20, upper)
    assert spans(moved)[0] == ("ntsc", 100, 200) and spans(moved, 1) == [("pal", 20, 120)]
    sound, audio = edits.add_track(filled, "audio")
    refused("wrong_track", edits.move, sound, [first], 0, audio)


def test_delete_leaves_a_gap_and_ripple_delete_closes_it(filled: Project) -> None:
    middle = clips(filled)[1].id
    assert spans(edits.remove(filled, [middle])) == [("pal", 0, 100), ("pal", 200, 300)]
    assert spans(edits.ripple_delete(filled, [middle])) == [("pal", 0, 100), ("pal", 100, 200)]
    assert spans(edits.ripple_delete(filled, [c.id for c in clips(filled)[:2]])) == [("pal", 0, 100)]


def test_a_locked_track_stays_as_it_is(filled: Project, track: str) -> None:
    locked, first = edits.set_track(filled, track, locked=True), clips(filled)[0].id
    for change in (
        edits.remove,
        edits.ripple_delete,
        lambda p, c: edits.move(p, c, 1),
        lambda p, c: edits.trim(p, c[0], stop=9),
    ):
        refused("track_locked", change, locked, [first])
    refused("track_locked", edits.place, locked, track, "pal", 0)
    refused("track_locked", edits.remove_track, locked, track)
    assert edits.set_track(locked, track, locked=False, name="Plate").timeline.tracks[0].name == "Plate"


def test_tracks_come_and_go(filled: Project, track: str) -> None:
    more, upper = edits.add_track(filled)
    assert [t.name for t in more.timeline.tracks] == ["V1", "V2"]
    assert edits.remove_track(more, upper) == filled and not edits.remove_track(filled, track).timeline.tracks
    refused("no_such_track", edits.remove_track, filled, upper)


def test_where_nothing_can_be_placed(project: Project, track: str) -> None:
    refused("before_start", edits.place, project, track, "pal", -1)
    refused("outside_source", edits.place, project, track, "pal", 0, source_start=500)
    refused("no_such_media", edits.place, project, track, "film", 0)


def test_a_clip_shows_takes_of_its_own_source(filled: Project) -> None:
    first = clips(filled)[0].id
    refused("no_such_take", edits.show_take, filled, [first], "t1")
    assert edits.show_take(filled, [first], "") == filled


def test_markers_in_and_out(filled: Project) -> None:
    marked = edits.set_marker(edits.set_marker(filled, Marker(50, "two")), Marker(10, "one"))
    assert [m.text for m in marked.timeline.markers] == ["one", "two"]
    assert edits.set_marker(marked, Marker(10, "new")).timeline.markers[0].text == "new"
    assert [m.frame for m in edits.remove_marker(marked, 10).timeline.markers] == [50]
    assert edits.mark(filled, 20, None).timeline.marked == (20, 300)
    assert edits.mark(filled, None, 90).timeline.marked == (0, 90)
    assert edits.mark(edits.mark(filled, 2, 9), None, None).timeline.marked is None
    refused("empty_range", edits.mark, filled, 9, 9)


def test_snapping_finds_the_nearest_edge_and_only_near_ones(filled: Project) -> None:
    assert edits.snap(filled, 103, 5) == 100 and edits.snap(filled, 107, 5) == 107
    assert edits.snap(filled, 296, 5) == 300 and edits.snap(filled, 47, 5, also=[50]) == 50
    moving = [clips(filled)[0].id, clips(filled)[1].id]
    assert edits.snap(filled, 103, 5, ignoring=moving) == 103
    assert edits.snap(edits.set_marker(filled, Marker(60)), 62, 5) == 60


def test_ten_thousand_clips_are_no_burden(project: Project, track: str) -> None:
    many = tuple(Clip(f"c{n}", "pal", 10 * n, 10) for n in range(10_000))
    old = project.timeline.tracks[0]
    full = replace(project, timeline=replace(project.timeline, rate=(25, 1), tracks=(replace(old, clips=many),)))
    changed = edits.move(edits.split(full, 50_005), ["c9999"], 7)
    assert len(clips(changed)) == 10_001 and edits.snap(changed, 50_004, 2) == 50_005


def step(made: Project, track: str, what: str, a: int, b: int) -> Project:
    have = clips(made)
    one = have[a % len(have)].id if have else ""
    match what:
        case "place":
            return edits.place(made, track, ("pal", "ntsc")[a % 2], a, source_start=b, length=b)
        case "insert":
            return edits.insert(made, track, ("pal", "ntsc")[b % 2], a, source_start=b % 40)
        case "split":
            return edits.split(made, a)
        case "trim":
            return edits.trim(made, one, start=a, stop=a + b)
        case "move":
            return edits.move(made, [one], a - 200)
        case "ripple":
            return edits.ripple_delete(made, [one])
        case _:
            return edits.slip(made, one, a - 200)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["place", "insert", "split", "trim", "move", "ripple", "slip"]),
            st.integers(0, 400),
            st.integers(1, 90),
        )
    )
)
def test_whatever_is_done_clips_stay_sorted_apart_and_inside_their_source(steps: list[tuple[str, int, int]]) -> None:
    made = work_edits.add_media(Project(), Media("pal", "pal", "/pal", "1", 640, 360, 120, (25, 1)))
    made = work_edits.add_media(made, Media("ntsc", "ntsc", "/ntsc", "2", 640, 360, 100, (30000, 1001)))
    made, track = edits.add_track(made)
    for what, a, b in steps:
        try:
            made = step(made, track, what, a, b)
        except UsageError:
            continue
        have = clips(made)
        assert all(c.length > 0 and c.start >= 0 for c in have) and len({c.id for c in have}) == len(have)
        assert all(left.stop <= right.start for left, right in pairwise(have))
        for clip in have:
            media = made.source(clip.media)
            last = clip.source_start + (clip.length - 1) * media.fps / made.timeline.fps
            assert clip.source_start >= 0 and last < media.frames


def test_a_dissolve_is_no_longer_than_its_clip_and_needs_one_before(filled: Project) -> None:
    first, second, _ = (c.id for c in filled.timeline.tracks[0].clips)
    made = edits.set_dissolve(filled, second, 1000)
    assert made.find(second)[1].dissolve == 100
    made = edits.split(made, 130, [second])
    assert [c.dissolve for c in made.timeline.tracks[0].clips] == [0, 30, 0, 0]
    assert edits.set_dissolve(made, second, 0).find(second)[1].dissolve == 0
    with pytest.raises(UsageError) as e:
        edits.set_dissolve(filled, first, 5)
    assert e.value.code == "nothing_to_dissolve"
