"""`keyfollow diagnostics`: one zip to attach to a report. What it may hold, `redact` decides; it is made without a daemon, and sent nowhere."""

from __future__ import annotations

import json as json_
import platform
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import __version__, take_folder
from ..atomic import temporary
from ..errors import StorageError
from ..paths import Paths, paths
from ..plain import to_plain
from . import options
from .checkup import examine
from .deliver import check_output
from .output import event, people, use_json
from .redact import Redactor, recipe, secrets

LAST = 5
"""Takes whose recipes go in."""
LOG_BYTES = 512 << 10
"""The end of each log."""
HEAD = """Made by `keyfollow diagnostics`. Open every file before you send this: they are plain text.

doctor.json    what `keyfollow doctor` found
versions.json  Keyfollow, Python, the system, installed packages
logs/          the last lines of each log; … stands for a word that is not Keyfollow's own
recipes.json   settings of the last jobs, without footage, names, paths, prompts
"""


def diagnostics(
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE.zip", help="Where it goes.")] = None,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Write a zip for a report: logs, versions, what doctor finds, settings of the last jobs. No footage, names, paths, prompts or keys."""
    use_json(json)
    where = paths()
    place = output or Path(time.strftime("keyfollow-diagnostics-%Y%m%d-%H%M%S.zip"))
    check_output(str(place), overwrite=overwrite)
    temp = temporary(place)
    try:
        with zipfile.ZipFile(temp, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, text in contents(where):
                bundle.writestr(name, text)
        temp.replace(place)
    except OSError as e:
        raise StorageError(
            "cannot_write", f"{place} cannot be written ({e.strerror}).", "Choose another place: -o FILE.zip."
        ) from e
    finally:
        temp.unlink(missing_ok=True)
    if json:
        event("diagnostics", output=str(place.absolute()))
    else:
        typer.echo(place)
        people.print("Nothing was sent. Look through it before you do.")


def contents(where: Paths) -> Iterator[tuple[str, str]]:
    """(name, text) of every file in the bundle."""
    takes = last_takes(where)
    redactor = Redactor([text for take in takes for text in secrets(take)])
    yield "README.txt", HEAD
    yield "versions.json", _json(versions())
    yield "doctor.json", _json([redactor.plain(to_plain(finding)) for finding in examine(where)])
    yield "recipes.json", _json([recipe(take) for take in takes])
    for log in sorted(where.logs.glob("*.log*")) if where.logs.is_dir() else ():
        with suppress(OSError):
            yield f"logs/{log.name}", redactor.text(_end_of(log))


def versions() -> dict[str, Any]:
    """No package but those that Keyfollow asks for: the others are nobody's business."""
    found: dict[str, str] = {}
    with suppress(metadata.PackageNotFoundError):
        for requirement in metadata.requires("keyfollow") or []:
            name = requirement.split(";")[0].strip().rstrip("0123456789.,<>=! ")
            with suppress(metadata.PackageNotFoundError):
                found[name] = metadata.version(name)
    return {
        "keyfollow": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "packages": found,
    }


def last_takes(where: Paths) -> list[dict[str, Any]]:
    """What the last runs were asked for and how they went, as it lies on the disk; newest first."""
    found = []
    folders = sorted(where.takes.iterdir(), reverse=True) if where.takes.is_dir() else []  # their names begin with their time
    for folder in folders[:LAST]:
        take: dict[str, Any] = {}
        for file in (take_folder.TAKE, take_folder.RECIPE, take_folder.REPORT):
            with suppress(OSError, ValueError):
                take[file.removesuffix(".json")] = json_.loads((folder / file).read_bytes())
        with suppress(KeyError, TypeError, AttributeError):
            del take["report"]["confidence"]  # one number a frame
        found.append(take)
    return found


def _end_of(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG_BYTES))
        return file.read().decode(errors="replace")


def _json(value: Any) -> str:
    return json_.dumps(value, indent=1, ensure_ascii=False) + "\n"
