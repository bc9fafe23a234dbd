"""The protocol: every message, its version, its limits, and strict encode/decode. No sockets here.

A message is one or two ZeroMQ parts: a msgpack head ``{"type": …, "id": …, **fields}`` and, for a few types, one part of raw
bytes. `id` is chosen by the asker; the answer carries it back. docs/PROTOCOL.md tells the conversation.

Two channels connect the same pair of peers, so that control never queues behind pixels:

    CONTROL   hello, beats, jobs, takes, caches; small and quick
    DATA      frames out and blobs in, under credit
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgpack

from .edits import Clip, EditRequest
from .engine_info import CacheInfo, EngineInfo, Estimate, Job, Take
from .errors import DaemonError, KeyfollowError
from .plain import PlainError, from_plain, to_plain

T = TypeVar("T", list[Any], dict[Any, Any])

PROTOCOL = (1, 3)

CONTROL: Literal["control"] = "control"
DATA: Literal["data"] = "data"
Channel = Literal["control", "data"]

MAX_PARTS = 2
MAX_HEAD = 16 << 20
MAX_ITEMS = 200_000
BYTES_PER_ITEM = 16
"""A head may hold `MAX_ITEMS`, and one more for each so many bytes: a byte of msgpack can become 64 bytes of Python."""
MAX_STRING = 1 << 20
CHUNK = 1 << 20
"""Bytes of a blob that travel in one message."""
MAX_IN = MAX_HEAD
"""Largest part that a daemon accepts; a client accepts `MAX_OUT`."""
MAX_OUT = 1 << 30
MAX_BLOB = 2 << 30
CREDIT = 8
"""Frames, or blob chunks, in flight per stream."""
BEAT_S = 1.0
MISSED_BEATS = 3


class WireError(DaemonError):
    """A message that breaks the protocol. `id` is the message's own where that much could be read, else 0."""

    def __init__(self, message: str, id: int = 0) -> None:
        super().__init__("bad_message", message, "Update the program that sent it; see docs/PROTOCOL.md.")
        self.id = id


class UnknownType(WireError):
    """A message of a type that this version does not have: what a newer minor version may send."""


# --- client to daemon, control ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hello:
    """First message of a session. Another major version is refused with both numbers."""

    protocol: tuple[int, int]
    client: str
    version: str = ""
    owns: tuple[str, ...] = ()
    """Jobs that this client submitted with `survives` False: they go with it, but not with a broken connection."""
    spare: bool = False
    """Somebody edits in this program: while it is connected the daemon and its worker leave a processor to it (since 1.3)."""


@dataclass(frozen=True, slots=True)
class Beat:
    """Once a second; after three missed ones the daemon forgets the session."""


@dataclass(frozen=True, slots=True)
class Status:
    pass


@dataclass(frozen=True, slots=True)
class Shutdown:
    pass


@dataclass(frozen=True, slots=True)
class Engines:
    pass


@dataclass(frozen=True, slots=True)
class EstimateAsk:
    request: EditRequest


@dataclass(frozen=True, slots=True)
class Submit:
    """Committed before it is answered. `job` is the client's own id (a UUID's hex); sending it again changes nothing.

    `survives` False cancels the job when the session that submitted it is gone. `near` is the source frame that is looked at: a draft
    makes the frames around it first (since 1.2).
    """

    job: str
    request: EditRequest
    label: str = ""
    survives: bool = True
    near: int | None = None


@dataclass(frozen=True, slots=True)
class Prepare:
    """A run like this, with keyframes, will be wanted soon: get ready for it around source frame `near`, as long as nothing else is to
    be done (since 1.2)."""

    request: EditRequest
    near: int | None = None


@dataclass(frozen=True, slots=True)
class Jobs:
    pass


@dataclass(frozen=True, slots=True)
class Watch:
    """Send this session an event whenever the job changes; `job` None means every job."""

    job: str | None = None


@dataclass(frozen=True, slots=True)
class JobAction:
    """`move` puts the job before job `before`, or last when that is None."""

    job: str
    action: Literal["get", "cancel", "pause", "resume", "retry", "move", "remove"]
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Takes:
    pass


@dataclass(frozen=True, slots=True)
class TakeAction:
    """`claimed` notes that a client copied and verified the take into `note`, a folder."""

    take: str
    action: Literal["get", "delete", "claimed", "recipe"]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Caches:
    pass


