from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui.view_menu import NAMES
from keyfollow_desktop.ui.view_transform import CURVES
from keyfollow_desktop.ui.window import Window
from PySide6.QtWidgets import QFileDialog

from ..conftest import placed


def test_every_curve_is_in_the_menu() -> None:
    assert set(NAMES) == set(CURVES) and all(NAMES[c].partition(" ")[0] in CURVES[c].name for c in NAMES)


def test_a_view_is_chosen_shown_and_taken_back(
    window: Window, described: Media, wait: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = window.bar.view
    assert view.isHidden()
    window.document.do("Import", placed(window.document.project, described))
    wait(lambda: window.viewer.shown[0] is not None)
    before = window.viewer.grab().toImage()
    assert view.text() == "Rec. 709"
    view.fill()
    {a.text(): a for a in view.menu().actions()}["S-Log3"].trigger()
    wait(lambda: (now := window.viewer.shown[0]) is not None and now.view == "slog3")
    assert view.text() == "S-Log3" and window.viewer.grab().toImage() != before
    assert window.document.project.media[described.id].view == "slog3"
    cube = tmp_path / "look.cube"
    cube.write_text("LUT_1D_SIZE 2\n1 1 1\n0 0 0\n")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(cube), ""))
    view._ask()
    assert view.text() == "look.cube"
    wait(lambda: (now := window.viewer.shown[0]) is not None and now.view == str(cube))
    cube.unlink()
    window.pictures.forget()
    window.viewer.refresh()
    wait(lambda: "look-up table" in window.viewer.message)
    window.document.undo()
    window.document.undo()
    wait(lambda: window.viewer.shown[0] is not None)
    assert view.text() == "Rec. 709" and not window.viewer.message
