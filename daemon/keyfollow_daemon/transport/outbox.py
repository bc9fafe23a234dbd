"""Which frame goes to whom, and when: credit per stream. Holds frame numbers only, never pixels.

A slow client therefore costs a few integers per frame; the frames wait on disk.
"""

from __future__ import annotations

import heapq
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Stream:
    """One client's wish for the frames of one job or take.

    Args:
        number: the client's own number for it.
        take: where the frames lie; `job` is empty when the stream is of a finished take, whose frames `fixed` lists.
        ascending: deliver in source order from frame `next` on, else as they are finished.
        credit: frames that may be sent before the client gives back more.
        asked_by: id of the message that opened it, for refusals.
        sent: frames that the client has.
    """

    number: int
    job: str
    take: str
    ascending: bool
    by_path: bool
    credit: int
    asked_by: int
    next: int = 0
    fixed: tuple[int, ...] | None = None
    sent: set[int] = field(default_factory=set)
    _seen: int = 0
    _arrived: deque[int] = field(default_factory=deque)
    _waiting: list[int] = field(default_factory=list)

    def due(self, finished: Sequence[int], ended: bool, room: int = sys.maxsize) -> list[int]:
        """Frames to send now, at most `room` of them; each counts against the credit.

        `finished` is in arrival order and only ever grows. `ended` says that it is complete: source order then no longer waits
        for a frame that will not come.
        """
        self._take_in(finished)
        due: list[int] = []
        while self.credit > 0 and len(due) < room and (frame := self._pop(ended)) is not None:
            due.append(frame)
            self.sent.add(frame)
            self.credit -= 1
        return due

    def exhausted(self) -> bool:
        """Was everything that `due` has seen sent?"""
        return not self._arrived and not self._waiting

    def _take_in(self, finished: Sequence[int]) -> None:
        for frame in finished[self._seen :]:
            if frame not in self.sent:
                if self.ascending:
                    heapq.heappush(self._waiting, frame)
                else:
                    self._arrived.append(frame)
        self._seen = len(finished)

    def _pop(self, ended: bool) -> int | None:
        if not self.ascending:
            return self._arrived.popleft() if self._arrived else None
        while self.next in self.sent:
            self.next += 1
        if self._waiting and (ended or self._waiting[0] <= self.next):
            return heapq.heappop(self._waiting)
        return None


class Outbox:
    """All open streams, by peer and stream number."""

    def __init__(self, per_peer: int = 64) -> None:
        self._streams: dict[bytes, dict[int, Stream]] = {}
        self._per_peer = per_peer

    def open(self, peer: bytes, stream: Stream) -> bool:
        """False when the peer has too many already."""
        mine = self._streams.setdefault(peer, {})
        if len(mine) >= self._per_peer and stream.number not in mine:
            return False
        mine[stream.number] = stream
        return True

    def get(self, peer: bytes, number: int) -> Stream | None:
        return self._streams.get(peer, {}).get(number)

    def close(self, peer: bytes, number: int) -> None:
        self._streams.get(peer, {}).pop(number, None)

    def forget(self, peer: bytes) -> None:
        self._streams.pop(peer, None)

    def of_peer(self, peer: bytes) -> list[Stream]:
        return list(self._streams.get(peer, {}).values())

    def waiting(self) -> list[tuple[bytes, Stream]]:
        """Streams of pixels with credit left and frames to send: there was no room for them when they were due."""
        held = [(peer, s) for peer, streams in self._streams.items() for s in streams.values()]
        return [(peer, s) for peer, s in held if not s.by_path and s.credit > 0 and not s.exhausted()]

    def of_job(self, job: str) -> list[tuple[bytes, Stream]]:
        return [(peer, s) for peer, streams in self._streams.items() for s in streams.values() if s.job == job]

    def __len__(self) -> int:
        return sum(len(s) for s in self._streams.values())
