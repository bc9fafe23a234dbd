"""`keyfollow …`: the command line. Everything it does, the SDK does; here are words, bars and exit codes."""

from __future__ import annotations

import sys
from typing import Any

from ..errors import Cancelled, KeyfollowError, UsageError


def main(argv: list[str] | None = None) -> int:
    """Run a command; the result is the process's exit status (see `errors`)."""
    try:
        status = _run(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:  # while modules are still being imported, say
        status = Cancelled.exit_status
    except SystemExit as e:  # whoever read our output is gone
        return e.code if isinstance(e.code, int) else 0
    except KeyfollowError as e:
        from .output import say_error

        say_error(e)
        return e.exit_status
    if status == Cancelled.exit_status:
        sys.stderr.write("Cancelled.\n")
    return status


def _run(words: list[str]) -> int:
    import typer

    from .output import use_json

    use_json("--json" in words)
    if words[:1] == ["doctor"]:
        # the other commands need what doctor may have to report as missing
        from .doctor import app

        words = words[1:]
    else:
        from .app import app
    misuse: Any = typer.BadParameter.__base__
    try:
        status = app(args=words, prog_name="keyfollow", standalone_mode=False)
    except misuse as e:
        if type(e).__name__ == "NoArgsIsHelpError":
            e.show()
            return UsageError.exit_status
        raise UsageError("bad_usage", e.format_message(), f"See: {e.ctx.command_path if e.ctx else 'keyfollow'} --help.") from e
    except typer.Abort:  # the answer to a question was the end of input
        sys.stderr.write("Nothing was done.\n")
        return KeyfollowError.exit_status
    return status if isinstance(status, int) else 0
