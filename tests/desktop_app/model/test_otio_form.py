from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from typing import Any

import opentimelineio as otio
import pytest
from keyfollow.edits import Quality, SettingValue
from keyfollow.frames import FrameRange
from keyfollow.plain import PlainError
from keyfollow_desktop.model import timeline_edits, work_edits
from keyfollow_desktop.model.otio_form import KEY, from_otio, rate_of, to_otio
from keyfollow_desktop.model.state import Keyframe, Marker, Mask, Project, Retouch, Settings, Track


def rich(filled: Project) -> Project:
    """A project that uses everything."""
    made = work_edits.set_keyframe(filled, "pal", Keyframe(30, "a.png", "a.ora"))
    made = work_edits.set_retouch(made, "pal", Retouch(31, "b.png"))
    made = work_edits.set_mask(made, "ntsc", Mask("m", "front", video="/masks/hand.mov", feather=2.5))
    made = work_edits.set_settings(made, "pal", Settings("pix2video", "style", "a cat", values={"strength": 0.5, "steps": 20}))
    made = work_edits.set_cuts(made, "pal", [100, 250])
    qualities: dict[str, Quality] = {"t1": "final", "t2": "draft"}
    for name, quality in qualities.items():
        made = work_edits.add_take(
            made, "pal", name, quality=quality, engine="patch", frames=FrameRange(0, 122), inputs="abc", created=5.5
        )
    made = timeline_edits.show_take(made, [made.timeline.tracks[0].clips[0].id], "t1")
    made = timeline_edits.split(made, 137)
    made = timeline_edits.move(made, [made.timeline.tracks[0].clips[-1].id], 40)
    made, sound = timeline_edits.add_track(made, "audio")
    made = timeline_edits.set_track(timeline_edits.place(made, sound, "pal", 3), sound, muted=True, locked=True)
    made = timeline_edits.set_marker(made, Marker(12, "Look here", "red"))
    return timeline_edits.mark(made, 5, 90)


def through_text(project: Project) -> Project:
    text = otio.adapters.write_to_string(to_otio(project, {"pal": "../pal.mp4"}), "otio_json")
    back, relative = from_otio(otio.adapters.read_from_string(text, "otio_json"))
    assert relative == {"pal": "../pal.mp4", "ntsc": ""}
    return back


def test_everything_comes_back(filled: Project) -> None:
    made = rich(filled)
    assert through_text(made) == made


@pytest.mark.parametrize("rate", [(24, 1), (24000, 1001), (25, 1), (30000, 1001), (60000, 1001), (120, 1), (15, 2)])
def test_positions_come_back_exactly_at_every_rate(filled: Project, rate: tuple[int, int]) -> None:
    clips = tuple(
        replace(c, start=c.start + 100_003, source_start=c.source_start + Fraction(1, 7))
        for c in filled.timeline.tracks[0].clips
    )
    made = replace(filled, timeline=replace(filled.timeline, rate=rate, tracks=(Track("t", clips=clips),)))
    assert through_text(made) == made


def test_other_tools_see_sources_takes_and_keyframes(filled: Project) -> None:
    timeline = to_otio(rich(filled))
    video, audio = timeline.tracks
    assert (video.kind, audio.kind, audio.enabled) == ("Video", "Audio", False)
    clip = video[0]
    assert clip.active_media_reference_key == "take_001" and set(clip.media_references()) == {
        "DEFAULT_MEDIA",
        "take_001",
        "take_002",
    }
    assert clip.media_references()["DEFAULT_MEDIA"].target_url == "file:///footage/pal.mp4"
    assert clip.markers[0].marked_range.start_time == otio.opentime.RationalTime(30, 25)
    assert [type(item).__name__ for item in video] == ["Clip", "Clip", "Clip", "Gap", "Clip"]
    assert timeline.tracks.markers[0].name == "Look here" and set(timeline.metadata) == {KEY}
    assert video.duration().to_seconds() == pytest.approx(340 / 25)


def test_what_another_tool_trimmed_and_moved_is_taken_over(filled: Project) -> None:
    timeline = to_otio(filled)
    clip = timeline.tracks[0][0]
    clip.source_range = otio.opentime.TimeRange(otio.opentime.RationalTime(20, 25), otio.opentime.RationalTime(30, 25))
    del timeline.tracks[0][1]
    back, _ = from_otio(timeline)
    first, second = back.timeline.tracks[0].clips
    assert (first.start, first.length) == (0, 30) and first.source_start == 20 and (second.start, second.length) == (30, 100)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda ours: ours.clear(),
        lambda ours: ours.update(media=[]),
        lambda ours: ours.update(rate=[0, 1]),
        lambda ours: ours.update(rate="24"),
        lambda ours: ours["media"]["pal"].update(frames=0),
        lambda ours: ours["media"]["pal"].update(path=7),
        lambda ours: ours["work"].update(pal={}),
        lambda ours: ours["work"].update(pal="{"),
        lambda ours: ours["work"].update(pal='{"keyframes": "many"}'),
        lambda ours: ours["work"].update(pal='{"masks": [{"id": "m", "role": "sky"}]}'),
    ],
)
def test_what_is_not_ours_is_refused(filled: Project, spoil: Any) -> None:
    timeline = to_otio(filled)
    ours = dict(timeline.metadata[KEY])
    ours = {
        k: ({n: dict(v) for n, v in value.items()} if k == "media" else dict(value) if k == "work" else value)
        for k, value in ours.items()
    }
    spoil(ours)
    timeline.metadata[KEY] = ours
    with pytest.raises(PlainError):
        from_otio(timeline)


def test_fields_of_a_newer_version_do_no_harm(filled: Project) -> None:
    timeline = to_otio(filled)
    timeline.metadata[KEY]["lanes"] = [1, 2]
    timeline.metadata[KEY]["media"]["pal"]["proxy"] = "p.mov"
    assert from_otio(timeline)[0] == filled


@pytest.mark.parametrize("exact", [(24000, 1001), (30000, 1001), (60000, 1001), (25, 1), (12, 1), (15, 2), (48, 1)])
def test_the_exact_rate_behind_a_float(exact: tuple[int, int]) -> None:
    assert rate_of(float(Fraction(*exact))) == Fraction(*exact)


def test_numbers_come_back_to_the_last_bit(filled: Project) -> None:
    chance = random.Random(1)
    values: dict[str, SettingValue] = {f"n{n}": chance.uniform(0, 2e9) for n in range(300)}
    made = work_edits.set_settings(filled, "pal", Settings(values=values))
    assert through_text(made) == made
