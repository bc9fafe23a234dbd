"""Where large files are kept: a field for the first run and the preferences, and what it takes for a choice to count."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from keyfollow import launch
from keyfollow.client import Client
from keyfollow.paths import Choices, choices, keep_choices, paths
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from ..bridge import Bridge, active
from ..model.timecode import megabytes
from .parts import label

VARIABLE = "KEYFOLLOW_STORAGE"
STOP_S = 15.0
LITTLE = 5 << 30
"""Bytes below which it is said that there is little room."""


class StorageField(QWidget):
    """A folder with the room that it has. It can only be looked at where the environment decides."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.folder = QLineEdit(str(paths().storage), readOnly=True)
        self.folder.setAccessibleName(self.tr("Storage folder"))
        self.change = QPushButton(self.tr("Change…"))
        self.change.setAccessibleName(self.tr("Change the storage folder"))
        self.change.clicked.connect(self._ask)
        self.change.setEnabled(VARIABLE not in os.environ)
        row.addWidget(self.folder, 1)
        row.addWidget(self.change)
        self._room = label("", "dim", wrap=True)
        column.addLayout(row)
        column.addWidget(self._room)
        self._say()

    def _ask(self) -> None:
        found = QFileDialog.getExistingDirectory(self, self.tr("Keep large files in"), self.folder.text())
        if found:
            self.choose(Path(found))

    def choose(self, folder: Path) -> None:
        """Take a folder; it counts once `keep` was called."""
        self.folder.setText(str(folder))
        self._say()
        self.changed.emit()

    @property
    def room(self) -> str:
        return self._room.text()

    def _say(self) -> None:
        if VARIABLE in os.environ:
            self._room.setText(self.tr("The environment says so ({0}).").format(VARIABLE))
            return
        there = Path(self.folder.text())
        while not there.exists() and there != there.parent:
            there = there.parent
        try:
            free = shutil.disk_usage(there).free
        except OSError as e:
            self._room.setText(str(e.strerror or e))
            return
        text = self.tr("{0} free. Takes, inversions and models go there: choose a large, fast disk.")
        if free < LITTLE:
            text = self.tr("Only {0} free: long clips and models will not fit.")
        self._room.setText(text.format(megabytes(free)))

    def keep(self, cache_bytes: int | None = None) -> bool:
        """Keep the folder, and the inversion cache's size where one is given; whether a daemon has to start anew for it.

        Raises:
            StorageError: ``cannot_write``, ``disk_full``.
        """
        where = paths()
        old = choices(where.data)
        folder = Path(self.folder.text())
        storage = folder if folder != where.storage else old.storage
        new = Choices(storage, old.cache_bytes if cache_bytes is None else cache_bytes)
        if new != old:
            keep_choices(where.data, new)
        return new != old


def restart(bridge: Bridge) -> bool:
    """Let the daemon start anew so that it sees what was chosen; False while it has jobs, which come first."""
    if active(bridge.jobs):
        return False

    def stop(client: Client) -> None:
        client.shutdown()
        patience = time.monotonic() + STOP_S
        while launch.find(paths()) is not None and time.monotonic() < patience:
            time.sleep(0.05)

    bridge.call(stop, lambda _: bridge.start(), lambda _: bridge.start())
    return True