@dataclass(frozen=True, slots=True)
class CacheAction:
    """`export` answers with a path in the daemon's own storage (`Exported`); `import` takes the SHA-256 of an uploaded blob."""

    action: Literal["get", "pin", "unpin", "delete", "export", "import"]
    cache: str = ""
    blob: str = ""


@dataclass(frozen=True, slots=True)
class ClipAsk:
    """What is this clip? For clients that open no media themselves (since 1.1)."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class PictureAsk:
    """One picture as an image file: source frame `frame` as `take` has it, or as it is when `take` is empty (since 1.1).

    `show` is ``full``, or ``edit``: then what the take left as it was is transparent.
    """

    clip: Clip
    frame: int
    take: str = ""
    form: Literal["png", "tiff", "exr"] = "png"
    show: Literal["full", "edit"] = "full"


# --- client to daemon, data -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenFrames:
    """Ask for a job's (or a finished take's) frames.

    `order` is ``arrival`` (as they are finished) or ``source`` (ascending). `by` is ``path`` on the same machine, else ``bytes``.
    `skip` lists frames that the client has already (it reconnects).
    """

    stream: int
    job: str = ""
    take: str = ""
    order: Literal["arrival", "source"] = "arrival"
    by: Literal["path", "bytes"] = "path"
    credit: int = CREDIT
    skip: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class MoreFrames:
    """The client took `credit` frames off its queue."""

    stream: int
    credit: int = 1


@dataclass(frozen=True, slots=True)
class CloseFrames:
    stream: int


@dataclass(frozen=True, slots=True)
class PutBlob:
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class BlobChunk:
    """Carries a payload part: the bytes from `offset`, at most `CHUNK`."""

    sha256: str
    offset: int


# --- daemon to client --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Welcome:
    protocol: tuple[int, int]
    version: str
    pid: int
    session: str


@dataclass(frozen=True, slots=True)
class Done:
    """The action was carried out, and is durable."""


@dataclass(frozen=True, slots=True)
class Stopping:
    """Event: someone asked the daemon to stop. Whoever waits should say so, not start it again."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer to a request that failed: an error as `KeyfollowError.to_plain` gives it."""

    kind: str
    code: str
    message: str
    remedy: str

    def error(self) -> KeyfollowError:
        from .errors import from_plain as error_from_plain

        return error_from_plain(to_plain(self))


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    version: str
    pid: int
    uptime_s: float
    sessions: int
    jobs: dict[str, int] = field(default_factory=dict)
    worker: str = ""
    rss_bytes: int = 0
    storage: str = ""


@dataclass(frozen=True, slots=True)
class EngineList:
    engines: tuple[EngineInfo, ...]


@dataclass(frozen=True, slots=True)
class EstimateIs:
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class JobIs:
    job: Job


@dataclass(frozen=True, slots=True)
class JobList:
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class JobChanged:
    """Event: a watched job changed (state, progress, failure, take)."""

    job: Job


@dataclass(frozen=True, slots=True)
class JobRemoved:
    job: str


@dataclass(frozen=True, slots=True)
class TakeIs:
    """`folder` is where the take lies on the daemon's machine."""

    take: Take
    folder: str


@dataclass(frozen=True, slots=True)
class TakeList:
    takes: tuple[Take, ...]


@dataclass(frozen=True, slots=True)
class RecipeIs:
    recipe: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CacheIs:
    cache: CacheInfo


@dataclass(frozen=True, slots=True)
class CacheList:
    caches: tuple[CacheInfo, ...]


