from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from keyfollow.errors import Cancelled, UsageError
from keyfollow.frames import FrameBuffer
from keyfollow.media.probe import probe
from keyfollow.media.reader import MediaReader
from keyfollow_desktop.model import timeline_edits
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.sending import Program, send

from ..conftest import inverted, with_take


@pytest.fixture
def trimmed(one_clip: Document, frames: list[FrameBuffer]) -> tuple[Document, dict[str, str]]:
    """Two clips of one take, source frames 2-6 and 6-9, and the folders of takes."""
    take = with_take(one_clip, frames)
    clip = one_clip.project.timeline.tracks[0].clips[0].id
    one_clip.edit("Trim clip", lambda p: timeline_edits.trim(p, clip, start=2, stop=9))
    one_clip.edit("Split clip", lambda p: timeline_edits.split(p, 6))
    return one_clip, {take: str(one_clip.folder / "takes" / take)}


def sent(given: tuple[Document, dict[str, str]], folder: Path, program: Program) -> tuple[Path, list[tuple[int, int]]]:
    told: list[tuple[int, int]] = []
    document, takes = given
    return send(document.project, takes, document.folder, folder, program, lambda *n: told.append(n), lambda: False), told


def test_what_resolve_opens_shows_the_same_frames(
    trimmed: tuple[Document, dict[str, str]], frames: list[FrameBuffer], tmp_path: Path
) -> None:
    opened, told = sent(trimmed, tmp_path, "Resolve")
    out = tmp_path / "Untitled for Resolve"
    assert opened == out / "Untitled.otio" and {f.suffix for f in out.iterdir() if f.is_file()} == {".otio", ".edl", ".xml"}
    media = out / "media" / "clip_v001.mov"
    assert [f.name for f in (out / "media").iterdir()] == [media.name] and told[-1] == (12, 12)
    assert probe(media).audio and probe(media).frames == 12
    timeline = otio.adapters.read_from_file(str(opened))
    clips = list(timeline.video_tracks()[0].find_clips())
    assert [c.media_reference.target_url for c in clips] == [media.as_uri()] * 2
    with MediaReader(media) as reader:
        for clip, shown in zip(clips, (2, 6), strict=True):
            picture = reader.read(int(clip.source_range.start_time.value)).pixels
            assert np.abs((picture >> 8).astype(int) - inverted(frames[shown]).pixels).mean() < 4
    assert len(list(timeline.audio_tracks()[0].find_clips())) == 2


def test_premiere_gets_its_xml(trimmed: tuple[Document, dict[str, str]], tmp_path: Path) -> None:
    opened, _ = sent(trimmed, tmp_path, "Premiere")
    assert opened.suffix == ".xml" and [f.suffix for f in opened.parent.iterdir() if f.is_file()] == [".xml"]
    read = otio.adapters.read_from_file(str(opened))
    assert [c.source_range.start_time.value for c in read.video_tracks()[0].find_clips()] == [2, 6]


def test_blender_gets_a_script_that_puts_the_strips_at_the_same_frames(
    trimmed: tuple[Document, dict[str, str]], tmp_path: Path
) -> None:
    script, _ = sent(trimmed, tmp_path, "Blender")
    text = script.read_text()
    compile(text, str(script), "exec")
    said = re.search(r"loads\((.*)\)\nscene", text)
    assert said is not None and "clip_v001.mov" in said[1]


def test_what_cannot_be_sent_leaves_with_a_sentence(
    trimmed: tuple[Document, dict[str, str]], one_clip: Document, tmp_path: Path
) -> None:
    project, takes = one_clip.project, trimmed[1]
    nothing: Callable[..., None] = lambda *_: None  # noqa: E731
    slow = replace(project, timeline=replace(project.timeline, rate=(25, 1)))
    with pytest.raises(UsageError) as e:
        send(slow, takes, one_clip.folder, tmp_path, "Blender", nothing, lambda: False)
    assert e.value.code == "mixed_rates"
    with pytest.raises(Cancelled):
        send(project, takes, one_clip.folder, tmp_path, "Resolve", nothing, lambda: True)
    assert not list(tmp_path.glob("*/media/*"))
