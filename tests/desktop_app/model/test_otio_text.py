from __future__ import annotations

import json

import opentimelineio as otio
import pytest
from keyfollow_desktop.model import otio_text
from keyfollow_desktop.model.otio_form import from_otio, to_otio
from keyfollow_desktop.model.state import Marker, Project
from keyfollow_desktop.model.timeline_edits import add_track, set_marker


def test_the_text_is_the_one_that_otio_writes_but_for_white_space(filled: Project) -> None:
    project, _ = add_track(set_marker(filled, Marker(3, 'says "children": [] and {')))
    text = otio_text.write(to_otio(project))
    whole = otio.adapters.write_to_string(to_otio(project), "otio_json")
    assert json.loads(text) == json.loads(whole)
    for one in (text, whole):
        assert from_otio(otio_text.read(one))[0] == project
        assert from_otio(otio.adapters.read_from_string(one, "otio_json"))[0] == project


def test_a_project_with_nothing_in_it_has_a_text(filled: Project) -> None:
    assert from_otio(otio_text.read(otio_text.write(to_otio(Project(name="new")))))[0] == Project(name="new")


def test_clips_are_read_one_by_one(filled: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    text = otio_text.write(to_otio(filled))
    sizes: list[int] = []
    deserialize = otio.core.deserialize_json_from_string

    def count(part: str) -> otio.core.SerializableObject:
        sizes.append(len(part))
        return deserialize(part)

    monkeypatch.setattr(otio.core, "deserialize_json_from_string", count)
    assert from_otio(otio_text.read(text))[0] == filled
    assert len(sizes) == 1 + sum(len(t.clips) for t in filled.timeline.tracks) and max(sizes) < len(text)


def test_what_another_tool_wrote_is_read_too() -> None:
    def clip(name: str) -> otio.schema.Clip:
        return otio.schema.Clip(name, source_range=otio.opentime.TimeRange(duration=otio.opentime.RationalTime(5, 24)))

    inner = otio.schema.Stack("nested", [otio.schema.Track("in", [clip("deep")])])
    timeline = otio.schema.Timeline("other", tracks=[otio.schema.Track("V1", [clip("a"), inner]), otio.schema.Track("empty")])
    text = otio.adapters.write_to_string(timeline, "otio_json")
    assert otio_text.read(text).is_equivalent_to(timeline)
    lone = otio.adapters.write_to_string(clip("lone"), "otio_json")
    assert otio_text.read(lone).name == "lone"


@pytest.mark.parametrize(
    "text", ["", "{", "[1", '{"OTIO_SCHEMA": "Timeline.1", "tracks": {"children": [', '{"children": [{"a": 1}]']
)
def test_what_is_no_timeline_is_refused(text: str) -> None:
    with pytest.raises((otio.exceptions.OTIOError, ValueError)):
        otio_text.read(text)
