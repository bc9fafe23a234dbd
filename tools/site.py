"""What the documentation's site takes from the source itself: settings of engines, models, the SDK's reference. A hook of MkDocs.

In a page these comments become it:

    <!-- settings ENGINE -->
    <!-- catalogue -->
    <!-- reference MODULE:NAME [MEMBER …] -->    a function; or a class with its public members, or those that are named
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from keyfollow.cli.output import size
from keyfollow_daemon.engines import registry
from keyfollow_daemon.models.catalogue import CATALOGUE

MARK = re.compile(r"^<!-- (settings|catalogue|reference) ?(.*?) -->$", re.MULTILINE)
SECTION = re.compile(r"(Args|Returns|Raises):$")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """MkDocs calls this with every page."""
    made = {"settings": settings, "catalogue": lambda _: catalogue(), "reference": reference}
    return MARK.sub(lambda mark: made[mark[1]](mark[2]), markdown)


def settings(engine: str) -> str:
    """An engine's settings as a table."""
    rows = (
        f"| `{s.name}` | {_cell(s.default)} | {_cell(s.expected())} | {_cell(s.help)} |"
        for s in registry.engines()[engine].settings
    )
    return "\n".join(("| setting | default | values | |", "|---|---|---|---|", *rows))


def catalogue() -> str:
    """Every model that `keyfollow models pull` knows, as a table."""
    rows = (
        f"| `{m.id}` | {_cell(m.title)} | {', '.join(m.engines)} | {size(m.size_bytes)} | [{_cell(m.licence)}]({m.licence_url}){', gated' * m.gated} |"
        for m in CATALOGUE.values()
    )
    return "\n".join(("| model | | engines | about | licence |", "|---|---|---|---|---|", *rows))


def reference(words: str) -> str:
    """Signatures and docstrings of ``MODULE:NAME``, or of a class's members."""
    place, *members = words.split()
    module, _, name = place.partition(":")
    found = getattr(import_module(module), name)
    if not inspect.isclass(found):
        return _entry(name, found)
    chosen = members or [m for m in vars(found) if not m.startswith("_")]
    parts = [as_markdown(inspect.getdoc(found) or "")] if found.__doc__ else []
    return "\n\n".join((*parts, *(_entry(m, inspect.getattr_static(found, m)) for m in chosen)))


def as_markdown(doc: str) -> str:
    """A docstring: its sections as lists."""
    return "\n".join(_lines(doc.replace("``", "`").splitlines()))


def _lines(lines: list[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        if SECTION.match(line):
            inside = True
            yield f"{line}\n"
        elif not line.startswith(" "):
            inside = inside and not line
            yield line
        elif inside and re.match(r" {4}\S", line):
            yield f"- {line.strip()}"
        else:
            yield line.strip() if inside else line


def _entry(name: str, found: Any) -> str:
    function = getattr(found, "fget", None) or getattr(found, "func", None)
    if function is not None:  # a property
        return f"**`{name}`**\n\n{as_markdown(inspect.getdoc(function) or '')}"
    if not inspect.isfunction(found):
        return f"**`{name}`**"
    given = [p.replace(annotation=p.empty) for p in inspect.signature(found).parameters.values() if p.name != "self"]
    told = str(inspect.Signature(given))
    return f"**`{name}{told}`**\n\n{as_markdown(inspect.getdoc(found) or '')}"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|")
