"""The page of the preferences where keys are changed: one line an action, a field that takes the key pressed."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from .actions import words
from .parts import label
from .shortcuts import PRESETS, REMAPPABLE, Keys, assign, effective, entry


class ShortcutsPage(QWidget):
    """`preset` and `chosen` are what to keep: the keys that differ from the preset's."""

    def __init__(self, preset: str, chosen: Mapping[str, Keys], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys = effective(preset, chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(10)
        row = QHBoxLayout()
        row.addWidget(label(self.tr("Keys as in")))
        self.presets = QComboBox()
        self.presets.setAccessibleName(self.tr("Keys as in"))
        self.presets.addItems(list(PRESETS))
        self.presets.setCurrentText(preset)
        self.presets.activated.connect(self._on_preset)
        row.addWidget(self.presets)
        row.addStretch(1)
        column.addLayout(row)
        self.list = QTreeWidget()
        self.list.setAccessibleName(self.tr("Actions and their keys"))
        self.list.setHeaderLabels([self.tr("Action"), self.tr("Keys")])
        self.list.setRootIsDecorated(False)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._items: dict[str, QTreeWidgetItem] = {}
        for known in REMAPPABLE:
            item = self._items[known.name] = QTreeWidgetItem(self.list, [words(known.text).replace("…", ""), ""])
            item.setData(0, 0x100, known.name)
        self.list.currentItemChanged.connect(lambda *_: self._on_current())
        column.addWidget(self.list, 1)
        below = QHBoxLayout()
        below.setSpacing(8)
        self.field = QKeySequenceEdit()
        self.field.setMaximumSequenceLength(1)
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName(self.tr("Press the new key"))
        self.set = QPushButton(self.tr("Set"))
        self.set.setAutoDefault(False)
        self.set.clicked.connect(self._on_set)
        self.own = QPushButton(self.tr("Default"))
        self.own.setAutoDefault(False)
        self.own.clicked.connect(self._on_default)
        for part in (label(self.tr("New key")), self.field, self.set, self.own):
            below.addWidget(part)
        column.addLayout(below)
        self.note = label("", "dim", wrap=True)
        column.addWidget(self.note)
        self._show()
        self.list.setCurrentItem(next(iter(self._items.values())))

    @property
    def preset(self) -> str:
        return self.presets.currentText()

    @property
    def chosen(self) -> dict[str, Keys]:
        plain = effective(self.preset)
        return {name: keys for name, keys in self._keys.items() if keys != plain[name]}

    def _show(self) -> None:
        for name, item in self._items.items():
            text = "  ".join(QKeySequence(k).toString(QKeySequence.SequenceFormat.NativeText) for k in self._keys[name])
            item.setText(1, text)

    def _name(self) -> str:
        item = self.list.currentItem()
        assert item is not None, "one is always chosen"
        return str(item.data(0, 0x100))

    def _on_current(self) -> None:
        keys = self._keys[self._name()]
        self.field.setKeySequence(QKeySequence(keys[0] if keys else ""))
        self.note.setText("")

    def _on_set(self) -> None:
        pressed = self.field.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        self._assign((pressed,) if pressed else ())

    def _on_default(self) -> None:
        self._assign(effective(self.preset)[self._name()])
        self._on_current()

    def _assign(self, keys: Keys) -> None:
        self._keys, lost = assign(self._keys, self._name(), keys)
        self._show()
        names = ", ".join(words(entry(n).text).replace("…", "") for n in lost)
        self.note.setText(self.tr("Taken from: {0}").format(names) if lost else "")

    def _on_preset(self) -> None:
        self._keys = effective(self.preset)
        self._show()
        self._on_current()
