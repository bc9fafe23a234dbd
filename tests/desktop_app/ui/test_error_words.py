from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import keyfollow
import keyfollow_daemon
import keyfollow_desktop
from keyfollow.errors import KINDS, MediaError, UsageError, disk_full
from keyfollow_desktop.ui.error_words import SENTENCES, said
from keyfollow_desktop.ui.notice import NoticeBar
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

ROOTS = [Path(p.__path__[0]) for p in (keyfollow, keyfollow_daemon, keyfollow_desktop)]


def texts(root: Path) -> Iterator[ast.AST]:
    for file in root.rglob("*.py"):
        if file.stem != "error_words":
            yield from ast.walk(ast.parse(file.read_text("utf-8")))


def test_every_error_of_the_editor_s_own_has_words_in_other_languages_and_none_is_left_over() -> None:
    raised = {
        node.args[0].value
        for node in texts(ROOTS[2])
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in KINDS
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    # a button's doing, or what no button can bring about
    assert raised - set(SENTENCES) <= {
        "stopped",
        "wrong_track",
        "bad_mask",
        "bad_name",
        "no_such_cut",
        "outside_source",
        "no_such_track",
    }
    known = {n.value for root in ROOTS for n in texts(root) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    assert set(SENTENCES) <= known


def test_in_english_an_error_is_told_as_it_came(qapp: QApplication) -> None:
    assert said(UsageError("no_editor", "None at all.", "Take one.")) == "None at all. Take one."


def test_in_another_language_by_its_code_and_the_values_are_in_the_tooltip(german: str, qtbot: QtBot) -> None:
    text = said(disk_full("/storage"))
    assert "voll" in text.lower() or "Platz" in text
    assert said(MediaError("media_truncated", "clip.mp4: It ends early (x).", "Copy it.")).startswith("clip.mp4: D")
    unheard = UsageError("never_heard_of", "Something odd.", "Do that.")
    assert said(unheard) == "Something odd. Do that."
    bar = NoticeBar()
    qtbot.addWidget(bar)
    bar.show_error(disk_full("/storage"))
    assert bar.text == text and "/storage" in bar._text.toolTip()
    bar.show_error(unheard)
    assert bar._text.toolTip() == ""


def test_all_of_them_are_translated(german: str) -> None:
    for code, (sentence, remedy) in SENTENCES.items():
        error = UsageError(code, "x", "y")
        assert sentence not in said(error) and remedy not in said(error), code
