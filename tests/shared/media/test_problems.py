from __future__ import annotations

import errno

from keyfollow.errors import MediaError
from keyfollow.media.problems import from_os, problem


def test_a_problem_has_a_code_a_sentence_and_a_remedy() -> None:
    error = problem("media_truncated", "frame 7 is not there", "a.mp4")
    assert isinstance(error, MediaError)
    assert error.code == "media_truncated"
    assert error.message == "a.mp4: It ends early or frames in it are damaged (frame 7 is not there)."
    assert error.remedy
    assert problem("media_truncated", remedy="Cut it.").remedy == "Cut it."


def test_what_the_system_says_becomes_a_problem() -> None:
    assert from_os(FileNotFoundError(errno.ENOENT, "x"), "a").code == "media_not_found"
    address = from_os(FileNotFoundError(errno.ENOENT, "x"), "https://example.org/a.mp4")
    assert address.code == "media_not_found" and "network" in address.message and "Download" in address.remedy
    for name in ("/films/https:/example.org/a.png", "a.mp4", "C:/a.mp4", "/12:30/a.mp4"):
        assert ("network" in from_os(FileNotFoundError(errno.ENOENT, "x"), name).message) == ("https" in name)
    assert from_os(PermissionError(errno.EACCES, "x"), "a").code == "media_not_permitted"
    assert from_os(OSError(errno.EIO, "x"), "a").code == "media_unreadable"
