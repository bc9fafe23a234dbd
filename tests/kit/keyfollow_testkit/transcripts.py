"""Conversations between a client and a daemon of one protocol version, kept as JSON and held again with today's daemon.

    python -m keyfollow_testkit.transcripts tests/faults/transcripts/1.0.json

records one with the daemon of this tree: do so once for every new minor version, and never change a file that is there.

A transcript is a list of steps. ``say`` is what the client sends, word for word, but that ``$name`` stands for what it learnt from
an earlier answer (``learn``: name → path), and ``$clip`` for a video of the listener's own. ``hear`` is the daemon's answer; ``until`` says that other messages may come first, and at
which path the awaited one has which value. Bytes are ``{"base64": …}``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgpack
import numpy as np
from keyfollow import deltas
from keyfollow.frames import FrameBuffer
from keyfollow.wire import CONTROL, DATA, Channel

from .clips import moving_patch, write_clip
from .faults_wire import Peer, target

Step = dict[str, Any]
JOB = "11111111222233334444555555555555"


def to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, list):
        return [to_json(v) for v in value]
    if isinstance(value, dict):
        return {k: to_json(v) for k, v in value.items()}
    return value


BEAT = 1 << 30
"""Id of the beats between the recorded steps; no step has it."""


def from_json(value: Any, known: dict[str, Any]) -> Any:
    """The value that `to_json` wrote, with what is `known` in the place of its name."""
    if isinstance(value, str):
        return known.get(value, value)
    if isinstance(value, list):
        return [from_json(v, known) for v in value]
    if isinstance(value, dict):
        if value.keys() == {"base64"}:
            return base64.b64decode(value["base64"])
        return {k: from_json(v, known) for k, v in value.items()}
    return value


def at(path: str, head: Any) -> Any:
    for name in path.split("."):
        head = head[int(name)] if isinstance(head, list) else head[name]
    return head


def hold(peer: Peer, steps: list[Step], clip: Path) -> Iterator[tuple[Step, dict[str, Any], bytes | None]]:
    """Say what the steps say; for each, the step, the head of the daemon's answer, and its payload.

    Raises:
        AssertionError: no answer came.
    """
    known: dict[str, Any] = {"$clip": str(clip)}
    for step in steps:
        channel: Channel = step["on"]
        if "say" in step:
            parts = [bytes(msgpack.packb(from_json(step["say"], known)))]
            if "payload" in step:
                parts.append(from_json(step["payload"], known))
            peer.send(channel, parts)
        if "until" in step or ("say" in step and step.get("answered", True)):
            head, payload = _awaited(peer, channel, step)
            known.update({name: at(path, head) for name, path in step.get("learn", {}).items()})
            yield step, head, payload


def _awaited(peer: Peer, channel: Channel, step: Step) -> tuple[dict[str, Any], bytes | None]:
    wanted: dict[str, Any] = step.get("until", {})
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not peer.sockets[channel].poll(1000):
            # as every client does while it waits: a session without beats is over after three seconds
            peer.send("control", [bytes(msgpack.packb({"type": "Beat", "id": BEAT}))])
            continue
        raw, *rest = peer.sockets[channel].recv_multipart()
        head = cast(dict[str, Any], msgpack.unpackb(raw))
        if wanted and all(_is(path, value, head) for path, value in wanted.items()):
            return head, rest[0] if rest else None
        if not wanted and head["id"] == step["say"]["id"]:
            return head, rest[0] if rest else None
    raise AssertionError(f"no answer to {step.get('say') or wanted}")


def _is(path: str, value: Any, head: dict[str, Any]) -> bool:
    try:
        return bool(at(path, head) == value)
    except (KeyError, IndexError, TypeError):
        return False


def fits(recorded: Any, got: Any, path: str = "") -> list[str]:
    """Where `got` lacks what a client of the recorded version relies on: a field, or its type."""
    if recorded is None or got is None:
        return []
    if isinstance(recorded, dict) and "base64" not in recorded:
        if not isinstance(got, dict):
            return [f"{path} is no mapping"]
        missing = [f"{path}.{key} is missing" for key in recorded if key not in got]
        return missing + [w for key in recorded if key in got for w in fits(recorded[key], got[key], f"{path}.{key}")]
    if isinstance(recorded, list):
        if not isinstance(got, list):
            return [f"{path} is no list"]
        return fits(recorded[0], got[0], f"{path}[0]") if recorded and got else []
    kinds = (int, float) if isinstance(recorded, float) else (bytes if isinstance(recorded, dict) else type(recorded),)
    return [] if isinstance(got, kinds) else [f"{path} is {type(got).__name__}"]


def _conversation() -> list[Step]:
    """All that a client of version 1.1 does with frames of its own, and how it asks for pictures of a clip that has a path: every
    message type but `EstimateAsk` and `Shutdown`."""

    def picture(level: int) -> bytes:
        return deltas.pack(0, FrameBuffer(np.full((16, 16, 3), level, np.uint8)))

    pictures = [picture(level) for level in (40, 41, 90)]
    blobs = [{"sha256": hashlib.sha256(p).hexdigest(), "size": len(p), "form": "frame", "name": "pixels"} for p in pictures]
    ids = iter(range(1, 1000))

    def say(kind: str, on: str = CONTROL, **fields: Any) -> dict[str, Any]:
        return {"on": on, "say": {"type": kind, "id": next(ids), **fields}}

    put = [
        step
        for blob, data in zip(blobs, pictures, strict=True)
        for step in (
            say("PutBlob", DATA, sha256=blob["sha256"], size=blob["size"]),
            {**say("BlobChunk", DATA, sha256=blob["sha256"], offset=0), "payload": to_json(data)},
        )
    ]
    request = {
        "clip": {"path": None, "frames": blobs[:2], "rate": [24, 1]},
        "keyframes": [{"frame": 0, "image": blobs[2]}],
        "masks": [],
        "range": None,
        "engine": "patch",
        "settings": {},
        "prompt": "",
        "source_prompt": "",
        "model": None,
        "seed": 0,
        "quality": "final",
        "cache": None,
    }
    done = {"type": "JobChanged", "job.id": JOB, "job.state": "done"}
    return [
        say("Hello", protocol=[1, 3], client="recorded", version="0.1.0", spare=True),
        say("Beat"),
        say("Status"),
        say("Engines"),
        say("ClipAsk", clip={"path": "$clip", "frames": [], "rate": None}),
        say("PictureAsk", clip={"path": "$clip", "frames": [], "rate": None}, frame=1, take="", form="png", show="full"),
        *put,
        say("PutBlob", DATA, sha256=blobs[0]["sha256"], size=blobs[0]["size"]),
        say("Watch", job=None),
        say("Prepare", request={**request, "keyframes": [], "quality": "draft"}, near=0),
        {**say("Submit", job=JOB, request=request, label="shot 1", survives=True, near=0), "learn": {"$take": "job.take"}},
        say("Submit", job=JOB, request=request, label="shot 1", survives=True, near=0),
        {"on": CONTROL, "until": done},
        say("JobAction", job=JOB, action="get", before=None),
        say("JobAction", job="no-such-job", action="cancel", before=None),
        say("Jobs"),
        {
            **say("OpenFrames", DATA, stream=7, job=JOB, take="", order="source", by="bytes", credit=1, skip=[]),
            "until": {"type": "FrameIs", "stream": 7, "frame": 0},
        },
        {**say("MoreFrames", DATA, stream=7, credit=1), "until": {"type": "FrameIs", "stream": 7, "frame": 1}},
        {**say("MoreFrames", DATA, stream=7, credit=1), "until": {"type": "FramesEnd", "stream": 7}},
        {**say("CloseFrames", DATA, stream=7), "answered": False},
        {
            **say("OpenFrames", DATA, stream=8, job="", take="$take", order="arrival", by="path", credit=8, skip=[0]),
            "until": {"type": "FrameIs", "stream": 8, "frame": 1},
        },
        say("Takes"),
        say("TakeAction", take="$take", action="get", note=""),
        say("TakeAction", take="$take", action="recipe", note=""),
        say("TakeAction", take="$take", action="claimed", note="/projects/film"),
        {**say("Caches"), "learn": {"$cache": "caches.0.id"}},
        say("CacheAction", action="pin", cache="$cache", blob=""),
        say("CacheAction", action="unpin", cache="$cache", blob=""),
        say("CacheAction", action="export", cache="$cache", blob=""),
        say("CacheAction", action="import", cache="", blob=blobs[0]["sha256"]),
        say("CacheAction", action="delete", cache="$cache", blob=""),
        say("TakeAction", take="$take", action="delete", note=""),
        {**say("JobAction", job=JOB, action="remove", before=None), "until": {"type": "JobRemoved"}},
    ]


def record(path: Path) -> None:
    """Hold the conversation with the daemon of this tree and write it down."""
    with tempfile.TemporaryDirectory() as folder, target(Path(folder) / "home") as made, Peer(made.connection) as peer:
        steps = _conversation()
        clip = write_clip(Path(folder) / "clip.mp4", moving_patch(3))
        for step, head, payload in hold(peer, steps, clip):
            step["hear"] = to_json(head)
            if payload is not None:
                step["payload_heard"] = to_json(payload)
        path.write_text(json.dumps(steps, indent=1) + "\n")


if __name__ == "__main__":
    record(Path(sys.argv[1]))