@dataclass(frozen=True, slots=True)
class Exported:
    """The file stays until the daemon stops; the client copies it out."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class ClipIs:
    """A clip as the daemon decodes it; `rate` in frames per second, as a fraction; `dtype` as in `frames.FrameBuffer`."""

    width: int
    height: int
    frames: int
    rate: tuple[int, int]
    dtype: str
    channels: int
    steady: bool
    """Every frame is shown equally long."""
    pts: tuple[int, ...] = ()
    """When each frame begins, in `time_base` seconds from the first; empty for a steady clip."""
    time_base: tuple[int, int] = (0, 1)


@dataclass(frozen=True, slots=True)
class PictureIs:
    """The file at `path` belongs to whoever asked: it is moved to where it shall be."""

    frame: int
    path: str


@dataclass(frozen=True, slots=True)
class FrameIs:
    """A finished frame, on disk before this is sent: `path` to its packed bytes (`deltas`), or those bytes as the payload part."""

    stream: int
    frame: int
    path: str = ""


@dataclass(frozen=True, slots=True)
class FramesEnd:
    """No more frames will come: the job has ended (ask for its state), or the take is complete."""

    stream: int


@dataclass(frozen=True, slots=True)
class BlobState:
    """`received` bytes lie safely in the daemon; `whole` says that the blob is complete and its SHA-256 right."""

    sha256: str
    received: int
    whole: bool


TO_DAEMON: dict[str, type] = {
    c.__name__: c
    for c in (
        Hello, Beat, Status, Shutdown, Engines, EstimateAsk, Submit, Prepare, Jobs, Watch, JobAction, Takes, TakeAction, Caches,
        CacheAction, ClipAsk, PictureAsk, OpenFrames, MoreFrames, CloseFrames, PutBlob, BlobChunk,
    )
}  # fmt: skip
TO_CLIENT: dict[str, type] = {
    c.__name__: c
    for c in (
        Welcome, Done, Stopping, Refused, DaemonStatus, EngineList, EstimateIs, JobIs, JobList, JobChanged, JobRemoved, TakeIs, TakeList,
        RecipeIs, CacheIs, CacheList, Exported, ClipIs, PictureIs, FrameIs, FramesEnd, BlobState,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """A decoded message: its body, the id that ties question and answer (0 for events), and the payload part if there is one."""

    id: int
    body: Any
    payload: memoryview | None = None


def encode(body: Any, id: int = 0) -> bytes:
    """The head part of a message."""
    return bytes(msgpack.packb({"type": type(body).__name__, "id": id, **to_plain(body)}))


def decode(parts: list[Any], types: dict[str, type]) -> Envelope:
    """Check and decode the parts of one message of a known direction (`TO_DAEMON` or `TO_CLIENT`).

    Raises:
        WireError: anything that the protocol does not allow; its message says what.
    """
    if not 1 <= len(parts) <= MAX_PARTS:
        raise WireError(f"A message has 1 or {MAX_PARTS} parts, not {len(parts)}.")
    head = unpack_head(parts[0])
    id, name = head.pop("id", 0), head.pop("type", None)
    if not isinstance(id, int) or isinstance(id, bool) or not 0 <= id < 1 << 63:
        raise WireError("The message id must be a whole number from 0.")
    cls = types.get(name) if isinstance(name, str) else None
    if cls is None:
        raise UnknownType(f"There is no message type {str(name)[:80]!r} in this direction.", id)
    body: Any
    try:
        body = from_plain(cls, head)
    except (PlainError, KeyfollowError, RecursionError) as e:
        raise WireError(f"{cls.__name__}: {str(e)[:500]}", id) from e
    return Envelope(id, body, memoryview(parts[1]) if len(parts) == 2 else None)


def unpack_head(part: Any) -> dict[str, Any]:
    """A head part as a mapping with text keys, within all limits.

    Raises:
        WireError: too long, not msgpack, not a mapping, or an ext type.
    """
    if len(part) > MAX_HEAD:
        raise WireError(f"A head of {len(part)} bytes is over the limit of {MAX_HEAD}.")
    try:
        head = msgpack.unpackb(
            part,
            raw=False,
            strict_map_key=True,
            ext_hook=_no_ext,
            list_hook=(budget := _Budget(MAX_ITEMS + len(part) // BYTES_PER_ITEM)),
            object_hook=budget,
            max_str_len=MAX_STRING,
            max_bin_len=MAX_STRING,
            max_array_len=MAX_ITEMS,
            max_map_len=MAX_ITEMS,
            max_ext_len=0,
        )
    except (ValueError, TypeError, KeyError, RecursionError, msgpack.UnpackException) as e:
        raise WireError(f"The head is not valid msgpack ({type(e).__name__}).") from e
    if not isinstance(head, dict) or not all(isinstance(k, str) for k in head):
        raise WireError("The head must be a mapping with text keys.")
    return head


class _Budget:
    """Lets containers through until they hold more than `items` together."""

    def __init__(self, items: int) -> None:
        self._left = items

    def __call__(self, container: T) -> T:
        self._left -= len(container)
        if self._left < 0:
            raise ValueError("too many items")
        return container


def _no_ext(code: int, data: bytes) -> Any:
    raise ValueError("ext types are not allowed")
