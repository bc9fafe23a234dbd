"""Who may speak: CURVE keys, and the ZAP handler that checks them.

CURVE alone encrypts but lets any key in; the ZAP reply is what refuses strangers. Keys live as long as the daemon: they are in
the connection file, which only this user can read.
"""

from __future__ import annotations

from dataclasses import dataclass

import zmq
import zmq.utils.z85

ENDPOINT = "inproc://zeromq.zap.01"


@dataclass(frozen=True, slots=True)
class Keys:
    """Z85 text keys of the daemon and of its user's clients."""

    server_public: str
    server_secret: str
    client_public: str
    client_secret: str

    @classmethod
    def make(cls) -> Keys:
        (server_public, server_secret), (client_public, client_secret) = zmq.curve_keypair(), zmq.curve_keypair()
        return cls(*(k.decode() for k in (server_public, server_secret, client_public, client_secret)))


class Gate:
    """Answers libzmq's authentication questions (ZAP 1.0, RFC 27) on the event loop's own thread."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], allowed: set[str]) -> None:
        self._allowed = {zmq.utils.z85.decode(key.encode()) for key in allowed}
        self.socket = context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.bind(ENDPOINT)

    def answer(self) -> None:
        """Take one request off the socket and answer it."""
        route, empty, version, request, *rest = self.socket.recv_multipart()
        mechanism = rest[3] if len(rest) > 3 else b""
        key = rest[4] if len(rest) > 4 else b""
        allowed = version == b"1.0" and mechanism == b"CURVE" and key in self._allowed
        status, text = (b"200", b"OK") if allowed else (b"400", b"unknown client")
        self.socket.send_multipart([route, empty, b"1.0", request, status, text, b"keyfollow" if allowed else b"", b""])

    def close(self) -> None:
        self.socket.close()
