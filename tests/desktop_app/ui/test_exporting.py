from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from keyfollow.errors import Cancelled, UsageError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.media.mixing import read_sound
from keyfollow.media.probe import probe
from keyfollow.media.reader import MediaReader
from keyfollow_desktop.model import timeline_edits, work_edits
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.exporting import FORMATS, Export, suggested_name, with_sound, write
from keyfollow_desktop.ui.importing import describe
from keyfollow_testkit.clips import moving_patch, read_png, write_clip

from ..conftest import inverted, with_fix, with_take

FFV1 = next(f for f in FORMATS if f.codec == "ffv1")
PRORES = next(f for f in FORMATS if f.codec == "prores")
PNG = next(f for f in FORMATS if f.images == "png")


def test_a_trimmed_clip_s_take_comes_out_with_its_own_sound(
    one_clip: Document, frames: list[FrameBuffer], tmp_path: Path
) -> None:
    take = with_take(one_clip, frames)
    clip = one_clip.project.timeline.tracks[0].clips[0].id
    one_clip.edit("Trim clip", lambda p: timeline_edits.trim(p, clip, stop=8))
    out = tmp_path / "out.mkv"
    told: list[tuple[int, int]] = []
    export = Export(one_clip.project, out, FFV1, takes={take: str(one_clip.folder / "takes" / take)})
    write(export, lambda *n: told.append(n), lambda: False)
    info = probe(out)
    assert info.frames == 8 and info.rate == (24, 1) and info.audio and told[-1] == (8, 8)
    with MediaReader(out) as reader:
        for n, frame in enumerate(reader.frames(FrameRange(0, 8))):
            assert (frame.pixels[..., :3] == inverted(frames[n]).pixels).all()


def test_a_timeline_of_several_clips_is_what_is_seen(one_clip: Document, frames: list[FrameBuffer], tmp_path: Path) -> None:
    clip = one_clip.project.timeline.tracks[0].clips[0].id
    one_clip.edit("Split clip", lambda p: timeline_edits.split(p, 4))
    one_clip.edit("Remove clip", lambda p: timeline_edits.remove(p, [clip]))
    one_clip.edit("Add clip", lambda p: timeline_edits.place(p, p.timeline.tracks[0].id, next(iter(p.media)), 0, length=2))
    assert with_sound(one_clip.project, None, "full") and not with_sound(one_clip.project, None, "matte")
    write(Export(one_clip.project, tmp_path / "out.mkv", FFV1), lambda *n: None, lambda: False)
    with MediaReader(tmp_path / "out.mkv") as reader:
        made = [f.pixels[..., :3] for f in reader.frames(FrameRange(0, 12))]
    assert (made[1] == frames[1].pixels).all() and not made[2].any() and (made[9] == frames[9].pixels).all()
    # where there is no picture there is no sound either
    sound = np.concatenate(list(read_sound(tmp_path / "out.mkv", Fraction(0), Fraction(1, 2))))
    assert len(sound) == 24_000 and sound[:3900].any() and not sound[4100:7900].any() and sound[8100:].any()


def test_nothing_half_done_and_no_source_is_overwritten(
    one_clip: Document, frames: list[FrameBuffer], tmp_path: Path, clip: Path
) -> None:
    def refused(out: Path) -> str:
        with pytest.raises(UsageError) as e:
            write(Export(one_clip.project, out, FFV1, takes={}), lambda *n: None, lambda: False)
        return e.value.code

    assert refused(clip) == "output_is_source"
    with pytest.raises(Cancelled):
        write(Export(one_clip.project, tmp_path / "out.mkv", FFV1), lambda *n: None, lambda: True)
    with_take(one_clip, frames)
    assert refused(tmp_path / "out.mkv") == "take_unfinished"
    assert not (tmp_path / "out.mkv").exists()


