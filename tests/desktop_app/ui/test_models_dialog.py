from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from keyfollow_desktop.ui.model_store import ModelStore
from keyfollow_desktop.ui.models_dialog import ModelsDialog
from keyfollow_testkit import weights
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from .test_model_store import program as program


def test_a_model_from_its_licence_to_its_removal(
    program: Path, qtbot: QtBot, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: list[int] = []
    dialog = ModelsDialog(ModelStore(), lambda: changes.append(1))
    qtbot.addWidget(dialog)
    dialog.show()

    def state() -> str:
        item = dialog.list.topLevelItem(0)
        return item.text(1) if item else ""

    wait(lambda: state() == "Not here")
    assert "OpenRAIL" in dialog.licence.text() and not dialog.read.isHidden()
    assert not dialog.download.isEnabled() and not dialog.check.isEnabled() and not dialog.remove.isEnabled()
    dialog.accept_box.setChecked(True)
    assert dialog.download.isEnabled()
    dialog.download.click()
    wait(lambda: state() == "Installed" and dialog.state.text() == "tiny is installed.")
    assert changes and dialog.accept_box.isHidden() and not dialog.download.isEnabled()
    dialog.check.click()
    wait(lambda: "is damaged" in dialog.state.text() and dialog.check.isEnabled())
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    dialog.remove.click()
    wait(lambda: state() == "Not here" and dialog.state.text() == "3.0 GB freed.")
    dialog.add_folder(Path("/x"))
    wait(lambda: dialog.state.text() == "That is no model. Choose another folder.")


def test_a_stopped_download_says_that_it_goes_on(program: Path, qtbot: QtBot, wait: Callable[..., None]) -> None:
    (program.parent / "slow").touch()
    dialog = ModelsDialog(ModelStore(), lambda: None)
    qtbot.addWidget(dialog)
    dialog.show()
    wait(lambda: dialog.list.topLevelItemCount())
    dialog.accept_box.setChecked(True)
    dialog.download.click()
    wait(lambda: dialog.bar.value() == 666)
    assert dialog.state.text() == "Downloading: 2.0 GB of 3.0 GB" and not dialog.cancel.isHidden()
    dialog.cancel.click()
    wait(lambda: dialog.state.text().startswith("Stopped."))


def test_a_folder_of_one_s_own_with_the_real_store(
    own_home: Path, tmp_path: Path, qtbot: QtBot, wait: Callable[..., None]
) -> None:
    dialog = ModelsDialog(ModelStore(), lambda: None)
    qtbot.addWidget(dialog)
    wait(lambda: dialog.list.topLevelItemCount() > 3)
    dialog.add_folder(weights.lay_out(tmp_path / "mine", weights.pipeline()))
    wait(lambda: dialog.state.text() == "mine is installed.")
    wait(lambda: any(m.id == "mine" and m.here for m in dialog._models.values()))
    dialog.reject()
