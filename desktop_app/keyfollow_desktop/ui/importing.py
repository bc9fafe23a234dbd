"""A file becomes a source in the bin."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from keyfollow.media.probe import probe

from ..model.relink import fingerprint
from ..model.state import Media, Rate, new_id


def describe(path: str, rate: Rate | None = None) -> Media:
    """What a source is; not for the UI thread, since probing may decode all of it. Raises MediaError, UsageError as `media.probe.probe`."""
    info = probe(path, rate=rate)
    return Media(
        id=new_id(),
        name=Path(path).name,
        path=str(Path(path).absolute()),
        digest=fingerprint(path),
        width=info.width,
        height=info.height,
        frames=info.frames,
        rate=info.rate,
        sound=bool(info.audio),
        given_rate=rate,
        timecode=info.timecode,
        reel=info.reel,
        full_range=info.kind == "images" or info.colour.range == "pc",
    )


def importable(paths: Iterable[str]) -> list[str]:
    """What may be a source among dropped paths: files, and folders (of numbered images)."""
    return [p for p in paths if Path(p).is_file() or Path(p).is_dir()]