def test_clips_of_another_size_and_rate_go_together(one_clip: Document, frames: list[FrameBuffer], tmp_path: Path) -> None:
    other = describe(str(write_clip(tmp_path / "tall.mp4", moving_patch(24, 32, 64), rate=Fraction(48))))
    one_clip.edit("Import", lambda p: work_edits.add_media(p, other))
    one_clip.edit("Add clip", lambda p: timeline_edits.place(p, p.timeline.tracks[0].id, other.id, 12))
    out = tmp_path / "out.mkv"
    told: list[tuple[int, int]] = []
    export = Export(one_clip.project, out, FFV1, span=(8, 20))
    write(export, lambda *n: told.append(n), lambda: False)
    info = probe(out)
    assert (info.width, info.height, info.frames, info.rate) == (96, 64, 12, (24, 1)) and told[-1] == (12, 12)
    sound = np.concatenate(list(read_sound(out, Fraction(0), Fraction(1, 2))))
    assert len(sound) == 24_000 and sound[:7900].any() and not sound[8100:].any()
    with MediaReader(out) as reader, MediaReader(other.path) as source:
        made = [f.pixels[..., :3] for f in reader.frames(FrameRange(0, 12))]
        assert (made[3] == frames[11].pixels).all()
        assert (made[6][:, 32:64] == source.read(4).pixels).all() and not made[6][:, :32].any()
    small = Export(one_clip.project, tmp_path / "small.mkv", FFV1, size=(48, 32))
    write(small, lambda *n: None, lambda: False)
    assert (probe(small.out).width, probe(small.out).height) == (48, 32)
    late = Export(one_clip.project, tmp_path / "late.mov", PRORES, span=(30, 31))
    one_clip.edit("Add clip", lambda p: timeline_edits.place(p, p.timeline.tracks[0].id, other.id, 30))
    write(replace(late, project=one_clip.project), lambda *n: None, lambda: False)
    assert probe(late.out).timecode == "00:00:01:06"


def test_handles_and_names_of_a_clip_s_images(one_clip: Document, frames: list[FrameBuffer], tmp_path: Path) -> None:
    take = with_take(one_clip, frames)
    clip = one_clip.project.timeline.tracks[0].clips[0].id
    one_clip.edit("Trim clip", lambda p: timeline_edits.trim(p, clip, start=4, stop=8))
    assert suggested_name(one_clip.project, clip) == "clip_v001"
    folders = {take: str(one_clip.folder / "takes" / take)}
    export = Export(one_clip.project, tmp_path / "out", PNG, "edit", clip, folders, handles=3)
    write(export, lambda *n: None, lambda: False)
    assert sorted(f.name for f in (tmp_path / "out").iterdir()) == [f"clip_v001_{n:06d}.png" for n in range(1, 11)]
    edit = read_png(tmp_path / "out" / "clip_v001_000005.png")
    assert edit.shape[2] == 4 and (edit[..., 3] == 255).mean() > 0.9


def test_a_fix_of_one_frame_goes_out_over_the_take(one_clip: Document, frames: list[FrameBuffer], tmp_path: Path) -> None:
    take = with_take(one_clip, frames)
    with_fix(one_clip, tmp_path, 2)
    clip = one_clip.project.timeline.tracks[0].clips[0].id
    one_clip.edit("Trim clip", lambda p: timeline_edits.trim(p, clip, stop=4))
    folders = {take: str(one_clip.folder / "takes" / take)}
    export = Export(one_clip.project, tmp_path / "out.mkv", FFV1, takes=folders, folder=one_clip.folder)
    write(export, lambda *n: None, lambda: False)
    with MediaReader(tmp_path / "out.mkv") as reader:
        for n, frame in enumerate(reader.frames(FrameRange(0, 4))):
            wanted = inverted(frames[n]).pixels
            assert (frame.pixels[30:, :, :3] == wanted[30:]).all()
            assert (frame.pixels[:20, :20, :3] == ((255, 0, 0) if n == 2 else wanted[:20, :20])).all()


def test_two_takes_of_a_split_clip_dissolve_into_each_other(
    one_clip: Document, frames: list[FrameBuffer], tmp_path: Path
) -> None:
    take = with_take(one_clip, frames)
    one_clip.edit("Split clip", lambda p: timeline_edits.split(p, 4))
    second = one_clip.project.timeline.tracks[0].clips[1].id
    one_clip.edit("Show source", lambda p: timeline_edits.show_take(p, [second], ""))
    one_clip.edit("Dissolve", lambda p: timeline_edits.set_dissolve(p, second, 3))
    export = Export(one_clip.project, tmp_path / "out.mkv", FFV1, takes={take: str(one_clip.folder / "takes" / take)})
    write(export, lambda *n: None, lambda: False)
    with MediaReader(tmp_path / "out.mkv") as reader:
        made = [f.pixels[..., :3].astype(float) for f in reader.frames(FrameRange(0, 12))]
    assert (made[3] == inverted(frames[3]).pixels).all() and (made[7] == frames[7].pixels).all()
    for n, share in ((4, 0.25), (5, 0.5), (6, 0.75)):
        want = inverted(frames[n]).pixels * (1 - share) + frames[n].pixels * share
        assert np.abs(made[n] - want).max() <= 0.51
