"""Keep the window's languages complete: its texts into the .ts files, the .ts files into the .qm files that it reads.

Every text that is shown goes through ``tr()`` (or ``_t()`` in a table); they are found in the source, since Qt's own lupdate would put
each in the context of its class, and we look texts up without one (`keyfollow_desktop.ui.language`). What is new comes as unfinished: Qt
Linguist or an editor fills it in; what is used no more goes. What the engines of this checkout say of themselves is looked up by the
same way, so it counts as the window's text too; another engine's is shown as it is.

    python tools/translations.py [ROOT]
"""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

CONTEXT = "Keyfollow"
SOURCES, FOLDER = "desktop_app/keyfollow_desktop", "desktop_app/keyfollow_desktop/translations"
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'


def texts(root: Path) -> list[str]:
    """Every text that the window shows, in the order of its source, each once.

    Raises:
        SyntaxError: a text is put together before it is translated; no translation can be found for that.
    """
    found: dict[str, None] = {}
    for file in sorted((root / SOURCES).rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            for text in _asked(call, file):
                found[text] = None
    return list(found)


def _asked(node: ast.AST, file: Path) -> Iterator[str]:
    if not isinstance(node, ast.Call) or not node.args:
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in ("tr", "_t"):
        text = node.args[0]
        if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
            raise SyntaxError(f"{file}:{node.lineno}: tr() needs one literal text; use {{0}} and format()")
        yield text.value


def engine_texts() -> list[str]:
    """What the engines that come with Keyfollow say of themselves: summaries, kinds of edit, settings and their help."""
    from keyfollow_daemon.engines import registry
    from keyfollow_desktop.ui.engine_words import english

    return list(dict.fromkeys(text for info in registry.engines().values() for text in english(info)))


def wanted(root: Path) -> list[str]:
    """All that the window at `root` shows, each text once."""
    return list(dict.fromkeys([*texts(root), *engine_texts()]))


def read(file: Path) -> dict[str, str]:
    """The translations of a .ts file by text; unfinished ones are empty."""
    if not file.exists():
        return {}
    messages = ElementTree.parse(file).getroot().iter("message")
    return {m.findtext("source") or "": m.findtext("translation") or "" for m in messages}


def write(file: Path, language: str, wanted: list[str], known: dict[str, str]) -> None:
    root = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en")
    context = ElementTree.SubElement(root, "context")
    ElementTree.SubElement(context, "name").text = CONTEXT
    for text in wanted:
        message = ElementTree.SubElement(context, "message")
        ElementTree.SubElement(message, "source").text = text
        translation = ElementTree.SubElement(message, "translation")
        translation.text = known.get(text, "")
        if not translation.text:
            translation.set("type", "unfinished")
    ElementTree.indent(root, " ")
    file.write_text(HEAD + ElementTree.tostring(root, "unicode") + "\n", "utf-8")


def missing(root: Path) -> dict[str, list[str]]:
    """What lacks a translation, by language."""
    shown = wanted(root)
    return {
        file.stem.partition("_")[2]: [t for t in shown if not known.get(t)]
        for file in sorted((root / FOLDER).glob("keyfollow_*.ts"))
        if (known := read(file)) is not None
    }


def _lrelease() -> Path:
    found = importlib.util.find_spec("PySide6")
    assert found is not None and found.submodule_search_locations, "PySide6 is not installed"
    return Path(found.submodule_search_locations[0], "lrelease.exe" if sys.platform == "win32" else "lrelease")


def main(root: Path) -> int:
    shown = wanted(root)
    for file in sorted((root / FOLDER).glob("keyfollow_*.ts")):
        language = file.stem.partition("_")[2]
        write(file, language, shown, read(file))
        subprocess.run([_lrelease(), "-silent", file, "-qm", file.with_suffix(".qm")], check=True)
    for language, lacking in missing(root).items():
        print(f"{language}: {len(shown) - len(lacking)} of {len(shown)} texts are translated")
        for text in lacking:
            print(f"  {text!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]))
