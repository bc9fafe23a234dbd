from __future__ import annotations

from pathlib import Path

import pytest
from keyfollow.errors import MediaError, UsageError
from keyfollow_desktop.model import assets, work_edits
from keyfollow_desktop.model.state import Keyframe, Mask, Project, Retouch


def test_the_same_picture_is_kept_once_and_none_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.PNG").write_bytes(b"one")
    first = assets.adopt(tmp_path, "keyframes", tmp_path / "a.PNG")
    (tmp_path / "a.PNG").write_bytes(b"two")
    second = assets.adopt(tmp_path, "keyframes", tmp_path / "a.PNG")
    assert first != second and first.endswith(".png") and assets.adopt_bytes(tmp_path, "keyframes", b"one", ".png") == first
    assert assets.picture(tmp_path, "keyframes", first).read_bytes() == b"one"
    assert len(list((tmp_path / "keyframes").iterdir())) == 2


def test_what_cannot_be_read_or_found_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as gone:
        assets.adopt(tmp_path, "masks", tmp_path / "nowhere.png")
    with pytest.raises(MediaError) as lost:
        assets.picture(tmp_path, "masks", "nowhere.png")
    with pytest.raises(UsageError) as outside:
        assets.picture(tmp_path, "masks", "../../etc/passwd")
    assert [e.value.code for e in (gone, lost, outside)] == ["no_such_file", "picture_gone", "bad_name"]


def test_only_what_no_project_uses_is_removed(tmp_path: Path, project: Project) -> None:
    kept = [assets.adopt_bytes(tmp_path, "keyframes", bytes([n]), ".png") for n in range(4)]
    mask = assets.adopt_bytes(tmp_path, "masks", b"mask", ".png")
    assets.adopt_bytes(tmp_path, "keyframes", b"of nobody", ".png")
    assets.adopt_bytes(tmp_path, "masks", b"of nobody", ".png")
    one = work_edits.set_keyframe(project, "pal", Keyframe(1, kept[0], kept[1]))
    other = work_edits.set_retouch(project, "pal", Retouch(1, kept[2]))
    other = work_edits.set_mask(
        work_edits.set_keyframe(other, "ntsc", Keyframe(2, kept[3])), "ntsc", Mask("m", "edit", 1, mask)
    )
    assert assets.remove_unused(tmp_path, [one, other]) == 2
    assert {p.name for p in (tmp_path / "keyframes").iterdir()} == set(kept) and (tmp_path / "masks" / mask).exists()
