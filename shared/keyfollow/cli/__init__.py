"""`keyfollow …`: the command line. Everything it does, the SDK does; here are words, bars and exit codes."""

from __future__ import annotations

import sys

from ..errors import KeyfollowError


def main(argv: list[str] | None = None) -> int:
    """Run a command; the result is the process's exit status (see `errors`)."""
    from .output import say_error

    words = sys.argv[1:] if argv is None else argv
    if words[:1] == ["doctor"]:
        # the other commands need what doctor may have to report as missing
        from .doctor import app

        words = words[1:]
    else:
        from .app import app
    try:
        app(args=words, prog_name="keyfollow")
    except SystemExit as e:  # how typer ends, well or with a usage error that it has shown
        return e.code if isinstance(e.code, int) else 0
    except KeyfollowError as e:
        say_error(e)
        return e.exit_status
    return 0
