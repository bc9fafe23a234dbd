"""A client's two sockets to the daemon: encrypted, known to the daemon as one client's, never holding up the end of a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import wire
from .connection import Connection
from .wire import CONTROL, DATA, Channel

HANDSHAKE_MS = 3000


def connected(dealer: Callable[[], Any], daemon: Connection, name: bytes) -> dict[Channel, Any]:
    """Both channels, connecting; nothing waits for the daemon to answer.

    Args:
        dealer: makes a ZeroMQ DEALER: the library stays with whoever opens a connection.
        name: the client's routing id. Both channels carry it: that is how the daemon knows that they belong together.
    """
    sockets = {}
    for channel, endpoint in ((CONTROL, daemon.control), (DATA, daemon.data)):
        socket = sockets[channel] = dealer()
        socket.routing_id, socket.linger = name, 0
        socket.maxmsgsize, socket.handshake_ivl = wire.MAX_OUT, HANDSHAKE_MS
        socket.curve_serverkey = daemon.server_public.encode()
        socket.curve_publickey = daemon.client_public.encode()
        socket.curve_secretkey = daemon.client_secret.encode()
        socket.connect(endpoint)
    return sockets
