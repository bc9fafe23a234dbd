"""The language of the window: our texts from ``translations/``, Qt's own from Qt.

All of our texts are in one context of the .ts files: what a text says does not depend on the class that shows it, and two classes that
say the same are translated once. ``tools/translations.py`` keeps the files.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

CONTEXT = "Keyfollow"
LANGUAGES = {"": "", "en": "English", "de": "Deutsch"}
"""By code, in their own words; "" is the system's."""
FOLDER = Path(__file__).parents[1] / "translations"


_current = "en"


def current() -> str:
    """The code of the language that `apply` took."""
    return _current


class Translator(QTranslator):
    """Looks a text up whatever its context."""

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str | None:
        # None, not "": Qt shows the text itself then
        return super().translate(CONTEXT, text, disambiguation, n) or None


def apply(app: QCoreApplication, language: str) -> str:
    """Let everything that is built from now on speak `language` ("" for the system's); the code of what was taken."""
    global _current
    _current = "en"
    code = language or QLocale.system().name().partition("_")[0]
    if code not in LANGUAGES or not (FOLDER / f"keyfollow_{code}.qm").is_file():
        return "en"
    QLocale.setDefault(QLocale(code))
    own, qts = Translator(app), QTranslator(app)
    own.load(str(FOLDER / f"keyfollow_{code}.qm"))
    qts.load(f"qtbase_{code}.qm", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    # the one installed last is asked first
    for translator in (qts, own):
        app.installTranslator(translator)
    _current = code
    return code
