from __future__ import annotations

from pathlib import Path

import pytest
from keyfollow.paths import choices, paths
from keyfollow_desktop.ui import storage_field
from keyfollow_desktop.ui.storage_field import StorageField
from pytestqt.qtbot import QtBot


def test_what_is_chosen_counts_once_it_is_kept(own_home: Path, qtbot: QtBot, tmp_path: Path) -> None:
    field = StorageField()
    qtbot.addWidget(field)
    assert not field.keep() and field.folder.text() == str(paths().storage) and "free" in field.room
    field.choose(tmp_path / "large")
    assert paths().storage != tmp_path / "large"
    assert field.keep(cache_bytes=7) and paths().storage == tmp_path / "large" and choices(paths().data).cache_bytes == 7
    assert not field.keep(cache_bytes=7)


def test_little_room_is_said_and_the_environment_has_the_last_word(
    own_home: Path, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_field, "LITTLE", 1 << 62)
    field = StorageField()
    qtbot.addWidget(field)
    assert field.room.startswith("Only ") and field.change.isEnabled()
    monkeypatch.setenv("KEYFOLLOW_STORAGE", str(tmp_path))
    field = StorageField()
    qtbot.addWidget(field)
    assert not field.change.isEnabled() and "KEYFOLLOW_STORAGE" in field.room
