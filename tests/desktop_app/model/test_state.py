from __future__ import annotations

import pytest
from keyfollow.errors import UsageError
from keyfollow_desktop.model.state import Project, Timeline, new_id


def test_what_is_asked_for_is_found_or_refused_with_a_sentence(filled: Project) -> None:
    track, clip = filled.find(filled.timeline.tracks[0].clips[1].id)
    assert clip.media == "ntsc" and clip in track.clips
    for ask, code in ((filled.find, "no_such_clip"), (filled.source, "no_such_media")):
        with pytest.raises(UsageError) as e:
            ask("nobody")
        assert e.value.code == code


def test_an_empty_project_has_no_length_and_no_work() -> None:
    assert Timeline().length == 0 and Project().work_of("x").keyframes == ()


def test_ids_differ() -> None:
    assert len({new_id() for _ in range(1000)}) == 1000
