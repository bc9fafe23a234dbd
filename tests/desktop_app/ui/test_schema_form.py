from __future__ import annotations

from keyfollow.engine_info import Setting
from keyfollow_desktop.ui.schema_form import SchemaForm
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

SETTINGS = (
    Setting("strength", "float", 1.0, "How much.", 0.0, 1.0),
    Setting("steps", "int", 20, "How many.", 1, 100),
    Setting("tiled", "bool", False, "In tiles."),
    Setting("order", "choice", "a", "Which first.", choices=("a", "b")),
    Setting("words", "text", "", "Said."),
)


def test_a_field_per_setting_with_limits_help_and_default(qtbot: QtBot) -> None:
    form = SchemaForm(SETTINGS, {"steps": 30})
    qtbot.addWidget(form)
    kinds = [type(f) for f in form.fields.values()]
    assert kinds == [QDoubleSpinBox, QSpinBox, QCheckBox, QComboBox, QLineEdit]
    steps = form.fields["steps"]
    assert isinstance(steps, QSpinBox) and (steps.minimum(), steps.maximum(), steps.value()) == (1, 100, 30)
    assert "How many." in steps.toolTip() and "20" in steps.toolTip() and steps.accessibleName() == "Steps"


def test_only_what_differs_from_the_defaults_is_said(qtbot: QtBot) -> None:
    form = SchemaForm(SETTINGS, {"steps": 30})
    qtbot.addWidget(form)
    heard: list[object] = []
    form.changed.connect(heard.append)
    tiled, steps = form.fields["tiled"], form.fields["steps"]
    assert isinstance(tiled, QCheckBox) and isinstance(steps, QSpinBox)
    tiled.click()
    steps.setValue(20)
    assert heard == [{"steps": 30, "tiled": True}, {"tiled": True}] and form.values() == {"tiled": True}
