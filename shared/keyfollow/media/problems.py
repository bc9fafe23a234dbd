"""Every way in which a source can be unusable: a stable code, a sentence, a remedy, in one table."""

from __future__ import annotations

import os
import re

from ..errors import MediaError

_ADDRESS = re.compile(r"(?:^|[/\\])[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
"""``https://…``, also after it went through `Path`, which makes two slashes one; no drive's letter."""
_CONVERT = "Convert it with a tool that can play it, for example to H.264 in .mp4."
_PROBLEMS: dict[str, tuple[str, str]] = {
    "media_not_found": ("There is no such file or folder", "Check the path; if the file was moved, point to where it is now."),
    "media_not_permitted": ("This user may not read it", "Change its permissions, or copy it to a folder of your own."),
    "media_not_regular": ("It is not an ordinary file", "Give a video, an image, or a folder of numbered images."),
    "media_empty": ("The file is empty", "Copy or export it again."),
    "media_unreadable": (
        "It cannot be read as a picture, a video or sound",
        "If a player can show it, convert it; else export it again.",
    ),
    "media_no_video": ("It holds no picture", "Give a file with a video stream, or an image."),
    "media_no_sound": ("It holds no sound", "Give a file with a sound stream."),
    "media_unsupported": ("It is stored in a way that Keyfollow does not open", _CONVERT),
    "media_too_large": ("It is larger than Keyfollow takes", "Scale it to at most 64 megapixels a frame and 2,000,000 frames."),
    "media_truncated": (
        "It ends early or frames in it are damaged",
        "Copy or export it again; a tool such as FFmpeg can often save what lies before the damage as a file of its own.",
    ),
    "media_timeout": ("Reading it made no progress", "Try again; if that does not help, the file is damaged: export it again."),
    "media_reader_died": ("Reading it crashed the reader, and nothing else", "The file is damaged: copy or export it again."),
    "media_size_changes": (
        "Its pictures are not all of one size and kind",
        "Export it with one size, depth and alpha throughout.",
    ),
    "media_gap": ("The numbered images have a gap", "Restore or render the missing file."),
}


def problem(code: str, detail: str = "", name: str = "", remedy: str = "") -> MediaError:
    """The `MediaError` for `code`; `detail` says what was found, `name` which file, `remedy` what helps better than what helps with most."""
    sentence, usual = _PROBLEMS[code]
    return MediaError(code, f"{name + ': ' if name else ''}{sentence}{f' ({detail})' if detail else ''}.", remedy or usual)


def from_os(error: OSError, name: str) -> MediaError:
    """What the operating system said on opening or reading `name`."""
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        if _ADDRESS.search(name):
            return problem(
                "media_not_found", "network addresses are not read", name, "Download it, then give the file's own path."
            )
        return problem("media_not_found", name=name)
    if isinstance(error, PermissionError):
        return problem("media_not_permitted", name=name)
    return problem("media_unreadable", os.strerror(error.errno) if error.errno else str(error), name)
