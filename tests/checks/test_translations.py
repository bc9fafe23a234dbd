from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("translations", ROOT / "tools/translations.py")
assert spec is not None and spec.loader is not None
translations = importlib.util.module_from_spec(spec)
spec.loader.exec_module(translations)


def test_every_text_of_the_window_is_translated() -> None:
    lacking = translations.missing(ROOT)
    assert "de" in lacking and not lacking["de"], "python tools/translations.py, then fill in the .ts file"


def test_what_engines_say_of_themselves_counts_as_the_window_s_text() -> None:
    said = translations.engine_texts()
    assert {"Change threshold", "Edges stay, colours are free."} <= set(said) <= set(translations.wanted(ROOT))
    assert len(said) == len(set(said)) > 150


def test_texts_come_from_calls_and_keep_their_translations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translations, "engine_texts", list)
    source = tmp_path / translations.SOURCES / "ui" / "a.py"
    source.parent.mkdir(parents=True)
    source.write_text(
        'class A:\n    def b(self):\n        self.tr("One" " line")\n        x = _t("Two")\n        self.tr("One line")\n'
    )
    assert translations.texts(tmp_path) == ["One line", "Two"]
    (tmp_path / translations.FOLDER).mkdir()
    file = tmp_path / translations.FOLDER / "keyfollow_de.ts"
    translations.write(file, "de", ["One line", "Gone"], {"One line": "Eine Zeile", "Gone": "Weg"})
    assert translations.missing(tmp_path) == {"de": ["Two"]}
    assert translations.main(tmp_path) == 0
    assert translations.read(file) == {"One line": "Eine Zeile", "Two": ""} and file.with_suffix(".qm").is_file()


def test_a_text_that_is_put_together_is_refused(tmp_path: Path) -> None:
    source = tmp_path / translations.SOURCES / "a.py"
    source.parent.mkdir(parents=True)
    source.write_text('self.tr(f"{n} frames")\n')
    with pytest.raises(SyntaxError, match="literal"):
        translations.texts(tmp_path)
