"""What can be done, with its words and keys: one table behind the menus, the shortcut list and the window's own keys."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from .language import CONTEXT


@dataclass(frozen=True, slots=True)
class Entry:
    """`menu` is where it stands; `keys` are all that trigger it, the first is shown."""

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()


def _t(text: str) -> str:
    """Marks a text that `words` translates when it is shown."""
    return text


ENTRIES = (
    Entry("new", "File", _t("New project"), ("Ctrl+N",)),
    Entry("open", "File", _t("Open project…"), ("Ctrl+O",)),
    Entry("example", "File", _t("Open example")),
    Entry("open_archive", "File", _t("Open archive…")),
    Entry("import", "File", _t("Import clips…"), ("Ctrl+I",)),
    Entry("import_timeline", "File", _t("Import timeline (OTIO, EDL, XML)…")),
    Entry("save", "File", _t("Save"), ("Ctrl+S",)),
    Entry("save_as", "File", _t("Save as…"), ("Ctrl+Shift+S",)),
    Entry("export", "File", _t("Export…"), ("Ctrl+E",)),
    Entry("export_timeline", "File", _t("Export timeline (OTIO, EDL, XML)…")),
    Entry("export_archive", "File", _t("Export project as an archive…")),
    Entry("send_resolve", "File", _t("Send to DaVinci Resolve…")),
    Entry("send_premiere", "File", _t("Send to Premiere Pro…")),
    Entry("send_blender", "File", _t("Send to Blender…")),
    Entry("models", "File", _t("Models…")),
    Entry("preferences", "File", _t("Preferences…"), ("Ctrl+,",)),
    Entry("quit", "File", _t("Quit"), ("Ctrl+Q",)),
    Entry("undo", "Edit", _t("Undo"), ("Ctrl+Z",)),
    Entry("redo", "Edit", _t("Redo"), ("Ctrl+Shift+Z", "Ctrl+Y")),
    Entry("split", "Edit", _t("Split at playhead"), ("S", "Ctrl+K")),
    Entry("dissolve", "Edit", _t("Dissolve from the clip before…"), ("Ctrl+D",)),
    Entry("delete", "Edit", _t("Remove clip"), ("Del", "Backspace")),
    Entry("ripple", "Edit", _t("Remove clip and close the gap"), ("Shift+Del",)),
    Entry("marker", "Edit", _t("Add or remove marker"), ("M",)),
    Entry("add_track", "Edit", _t("Add video track")),
    Entry("remove_track", "Edit", _t("Remove empty tracks")),
    Entry("in", "Edit", _t("Set in"), ("I",)),
    Entry("out", "Edit", _t("Set out"), ("O",)),
    Entry("shot", "Edit", _t("Begin a shot here, or join it to the one before")),
    Entry("clear_range", "Edit", _t("Clear in and out"), ("Alt+X",)),
    Entry("edit_keyframe", "Keyframe", _t("Edit this frame"), ("E",)),
    Entry("paint", "Keyframe", _t("Paint this frame here"), ("Shift+E",)),
    Entry("retouch", "Keyframe", _t("Fix this frame only"), ("Ctrl+Shift+E",)),
    Entry("use_picture", "Keyframe", _t("Use a picture for this frame…")),
    Entry("remove_keyframe", "Keyframe", _t("Remove this frame's edit")),
    Entry("remove_retouch", "Keyframe", _t("Remove this frame's fix")),
    Entry("copy_look", "Keyframe", _t("Copy look to this shot")),
    Entry("draft", "Keyframe", _t("Draft"), ("Return", "Enter")),
    Entry("auto_draft", "Keyframe", _t("Draft after every save")),
    Entry("final", "Keyframe", _t("Final"), ("Shift+Return", "Shift+Enter")),
    Entry("all_finals", "Keyframe", _t("Finals of all edited shots (overnight)"), ("Ctrl+Shift+Return",)),
    Entry("pause_editing", "Keyframe", _t("Pause jobs while I edit")),
    Entry("extend_take", "Keyframe", _t("Extend take over the whole clip"), ("Ctrl+Return",)),
    Entry("suggested", "Keyframe", _t("Next suggested keyframe"), ("N",)),
    Entry("play", "Play", _t("Play or pause"), ("Space",)),
    Entry("back", "Play", _t("Shuttle back"), ("J",)),
    Entry("stop", "Play", _t("Stop"), ("K",)),
    Entry("forward", "Play", _t("Shuttle forward"), ("L",)),
    Entry("previous_frame", "Play", _t("Previous frame"), ("Left", ",")),
    Entry("next_frame", "Play", _t("Next frame"), ("Right", ".")),
    Entry("previous_stop", "Play", _t("Previous edit or keyframe"), ("Alt+Left",)),
    Entry("next_stop", "Play", _t("Next edit or keyframe"), ("Alt+Right",)),
    Entry("start", "Play", _t("Start"), ("Home",)),
    Entry("end", "Play", _t("End"), ("End",)),
    Entry("loop", "Play", _t("Loop in to out")),
    Entry("escape", "Play", _t("Stop playback or the draft in view"), ("Esc",)),
    Entry("wipe", "View", _t("Wipe between source and take"), ("W", "F6")),
    Entry("onion", "View", _t("Onion skin of the neighbouring keyframes"), ("Shift+O",)),
    Entry("changes", "View", _t("What the edit changes"), ("Shift+W",)),
    Entry("safe", "View", _t("Safe areas"), ("Shift+S",)),
    Entry("picture_in", "View", _t("Zoom picture in"), ("Alt+=", "Alt++")),
    Entry("picture_out", "View", _t("Zoom picture out"), ("Alt+-",)),
    Entry("picture_fit", "View", _t("Fit picture"), ("Alt+0",)),
    Entry("zoom_out", "View", _t("Zoom timeline out"), ("-",)),
    Entry("zoom_in", "View", _t("Zoom timeline in"), ("=", "+")),
    Entry("fit", "View", _t("Fit timeline"), ("0",)),
    Entry("table", "View", _t("Timeline as a table"), ("Ctrl+T",)),
    Entry("queue", "View", _t("Queue"), ("Ctrl+J",)),
    Entry("fullscreen", "View", _t("Full screen"), ("F11",)),
    Entry("shortcuts", "Help", _t("Keyboard shortcuts"), ("?", "Shift+?")),
)
HELD = (Entry("hold_source", "View", _t("Show the source while held"), ("\\",)),)
"""Keys that act as long as they are held; they stand in no menu."""
MENUS = {
    "File": _t("File"),
    "Edit": _t("Edit"),
    "Keyframe": _t("Keyframe"),
    "Play": _t("Play"),
    "View": _t("View"),
    "Help": _t("Help"),
}


def words(text: str) -> str:
    """A text of this table in the person's language."""
    return QCoreApplication.translate(CONTEXT, text)


def clashes(entries: tuple[Entry, ...] = (*ENTRIES, *HELD)) -> list[tuple[str, str, str]]:
    """Keys that two entries claim: (key, name, other name)."""
    taken: dict[str, str] = {}
    found = []
    for entry in entries:
        for key in entry.keys:
            if key in taken:
                found.append((key, taken[key], entry.name))
            taken[key] = entry.name
    return found
