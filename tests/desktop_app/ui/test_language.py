from __future__ import annotations

from keyfollow_desktop.ui import language
from keyfollow_desktop.ui.actions import words
from keyfollow_desktop.ui.language import FOLDER, LANGUAGES, Translator
from keyfollow_desktop.ui.preferences import Preferences
from keyfollow_desktop.ui.preferences_dialog import PreferencesDialog
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot


def test_everything_speaks_the_chosen_language(german: str, own_home: object, qtbot: QtBot) -> None:
    assert german == "de" and words("Split at playhead") == "Am Abspielkopf teilen"
    dialog = PreferencesDialog(Preferences())
    qtbot.addWidget(dialog)
    assert dialog.windowTitle() == "Einstellungen"
    # a text that is ours in no language stays as it is; Qt's own buttons speak too
    assert words("no text of ours") == "no text of ours"
    assert dialog.language.itemText(dialog.language.findData("")) == "Wie das System"


def test_a_language_that_is_not_there_is_english(qapp: QApplication) -> None:
    assert language.apply(qapp, "en") == "en" and language.apply(qapp, "xx") == "en"
    assert words("Save") == "Save"


def test_what_is_offered_is_shipped() -> None:
    for code in set(LANGUAGES) - {"", "en"}:
        translator = Translator()
        assert translator.load(str(FOLDER / f"keyfollow_{code}.qm")) and translator.translate("any", "Undo")
