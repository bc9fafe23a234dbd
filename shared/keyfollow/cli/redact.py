"""What may leave the machine in a report: Keyfollow's own words and numbers. Footage, names, paths, prompts and keys may not.

Two ways, for two kinds of text:

- `recipe`: known structure. Only fields that are named here, and of those only numbers, truths and words that the product chose.
- `Redactor`: sentences and logs. What looks like a path, a quotation, an address or a key goes; so does every text that is known to be
  the person's; and of the rest every word stays only if Keyfollow's own source uses it. A report loses some sense
  by that. What can survive is a common word that is also ours, where nothing says that it is the person's.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

GONE = "…"
NAMES = frozenset(("id", "version", "keyfollow", "engine", "quality", "preset", "form", "role", "state", "kind", "code"))
"""Fields of recipes and jobs whose text the product chose, never the person."""
_SHAPES = (
    (re.compile(r'File "[^"\n]*"'), f"File {GONE}"),
    (re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE), GONE),
    (re.compile(r"\S+@\S+"), GONE),
    (re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`|«[^»\n]*»|“[^”\n]*”"), GONE),
    # a path may hold blanks: whatever follows on the line may be a part of it
    (re.compile(r"(?<![\w.])(?:~|[A-Za-z]:)?[\\/](?![\s\d])[^\n]*"), GONE),
    (re.compile(r"[A-Za-z0-9+/=._-]*[A-Za-z][A-Za-z0-9+/=._-]*\d[A-Za-z0-9+/=._-]{18,}"), GONE),
    (re.compile(r"\b[0-9a-fA-F]{16,}\b"), GONE),
)
_WORD = re.compile(r"[^\W\d_]\w*")
_TRACE = re.compile(
    r'^\s*File "[^"\n]*?((?:site-packages|lib/python3\.\d+|keyfollow(?:_\w+)?)/[\w./-]+\.py)"(, line \d+, in )(\w+)$'
)
"""Where a traceback went through installed code: of the path only which module it was."""


class Redactor:
    """Args: `secrets`: texts that are the person's (names of files, prompts, labels), however short."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {text for secret in secrets for text in (secret, *re.split(r"[\\/]", secret)) if len(text) > 2}
        longest_first = sorted({*known, *_persons_own()} - {"keyfollow"}, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if longest_first else None

    def text(self, text: str) -> str:
        """`text`, line by line, less what could be the person's."""
        return "\n".join(self._line(line) for line in text.split("\n"))

    def plain(self, value: Any) -> Any:
        """The same for every text in plain data; keys of mappings are the product's own."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.plain(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.plain(item) for item in value]
        return value

    def _line(self, line: str) -> str:
        if (trace := _TRACE.match(line)) is not None:
            return f"  File {_own_words(trace[1])}{trace[2]}{_own_words(trace[3])}"
        if self._secrets is not None:
            line = self._secrets.sub(GONE, line)
        for shape, instead in _SHAPES:
            line = shape.sub(instead, line)
        return _own_words(line)


def _own_words(line: str) -> str:
    return _WORD.sub(lambda m: m[0] if m[0].lower() in _words() else GONE, line)


@cache
def _words() -> frozenset[str]:
    """Every word in Keyfollow's own source, in lower case."""
    folders = [
        Path(__file__).parents[1],
        *(Path(p) / "keyfollow_daemon" for p in sys.path if (Path(p) / "keyfollow_daemon").is_dir()),
    ]
    texts = (file.read_text(encoding="utf-8", errors="ignore") for folder in folders for file in folder.rglob("*.py"))
    return frozenset(word.lower() for text in texts for word in _WORD.findall(text))


def _persons_own() -> Iterator[str]:
    """What the system knows of who this is."""
    for name in ("USER", "LOGNAME", "USERNAME", "HOSTNAME", "COMPUTERNAME", "HOME", "USERPROFILE"):
        # "root" says nothing about anyone, and is a word of ours
        if len(os.environ.get(name, "")) > 2 and os.environ[name] not in ("root", "/root"):
            yield os.environ[name]
    for name, value in os.environ.items():
        if re.search(r"TOKEN|KEY|SECRET|PASSWORD", name) and len(value) > 5:
            yield value


def secrets(value: Any) -> Iterator[str]:
    """Every text in plain data that is not one of the product's own words."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not (key in NAMES and isinstance(item, str)):
                yield from secrets(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from secrets(item)


def recipe(value: Any, name: str = "") -> Any:
    """The numbers and the product's own words of a recipe; other texts as their length, so that an empty prompt can be told from one."""
    if isinstance(value, Mapping):
        return {key: recipe(item, key) for key, item in value.items() if re.fullmatch(r"[a-z_0-9]{1,40}", str(key))}
    if isinstance(value, (list, tuple)):
        return [recipe(item, name) for item in value]
    if isinstance(value, str):
        return value if name in NAMES and re.fullmatch(r"[\w.+-]{1,40}", value) else f"<{len(value)} characters>"
    return value
