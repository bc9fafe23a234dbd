"""A timeline as OTIO's JSON text and back, a clip at a time.

OTIO's reader and writer hold the interpreter's lock from the first clip to the last: half a second for ten thousand of them, in which a
window stands still whatever thread they run on. Here they get one clip after the other. The text is the same but for its white space.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import opentimelineio as otio

CHILDREN = re.compile(r'"children"\s*:\s*\[\s*')
EMPTY = re.compile(r'"children"\s*:\s*\[\s*\]')
SCHEMA = re.compile(r'\{\s*"OTIO_SCHEMA"\s*:\s*"(\w+)\.')
BLANK = re.compile(r"[\s,]*")
SHARED = '"OTIO_REF_ID"'
"""Such a text refers from one object to another: its parts cannot be read alone."""
Span = tuple[int, int]


def write(timeline: otio.schema.Timeline) -> str:
    """The text of a timeline, which is left without its clips."""
    tracks: list[list[str]] = []
    for track in timeline.tracks:
        items = list(track)
        del track[:]
        tracks.append([otio.core.serialize_json_to_string(item, {}, -1) for item in items])
    frame: str = otio.core.serialize_json_to_string(timeline, {}, 1)
    if not tracks:
        return frame
    # a text of somebody's that looks like this has its quotes escaped
    parts = EMPTY.split(frame)
    assert len(parts) == len(tracks) + 1
    filled = ('"children": [\n' + ",\n".join(items) + "\n]" for items in tracks)
    return "".join(piece for pair in zip(parts, [*filled, ""], strict=True) for piece in pair)


def read(text: str) -> otio.core.SerializableObject:
    """What a text holds.

    Raises:
        OTIOError, ValueError: it is no such text.
    """
    arrays = None if SHARED in text else list(_arrays(text))
    if arrays:
        frame, at = [], 0
        for array in arrays:
            if array:
                frame.append(text[at : array[0][0]])
                at = array[-1][1]
        frame.append(text[at:])
        found = otio.core.deserialize_json_from_string("".join(frame))
        tracks = list(found.tracks) if isinstance(found, otio.schema.Timeline) else []
        if len(tracks) == len(arrays) and all(isinstance(t, otio.schema.Track) and not len(t) for t in tracks):
            for track, array in zip(tracks, arrays, strict=True):
                track.extend([otio.core.deserialize_json_from_string(text[start:end]) for start, end in array])
            return found
    return otio.core.deserialize_json_from_string(text)


def _arrays(text: str) -> Iterator[list[Span]]:
    """Where the children of each track lie. Children that are tracks or stacks themselves are gone into."""
    decode = json.JSONDecoder().raw_decode
    at = 0
    while found := CHILDREN.search(text, at):
        at = found.end()
        kind = SCHEMA.match(text, at)
        if kind is not None and kind[1] in ("Track", "Stack"):
            continue
        array: list[Span] = []
        while text[at : at + 1] != "]":
            _, end = decode(text, at)
            array.append((at, end))
            blank = BLANK.match(text, end)
            assert blank is not None
            at = blank.end()
        yield array
