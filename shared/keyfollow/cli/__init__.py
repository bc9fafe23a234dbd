"""`keyfollow …`: the command line. Everything it does, the SDK does; here are words, bars and exit codes."""

from __future__ import annotations

from ..errors import KeyfollowError


def main(argv: list[str] | None = None) -> int:
    """Run a command; the result is the process's exit status (see `errors`)."""
    from .app import app
    from .output import say_error

    try:
        app(args=argv, prog_name="keyfollow")
    except SystemExit as e:  # how typer ends, well or with a usage error that it has shown
        return e.code if isinstance(e.code, int) else 0
    except KeyfollowError as e:
        say_error(e)
        return e.exit_status
    return 0
