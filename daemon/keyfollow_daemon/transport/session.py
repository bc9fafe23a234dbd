"""Who is connected: sessions by peer identity, kept alive by beats. No sockets, no clock of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from keyfollow import wire


@dataclass(slots=True)
class Peer:
    """One client's session."""

    client: str
    version: str
    heard: float
    spare: bool = False
    """It wants a processor for itself."""
    watched: set[str] = field(default_factory=set)
    watches_all: bool = False
    dependent: set[str] = field(default_factory=set)
    """Jobs that must not outlive this session."""


class Sessions:
    """All sessions. A session ends after `wire.MISSED_BEATS` missed beats."""

    def __init__(self) -> None:
        self._peers: dict[bytes, Peer] = {}
        self._left: dict[str, float] = {}
        """Jobs whose client is gone, and how long it may still come back under another name."""
        self._swept: float | None = None

    def open(self, peer: bytes, client: str, version: str, now: float, *, spare: bool = False) -> Peer:
        session = Peer(client, version, now, spare)
        old = self._peers.get(peer)
        if old is not None:  # the same client came back before it was missed
            session.dependent = old.dependent
        self._peers[peer] = session
        return session

    def heard(self, peer: bytes, now: float) -> Peer | None:
        """The session of `peer`, marked alive; None for a stranger."""
        session = self._peers.get(peer)
        if session is not None:
            session.heard = now
        return session

    def others(self, peer: bytes) -> list[bytes]:
        return [p for p in self._peers if p != peer]

    def spare(self) -> bool:
        """Does anyone want a processor for itself?"""
        return any(session.spare for session in self._peers.values())

    def watchers(self, job: str) -> list[bytes]:
        return [peer for peer, s in self._peers.items() if s.watches_all or job in s.watched]

    def expired(self, now: float) -> list[bytes]:
        """Peers whose beats are missing. If the daemon itself slept (stopped, suspended), everyone gets a new chance first."""
        limit = wire.BEAT_S * wire.MISSED_BEATS
        slept = self._swept is not None and now - self._swept > limit / 2
        self._swept = now
        if slept:
            for session in self._peers.values():
                session.heard = now
            self._left = dict.fromkeys(self._left, now + limit)
            return []
        return [peer for peer, s in self._peers.items() if now - s.heard > limit]

    def owned(self, now: float) -> set[str]:
        """Jobs that must not outlive a session, and whose session is there or may come back."""
        self._left = {job: until for job, until in self._left.items() if until > now}
        return {job for session in self._peers.values() for job in session.dependent}.union(self._left)

    def close(self, peer: bytes) -> Peer | None:
        session = self._peers.pop(peer, None)
        if session is not None:
            until = session.heard + wire.BEAT_S * wire.MISSED_BEATS
            self._left.update(dict.fromkeys(session.dependent, until))
        return session

    def __len__(self) -> int:
        return len(self._peers)
