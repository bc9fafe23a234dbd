"""The editor in a language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from keyfollow_desktop.ui import language
from PySide6.QtCore import QLocale, QTranslator
from PySide6.QtWidgets import QApplication


@pytest.fixture
def german(qapp: QApplication) -> Iterator[str]:
    """German, and English again afterwards; the code of the language that the editor says it speaks."""
    before = QLocale()
    yield language.apply(qapp, "de")
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)
        translator.deleteLater()
    QLocale.setDefault(before)
    language.apply(qapp, "en")
