"""`keyfollow …`: the command line. Everything it does, the SDK does; here are words, bars and exit codes."""

from __future__ import annotations

import sys

from ..errors import KeyfollowError


def main(argv: list[str] | None = None) -> int:
    """Run a command; the result is the process's exit status (see `errors`)."""
    import click

    from .app import app
    from .output import say_error

    try:
        result = app(args=argv, prog_name="keyfollow", standalone_mode=False)
    except KeyfollowError as e:
        say_error(e)
        return e.exit_status
    except click.exceptions.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except click.ClickException as e:
        e.show()
        return 2
    except BrokenPipeError:
        # whoever read our output has left; there is nobody to tell
        sys.stderr.close()
        return 1
    return result if isinstance(result, int) else 0
