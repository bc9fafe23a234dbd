"""What a person chose for this machine: the image editor, keys, theme, language, what was open last."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

from keyfollow.paths import paths
from PySide6.QtCore import QByteArray, QSettings

from .shortcuts import OWN, Keys

KNOWN_EDITORS = {
    "Krita": "krita",
    "GIMP": "gimp",
    "Photoshop": "photoshop",
    "Affinity Photo": "affinity-photo",
    "Pinta": "pinta",
    "MyPaint": "mypaint",
}
RECENT = 8


class Preferences:
    """Kept in ``desktop.ini`` beside the job store."""

    def __init__(self) -> None:
        self._settings = QSettings(str(paths().data / "desktop.ini"), QSettings.Format.IniFormat)

    @property
    def editor(self) -> str:
        """The image editor's command line, "" until one is chosen."""
        return str(self._settings.value("editor", "") or "")

    @editor.setter
    def editor(self, command: str) -> None:
        self._settings.setValue("editor", command)

    @property
    def welcomed(self) -> bool:
        """Whether the first run was answered."""
        return bool(self._settings.value("welcomed", False, type=bool))

    @welcomed.setter
    def welcomed(self, done: bool) -> None:
        self._settings.setValue("welcomed", done)

    @property
    def draft_on_save(self) -> bool:
        """Whether each saved keyframe starts a draft."""
        return bool(self._settings.value("draft_on_save", False, type=bool))

    @draft_on_save.setter
    def draft_on_save(self, on: bool) -> None:
        self._settings.setValue("draft_on_save", on)

    @property
    def pause_editing(self) -> bool:
        """Whether jobs are paused while a frame is edited."""
        return bool(self._settings.value("pause_editing", False, type=bool))

    @pause_editing.setter
    def pause_editing(self, on: bool) -> None:
        self._settings.setValue("pause_editing", on)

    @property
    def recent(self) -> list[Path]:
        """Projects opened last that are still there, the newest first."""
        kept = self._settings.value("recent", []) or []
        names = [kept] if isinstance(kept, str) else list(kept)  # type: ignore[call-overload]
        return [Path(n) for n in names if Path(n).is_dir()]

    def opened(self, folder: Path) -> None:
        names = [str(folder), *(str(f) for f in self.recent if f != folder)]
        self._settings.setValue("recent", names[:RECENT])

    def layout(self, name: str) -> QByteArray:
        """A window's geometry or a splitter's sizes as they were; empty the first time."""
        kept = self._settings.value(f"layout/{name}")
        return kept if isinstance(kept, QByteArray) else QByteArray()

    def keep_layout(self, name: str, state: QByteArray) -> None:
        self._settings.setValue(f"layout/{name}", state)

    @property
    def language(self) -> str:
        """A code of `language.LANGUAGES`, "" for the system's."""
        return str(self._settings.value("language", "") or "")

    @language.setter
    def language(self, code: str) -> None:
        self._settings.setValue("language", code)

    @property
    def proxies(self) -> bool:
        """Whether light copies of large footage are made for playing."""
        return bool(self._settings.value("proxies", True, type=bool))

    @proxies.setter
    def proxies(self, wanted: bool) -> None:
        self._settings.setValue("proxies", wanted)

    @property
    def theme(self) -> str:
        return str(self._settings.value("theme", "dark") or "dark")

    @theme.setter
    def theme(self, name: str) -> None:
        self._settings.setValue("theme", name)

    @property
    def shortcuts(self) -> tuple[str, dict[str, Keys]]:
        """The preset's name, and the keys that a person chose by action."""
        kept = str(self._settings.value("shortcuts/chosen", "") or "{}")
        try:
            chosen = {str(name): tuple(map(str, keys)) for name, keys in json.loads(kept).items()}
        except (ValueError, TypeError, AttributeError):  # someone edited the file
            chosen = {}
        return str(self._settings.value("shortcuts/preset", OWN) or OWN), chosen

    def keep_shortcuts(self, preset: str, chosen: dict[str, Keys]) -> None:
        self._settings.setValue("shortcuts/preset", preset)
        self._settings.setValue("shortcuts/chosen", json.dumps(chosen))

    def flush(self) -> None:
        self._settings.sync()


def editor_line(command: str, picture: Path) -> list[str]:
    """Program and arguments that open `picture`; ``{file}`` in the command stands for it, else it comes last."""
    words = shlex.split(command)
    if any("{file}" in w for w in words):
        return [w.replace("{file}", str(picture)) for w in words]
    return [*words, str(picture)]


def installed_editors() -> dict[str, str]:
    """The image editors of this machine's PATH: command by name."""
    return {name: command for name, command in KNOWN_EDITORS.items() if shutil.which(command)}
