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


def test_what_the_system_says_becomes_a_problem() -> None:
    assert from_os(FileNotFoundError(errno.ENOENT, "x"), "a").code == "media_not_found"
    assert from_os(PermissionError(errno.EACCES, "x"), "a").code == "media_not_permitted"
    assert from_os(OSError(errno.EIO, "x"), "a").code == "media_unreadable"
