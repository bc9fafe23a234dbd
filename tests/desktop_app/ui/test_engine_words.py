from __future__ import annotations

from keyfollow.engine_info import EngineInfo
from keyfollow_daemon.engines import registry
from keyfollow_desktop.ui.engine_words import english, summary, title
from keyfollow_desktop.ui.schema_form import SchemaForm
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot


def test_an_engine_s_settings_speak_the_person_s_language(german: str, qtbot: QtBot) -> None:
    patch = registry.engines()["patch"]
    form = SchemaForm(patch.settings, {})
    qtbot.addWidget(form)
    assert "Schwelle der Änderung" in [label.text() for label in form.findChildren(QLabel)]
    assert form.fields["strength"].toolTip().startswith("Wie viel der Bearbeitung")
    first, whole = summary(patch)
    assert first.startswith("Folgt der Bewegung") and first.endswith("Herunterladen.") and whole.startswith(first)


def test_without_a_translation_the_engine_s_own_words_are_shown(german: str) -> None:
    info = EngineInfo("other", "Other", "1", "Does it otherwise")
    assert list(english(info)) == ["Does it otherwise"] and summary(info) == ("Does it otherwise.", "Does it otherwise")
    assert title("odd_one") == "Odd one"
