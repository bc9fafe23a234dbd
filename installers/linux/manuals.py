"""Write the manual pages into a folder: those in `man/`, with every command and option of `keyfollow` as its parser has them.

python installers/linux/manuals.py OUTPUT
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main
from keyfollow.cli.app import app

PAGES = Path(__file__).with_name("man")
MARK = "@COMMANDS@\n"
EVERYWHERE = ("--json", "--help")
"""Options that are said once, for all commands."""


def roff(text: str) -> str:
    """`text` as one line of a page."""
    line = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return f"\\&{line}" if line.startswith((".", "'")) else line


def commands() -> str:
    """Every command, in the order of ``keyfollow --help``."""
    return "".join(f"{line}\n" for line in _command(typer.main.get_command(app), "keyfollow"))


def _command(command: Any, called: str) -> Iterator[str]:
    below = getattr(command, "commands", {})
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not set(p.opts) & set(EVERYWHERE)]
    if not below:
        yield f'.SS "{roff(" ".join([called, *map(_argument, arguments), *(["[OPTION ...]"] if options else [])]))}"'
        for number, paragraph in enumerate((command.help or "").split("\n\n")):
            yield from ([".PP"] if number else [])
            yield roff(paragraph)
        for shown in (*arguments, *options):
            if not shown.hidden and (shown.help or shown in options):
                yield ".TP"
                yield f".B {roff(_argument(shown) if shown in arguments else _option(shown))}"
                yield roff(shown.help or "") or "\\&"
    for name, child in below.items():
        yield from _command(child, f"{called} {name}")


def _argument(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper()
    return name if parameter.required or name.startswith("[") else f"[{name}]"


def _option(parameter: Any) -> str:
    names = ", ".join(sorted((*parameter.opts, *parameter.secondary_opts), key=len))
    return names if parameter.is_flag else f"{names} {parameter.metavar or parameter.name.upper()}"


def main(output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    for page in sorted(PAGES.glob("*.1")):
        text = page.read_text(encoding="utf-8")
        (output / page.name).write_text(text.replace(MARK, commands()) if MARK in text else text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
