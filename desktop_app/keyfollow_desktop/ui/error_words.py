"""Errors in the person's language. In English they are told as they came, with all values; in others by their code, with a sentence that holds
for every error of that code, and the original words are kept for whoever has to report it.
"""

from __future__ import annotations

import re

from keyfollow.engine_info import Failure
from keyfollow.errors import KeyfollowError

from . import language
from .actions import words


def _t(text: str) -> str:
    """Marks a text for translation; the translated one comes when it is said."""
    return text


SENTENCES = {
    "bad_archive": (_t("This archive cannot be used."), _t("Export it again where it came from.")),
    "bad_cube": (_t("This look-up table cannot be used."), _t("Choose another view.")),
    "bad_setting": (_t("A setting has a value that is not possible."), _t("Change it in the inspector.")),
    "before_start": (_t("A clip cannot lie before the start."), _t("Move it less far to the left.")),
    "cannot_export": (_t("This timeline cannot be written in that form."), _t("Write it as .otio, which holds everything.")),
    "cannot_import": (_t("This file cannot be read as a timeline."), _t("Export it again, as .otio if possible.")),
    "cannot_read": (_t("A file cannot be read."), _t("Check it, then try again.")),
    "cannot_write": (_t("A file or folder cannot be written."), _t("Choose another place, or free this one.")),
    "closed": (_t("The connection to the daemon is closed."), _t("Start it again.")),
    "corrupt_frame": (_t("A stored frame is damaged."), _t("Run it again: damaged frames are made anew.")),
    "daemon_failed": (_t("Keyfollow's daemon ended as it started."), _t("`keyfollow doctor` says what is wrong.")),
    "daemon_keeps_dying": (
        _t("Keyfollow's daemon ends again and again."),
        _t("Submitted jobs are kept. `keyfollow doctor` says more."),
    ),
    "daemon_not_installed": (_t("Keyfollow's daemon is not installed."), _t("Install Keyfollow again.")),
    "daemon_slow": (_t("Keyfollow's daemon takes too long to start."), _t("Try again.")),
    "disk_full": (
        _t("There is not enough room on the disk."),
        _t("Free some space, then try again: it goes on where it stopped."),
    ),
    "editor_not_started": (_t("The image editor cannot be started."), _t("Choose another image editor.")),
    "empty_range": (_t("Nothing of this clip is left to run."), _t("Move in or out, or the playhead.")),
    "empty_timeline": (_t("There is nothing on the timeline."), _t("Put a clip on it first.")),
    "engine_failed": (_t("The engine failed."), _t("Try it again; the log folder says more.")),
    "engine_unavailable": (_t("This engine cannot run here yet."), _t("Its tooltip says what is missing.")),
    "file_too_large": (_t("The file is larger than 2 GiB."), _t("Save it with fewer layers.")),
    "footage_gone": (_t("A source is not where it was."), _t("Relink it, or export without footage.")),
    "frame_gone": (_t("A frame of the take cannot be read."), _t("Run it again: damaged frames are made anew.")),
    "frame_out_of_range": (_t("The source has no such frame."), _t("Choose one that it has.")),
    "layers_unreadable": (
        _t("The layered file holds no picture of its layers."),
        _t("Save it again, or export a PNG and use that."),
    ),
    "mask_length": (_t("The mask is not as long as the clip."), _t("Render it for every frame of the clip.")),
    "media_empty": (_t("The file is empty."), _t("Copy or export it again.")),
    "media_gap": (_t("The numbered images have a gap."), _t("Restore or render the missing file.")),
    "media_no_sound": (_t("The file holds no sound."), _t("Choose one with sound.")),
    "media_no_video": (_t("The file holds no picture."), _t("Choose a video or an image.")),
    "media_not_found": (_t("The file is not there."), _t("Point to where it is now.")),
    "media_not_permitted": (_t("You may not read this file."), _t("Change its permissions, or copy it.")),
    "media_not_regular": (_t("This is not an ordinary file."), _t("Choose a video, an image or a folder of numbered images.")),
    "media_reader_died": (_t("The file broke its reader, and nothing else."), _t("It is damaged: copy or export it again.")),
    "media_size_changes": (_t("Its pictures are not all of one size and kind."), _t("Export it with one size throughout.")),
    "media_timeout": (_t("Reading the file made no progress."), _t("Try again; if that does not help, export it again.")),
    "media_too_large": (_t("The file is larger than Keyfollow takes."), _t("Scale it to at most 64 megapixels a frame.")),
    "media_truncated": (_t("The file ends early, or frames in it are damaged."), _t("Copy or export it again.")),
    "media_unreadable": (_t("The file cannot be read as a picture, a video or sound."), _t("Convert or export it again.")),
    "media_unsupported": (
        _t("The file is stored in a way that Keyfollow does not open."),
        _t("Convert it, for example to H.264."),
    ),
    "media_there": (_t("This clip is in the bin already."), _t("Drag it from there to the timeline.")),
    "mixed_rates": (_t("A clip runs at another rate than the timeline."), _t("Export the whole timeline as one file instead.")),
    "model_missing": (_t("A model that this engine needs is not here."), _t("Get it in File ▸ Models.")),
    "models_failed": (_t("The list of models could not be read."), _t("Try again; `keyfollow doctor` says more.")),
    "no_clip_here": (_t("There is no clip under the playhead."), _t("Move the playhead onto a clip.")),
    "no_composite": (
        _t("The PSD was saved without the picture of its layers."),
        _t("Turn on Maximize PSD File Compatibility in Photoshop, then save again."),
    ),
    "no_daemon": (_t("Keyfollow's daemon does not run."), _t("Start it again.")),
    "no_edit": (_t("There is neither an edited frame nor a prompt."), _t("Press E to edit the frame under the playhead.")),
    "no_editor": (_t("No image editor is chosen yet."), _t("Choose the program that edits your pictures.")),
    "no_keyframe": (
        _t("Nothing is edited yet, so there is nothing to follow."),
        _t("Press E to edit the frame under the playhead."),
    ),
    "no_prompt": (_t("The prompt is empty."), _t("Say what the result shows.")),
    "no_recipe": (_t("How this take was made is not known any more."), _t("Choose the settings in the inspector.")),
    "no_such_clip": (_t("That clip is no longer on the timeline."), _t("Select another one.")),
    "no_such_file": (_t("The file is not there."), _t("Choose another one.")),
    "no_such_media": (_t("This clip's source is not in the bin."), _t("Import it again.")),
    "no_such_project": (_t("This folder holds no project."), _t("Choose a folder called something.kfproj.")),
    "no_such_take": (_t("That take is no longer in the project."), _t("Choose another one.")),
    "no_take_here": (_t("The clip under the playhead shows no take."), _t("Press Enter for a draft.")),
    "not_connected": (_t("Keyfollow's daemon is not connected yet."), _t("Wait a moment, or start it again.")),
    "nothing_to_dissolve": (_t("No clip ends where this one begins."), _t("Put one right before it, or split a clip.")),
    "nothing_to_split": (_t("No clip lies across the playhead."), _t("Move the playhead inside a clip.")),
    "out_of_memory": (
        _t("There is not enough memory, even for a smaller plan."),
        _t("Choose a draft, a shorter range, or close other programs."),
    ),
    "output_is_source": (_t("That file is a source of this project."), _t("Choose another name.")),
    "output_unwritable": (_t("The output cannot be written."), _t("Choose another place or format.")),
    "picture_gone": (_t("A picture is no longer in the project's folder."), _t("Put it back, or edit that frame again.")),
    "painting_damaged": (_t("A painting that was cut short cannot be read."), _t("Its parts stay where they are.")),
    "project_changed": (_t("Another program saved this project meanwhile."), _t("Save it under another name.")),
    "project_damaged": (_t("This folder cannot be read as a project."), _t("Restore it from a copy.")),
    "project_open": (_t("This project is open in another window."), _t("Go to that window.")),
    "project_there": (_t("There is a project of that name already."), _t("Choose another name.")),
    "prompt_missing": (_t("This engine needs a prompt."), _t("Say what the result shows.")),
    "read_only": (_t("A newer Keyfollow made this project; it can only be looked at."), _t("Update Keyfollow to change it.")),
    "shot_has_keyframe": (_t("This shot has an edit keyframe already."), _t("Edit that one, or remove it first.")),
    "take_unfinished": (
        _t("A frame of the take that is shown is not made yet."),
        _t("Wait for its job, or show another take."),
    ),
    "track_locked": (_t("The track is locked."), _t("Unlock it, then try again.")),
    "unknown_format": (_t("That is no timeline format."), _t("Give a name that ends in .otio, .edl or .xml.")),
    "worker_died": (_t("The process that computes has ended."), _t("Try it again: it goes on from the last frame.")),
    "wrong_protocol": (
        _t("The window and its daemon are of different versions."),
        _t("Install one version, then start the daemon again."),
    ),
    "wrong_size": (_t("The picture is not of the clip's size."), _t("Save it at the clip's size.")),
}
"""What holds for every error of a code, and what to do."""
_NAMED = re.compile(r"([^:/\\]{1,80}\.[A-Za-z0-9]{1,5}): ")


def said(error: KeyfollowError | Failure) -> str:
    """The sentences that a person reads."""
    known = SENTENCES.get(error.code)
    if language.current() == "en" or known is None:
        return f"{error.message} {error.remedy}".rstrip()
    named = _NAMED.match(error.message)
    return f"{named[1] + ': ' if named else ''}{words(known[0])} {words(known[1])}"
