from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from keyfollow.errors import KeyfollowError, MediaError
from keyfollow.frames import FrameRange
from keyfollow_desktop.model import interchange, timeline_edits, work_edits
from keyfollow_desktop.model.otio_form import from_otio, to_otio
from keyfollow_desktop.model.state import Keyframe, Media, Project


@pytest.fixture
def edited(filled: Project) -> Project:
    """The first clip shows take 1 of pal, and has an edit keyframe on source frame 30."""
    made = work_edits.set_keyframe(filled, "pal", Keyframe(30, "a.png"))
    made = work_edits.add_take(
        made, "pal", "t1", quality="final", engine="patch", frames=FrameRange(0, 122), inputs="", created=0.0
    )
    return timeline_edits.show_take(made, [made.timeline.tracks[0].clips[0].id], "t1")


def describe(path: str) -> Media:
    known = {"/footage/pal.mp4": ((25, 1), 500), "/footage/ntsc.mp4": ((30000, 1001), 300), "/takes/t1.mov": ((25, 1), 122)}
    if path not in known:
        raise MediaError("media_not_found", f"{path} is not there.", "Relink it.")
    rate, frames = known[path]
    return Media(path, path, path, "digest", 640, 360, frames, rate)


@pytest.mark.parametrize("suffix", [".otio", ".edl", ".xml"])
def test_positions_and_sources_survive_every_format(edited: Project, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / "out" / f"film{suffix}"
    interchange.export(edited, target, {"t1": interchange.Rendered("/takes/t1.mov", 0, 122)}.get)
    back = interchange.read(target, describe, (25, 1))
    clips = back.timeline.tracks[0].clips
    assert back.timeline.rate == (25, 1) and [(c.start, c.stop) for c in clips] == [(0, 100), (100, 200), (200, 300)]
    assert [back.media[c.media].path for c in clips] == ["/takes/t1.mov", "/footage/ntsc.mp4", "/footage/pal.mp4"]
    # the source positions: exactly in OTIO, to the record frame in the others
    assert [c.source_start for c in clips][::2] == [10, 10] and abs(clips[1].source_start - 10) < 1.2


def test_an_edl_names_the_take_and_the_edit_keyframe(edited: Project, tmp_path: Path) -> None:
    interchange.export(edited, tmp_path / "film.edl")
    text = (tmp_path / "film.edl").read_text()
    first, rest = text[: text.index("\n002")], text[text.index("\n002") :]
    assert "pal.mp4 take_001" in first and "EDIT KEYFRAME" in first and "take_001" not in rest


def test_a_reel_has_its_name_where_other_editors_look(edited: Project, tmp_path: Path) -> None:
    edited = work_edits.set_reel(edited, "pal", "A001_C002")
    for suffix in (".edl", ".xml", ".otio"):
        interchange.export(edited, tmp_path / f"film{suffix}")
    events = [line for line in (tmp_path / "film.edl").read_text().splitlines() if line[:3].isdigit()]
    assert [e.split()[1] for e in events] == ["A001_C00", "ntsc", "A001_C00"]
    assert (tmp_path / "film.xml").read_text().count("<name>A001_C002</name>") >= 1
    assert "A001_C002" in (tmp_path / "film.otio").read_text()


def test_what_is_written_opens_with_the_stock_tools(edited: Project, tmp_path: Path) -> None:
    for suffix in (".otio", ".edl", ".xml"):
        interchange.export(edited, tmp_path / f"film{suffix}")
        options = {"rate": 25} if suffix == ".edl" else {}
        read = otio.adapters.read_from_file(str(tmp_path / f"film{suffix}"), **options)
        assert read.duration().to_seconds() == pytest.approx(12)
        assert len(list(read.find_clips())) == 3


def test_tracks_are_flattened_as_they_are_seen_for_an_edl(edited: Project, tmp_path: Path) -> None:
    above, upper = timeline_edits.add_track(edited)
    above = timeline_edits.place(above, upper, "ntsc", 50, length=20)
    interchange.export(above, tmp_path / "film.edl")
    back = interchange.read(tmp_path / "film.edl", describe, (25, 1))
    assert [(c.start, c.stop) for c in back.timeline.tracks[0].clips] == [(0, 50), (50, 70), (70, 100), (100, 200), (200, 300)]


def test_media_that_cannot_be_opened_are_there_as_missing(edited: Project, tmp_path: Path) -> None:
    interchange.export(edited, tmp_path / "film.otio")

    def nothing(path: str) -> Media:
        raise MediaError("media_not_found", "gone", "relink")

    back = interchange.read(tmp_path / "film.otio", nothing)
    assert {m.path for m in back.media.values()} == {"takes/t1", "/footage/ntsc.mp4", "/footage/pal.mp4"}
    assert all(m.digest == "" and m.frames > 0 for m in back.media.values())
    assert [(c.start, c.stop) for c in back.timeline.tracks[0].clips] == [(0, 100), (100, 200), (200, 300)]


def test_what_cannot_be_written_or_read_is_said(edited: Project, project: Project, tmp_path: Path) -> None:
    codes = []
    (tmp_path / "text.otio").write_text("hello")
    (tmp_path / "text.xml").write_text("hello")
    (tmp_path / "clip.otio").write_text('{"OTIO_SCHEMA": "Clip.1"}')
    muted = timeline_edits.set_track(edited, edited.timeline.tracks[0].id, muted=True)
    for change in (
        lambda: interchange.export(edited, tmp_path / "film.aaf"),
        lambda: interchange.export(project, tmp_path / "film.otio"),
        lambda: interchange.export(muted, tmp_path / "film.edl"),
        lambda: interchange.read(tmp_path / "nowhere.otio", describe),
        lambda: interchange.read(tmp_path / "text.otio", describe),
        lambda: interchange.read(tmp_path / "text.xml", describe),
        lambda: interchange.read(tmp_path / "clip.otio", describe),
    ):
        with pytest.raises(KeyfollowError) as e:
            change()
        assert e.value.remedy
        codes.append(e.value.code)
    expected = ["unknown_format", "empty_timeline", "cannot_export", "no_such_file", *["cannot_import"] * 3]
    assert codes == expected and not list(tmp_path.glob("film*"))


def test_rendered_media_and_sources_with_timecode_relink_at_the_same_frames(edited: Project, tmp_path: Path) -> None:
    """The take was rendered from source frame 6 on; the same source carries a start timecode in the second case."""
    rendered = {"t1": interchange.Rendered("/takes/t1.mov", 6, 122)}.get
    for code, first in (("", 4), ("01:00:00:00", 90_010)):
        pal = replace(edited.media["pal"], timecode=code, sound=True)
        project = replace(edited, media={**edited.media, "pal": pal})
        for suffix in (".otio", ".xml", ".edl"):
            interchange.export(project, tmp_path / f"film{suffix}", rendered, sound=suffix != ".edl")
            options = {"rate": 25} if suffix == ".edl" else {}
            read = otio.adapters.read_from_file(str(tmp_path / f"film{suffix}"), **options)
            clip = next(iter(read.find_clips()))
            assert clip.source_range.start_time.rescaled_to(25).value == first, (code, suffix)
        timeline = otio.adapters.read_from_file(str(tmp_path / "film.otio"))
        clip = next(iter(timeline.find_clips()))
        assert clip.media_reference.available_range.start_time.value == (90_006 if code else 0)
        assert [len(list(t.find_clips())) for t in timeline.tracks] == [3, 2]
        back = interchange.read(tmp_path / "film.otio", describe)
        assert back.timeline.tracks[0].clips[0].source_start == 4


@pytest.mark.parametrize("suffix", [".otio", ".edl", ".xml"])
def test_a_dissolve_survives_every_format(edited: Project, tmp_path: Path, suffix: str) -> None:
    second = edited.timeline.tracks[0].clips[1].id
    made = timeline_edits.set_dissolve(edited, second, 6)
    interchange.export(made, tmp_path / f"film{suffix}", sound=suffix == ".xml")
    back = interchange.read(tmp_path / f"film{suffix}", describe, (25, 1))
    clips = back.timeline.tracks[0].clips
    assert [(c.start, c.stop, c.dissolve) for c in clips] == [(0, 100, 0), (100, 200, 6), (200, 300, 0)]


def test_a_dissolve_that_another_editor_centred_on_the_cut_begins_where_it_did_there(edited: Project, tmp_path: Path) -> None:
    timeline = to_otio(edited)
    at = otio.opentime.RationalTime
    timeline.tracks[0].insert(
        1, otio.schema.Transition(transition_type="SMPTE_Dissolve", in_offset=at(4, 25), out_offset=at(3, 25))
    )
    otio.adapters.write_to_file(timeline, str(tmp_path / "film.otio"))
    second = edited.timeline.tracks[0].clips[1]
    for back in (from_otio(timeline)[0], interchange.read(tmp_path / "film.otio", describe)):
        clips = back.timeline.tracks[0].clips
        assert [(c.start, c.stop, c.dissolve) for c in clips] == [(0, 96, 0), (96, 200, 7), (200, 300, 0)]
        assert clips[1].source_start == pytest.approx(second.source_start - 4 * Fraction(30000, 1001) / 25, abs=1e-3)
