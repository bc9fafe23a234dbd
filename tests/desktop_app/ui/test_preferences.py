from __future__ import annotations

from pathlib import Path

from keyfollow_desktop.ui.preferences import Preferences, editor_line


def test_the_editor_s_command_gets_the_picture_last_or_where_it_says(tmp_path: Path) -> None:
    picture = tmp_path / "a b.png"
    assert editor_line("krita --nosplash", picture) == ["krita", "--nosplash", str(picture)]
    assert editor_line("'/opt/my editor' -f {file} -x", picture) == ["/opt/my editor", "-f", str(picture), "-x"]


def test_choices_are_kept(own_home: Path, tmp_path: Path) -> None:
    preferences = Preferences()
    preferences.editor = "gimp"
    preferences.keep_shortcuts("Premiere Pro", {"split": ("X", "Ctrl+K"), "marker": ()})
    for n in range(12):
        (tmp_path / f"{n}.kfproj").mkdir()
        preferences.opened(tmp_path / f"{n}.kfproj")
    (tmp_path / "11.kfproj").rmdir()
    preferences.flush()
    again = Preferences()
    assert again.editor == "gimp" and [f.stem for f in again.recent][:2] == ["10", "9"] and len(again.recent) == 7
    assert again.shortcuts == ("Premiere Pro", {"split": ("X", "Ctrl+K"), "marker": ()})
    assert (again.theme, again.language) == ("dark", "")
    again._settings.setValue("shortcuts/chosen", "[nonsense")
    assert again.shortcuts == ("Premiere Pro", {})
