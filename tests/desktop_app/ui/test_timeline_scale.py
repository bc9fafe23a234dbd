from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from keyfollow_desktop.model import timeline_edits
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui.timeline_scale import HEAD, NARROW, Scale, rows

from ..conftest import many_clips


def test_frames_and_pixels_agree() -> None:
    scale = Scale(4.0, 10.0)
    assert scale.x(10) == HEAD and scale.frame(scale.x(37)) == 37 and scale.edge(scale.x(37) + 3) == 38
    zoomed = scale.zoomed(2.0, scale.x(50), 0.1)
    assert zoomed.pixels == 8.0 and zoomed.frame(scale.x(50) + 0.1) == 50
    assert scale.fitted(1000, 1096).x(1000) <= 1096


def test_rows_go_from_the_topmost_picture_down_and_an_empty_timeline_has_none(described: Media) -> None:
    project = many_clips(described, 2)
    project, upper = timeline_edits.add_track(project)
    assert [r.track.id for r in rows(project)] == [upper, project.timeline.tracks[0].id]
    assert rows(timeline_edits.remove(project, ["c0", "c1"])) == []
    project = timeline_edits.place(project, upper, described.id, 0)
    assert [r.track.id for r in rows(project)] == [upper, project.timeline.tracks[0].id]


def test_only_what_is_visible_is_looked_at_and_edges_can_be_taken(described: Media) -> None:
    row = rows(many_clips(described, 1000))[0]
    scale = Scale(40.0, 500.0)
    assert [c.id for c in scale.shown(row.track, HEAD + 199)] == ["c250", "c251", "c252"]
    parts = [h.part for x in (scale.x(504) + 3, scale.x(505), scale.x(506) - 3) if (h := scale.hit(row, x))]
    assert parts == ["start", "body", "stop"] and scale.hit(row, scale.x(2000)) is None


def test_of_more_clips_than_can_be_told_apart_some_are_drawn(described: Media) -> None:
    row = rows(many_clips(described, 10_000))[0]
    shown = Scale().fitted(20_000, 1000).shown(row.track, 1000)
    assert 200 < len(shown) <= 334 and shown[0].id == "c0"
    assert max(b.start - a.stop for a, b in pairwise(shown)) <= (NARROW + 1) * 20_000 / (1000 - HEAD - 24) + 2


def test_the_ruler_s_numbers_keep_their_distance() -> None:
    for pixels in (0.01, 0.5, 4.0, 40.0):
        step = Scale(pixels).tick(Fraction(24))
        assert step * pixels >= 96 or step == 24 * 3600
