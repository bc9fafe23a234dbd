"""A form made from an engine's settings: a field each, with its help, its limits and its default."""

from __future__ import annotations

from keyfollow.edits import SettingValue
from keyfollow.engine_info import Setting
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QLineEdit, QSpinBox, QWidget

from .actions import words
from .engine_words import title
from .parts import label

WHOLE = 2**31 - 1


class SchemaForm(QWidget):
    """`changed` with all values that differ from their defaults, whenever the person changes one."""

    changed = Signal(object)

    def __init__(self, settings: tuple[Setting, ...], values: dict[str, SettingValue], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.fields: dict[str, QWidget] = {}
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for setting in settings:
            field = self._field(setting, values.get(setting.name, setting.default))
            name, meaning = title(setting.name), words(setting.help)
            field.setAccessibleName(name)
            field.setAccessibleDescription(meaning)
            tip = self.tr("{0}\nDefault: {1}").format(meaning, setting.default)
            field.setToolTip(tip)
            named = label(name, tip=tip)
            named.setBuddy(field)
            form.addRow(named, field)
            self.fields[setting.name] = field

    def _field(self, setting: Setting, value: SettingValue) -> QWidget:
        match setting.kind:
            case "bool":
                box = QCheckBox()
                box.setChecked(bool(value))
                box.toggled.connect(self._emit)
                return box
            case "choice":
                choice = QComboBox()
                choice.addItems(setting.choices)
                choice.setCurrentText(str(value))
                choice.currentTextChanged.connect(self._emit)
                return choice
            case "int":
                whole = QSpinBox()
                whole.setRange(
                    int(setting.low if setting.low is not None else -WHOLE),
                    int(min(setting.high if setting.high is not None else WHOLE, WHOLE)),
                )
                whole.setValue(int(value))
                whole.setKeyboardTracking(False)
                whole.valueChanged.connect(self._emit)
                return whole
            case "float":
                number = QDoubleSpinBox()
                low = -1e9 if setting.low is None else setting.low
                high = 1e9 if setting.high is None else setting.high
                number.setRange(low, high)
                number.setDecimals(2)
                number.setSingleStep(0.05 if high - low <= 2 else 1.0)
                number.setValue(float(value))
                number.setKeyboardTracking(False)
                number.valueChanged.connect(self._emit)
                return number
            case _:
                line = QLineEdit(str(value))
                line.editingFinished.connect(self._emit)
                return line

    def values(self) -> dict[str, SettingValue]:
        """What differs from the defaults."""
        found: dict[str, SettingValue] = {}
        for setting in self._settings:
            field = self.fields[setting.name]
            value: SettingValue
            match field:
                case QCheckBox():
                    value = field.isChecked()
                case QComboBox():
                    value = field.currentText()
                case QSpinBox() | QDoubleSpinBox():
                    value = field.value()
                case QLineEdit():
                    value = field.text()
                case _:
                    continue
            if value != setting.default:
                found[setting.name] = value
        return found

    def _emit(self) -> None:
        self.changed.emit(self.values())
