"""A client's two sockets to the daemon: encrypted, known to the daemon as one client's, never holding up the end of a process."""

from __future__ import annotations

import zmq

from . import wire
from .connection import Connection
from .wire import CONTROL, DATA, Channel

HANDSHAKE_MS = 3000


def connected(context: zmq.Context[zmq.Socket[bytes]], daemon: Connection, name: bytes) -> dict[Channel, zmq.Socket[bytes]]:
    """Both channels, connecting; nothing waits for the daemon to answer.

    Args:
        name: the client's routing id. Both channels carry it: that is how the daemon knows that they belong together.
    """
    sockets = {}
    for channel, endpoint in ((CONTROL, daemon.control), (DATA, daemon.data)):
        socket = sockets[channel] = context.socket(zmq.DEALER)
        socket.setsockopt(zmq.ROUTING_ID, name)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, wire.MAX_OUT)
        socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)
        socket.curve_serverkey = daemon.server_public.encode()
        socket.curve_publickey = daemon.client_public.encode()
        socket.curve_secretkey = daemon.client_secret.encode()
        socket.connect(endpoint)
    return sockets
