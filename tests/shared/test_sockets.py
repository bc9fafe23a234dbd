"""A client's sockets, against plain sockets that speak CURVE."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import partial

import zmq
from keyfollow.connection import Connection
from keyfollow.sockets import connected
from keyfollow.wire import CONTROL, DATA


def test_both_channels_carry_the_clients_name_and_only_the_right_server_hears_them() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    server_public, server_secret = (k.decode() for k in zmq.curve_keypair())
    client_public, client_secret = (k.decode() for k in zmq.curve_keypair())
    servers = {channel: context.socket(zmq.ROUTER) for channel in (CONTROL, DATA)}
    ends: list[str] = []
    for server in servers.values():
        server.setsockopt(zmq.CURVE_SERVER, 1)
        server.setsockopt_string(zmq.CURVE_PUBLICKEY, server_public)
        server.setsockopt_string(zmq.CURVE_SECRETKEY, server_secret)
        server.setsockopt(zmq.LINGER, 0)
        server.bind("tcp://127.0.0.1:*")
        ends.append(str(server.getsockopt_string(zmq.LAST_ENDPOINT)))
    control, data = ends
    right = Connection(control, data, server_public, client_public, client_secret, os.getpid(), (1, 0), "0.1.0")
    wrong = replace(right, server_public=client_public)
    dealer = partial(context.socket, zmq.DEALER)
    ours, theirs = connected(dealer, right, b"ours"), connected(dealer, wrong, b"theirs")
    try:
        for channel, server in servers.items():
            theirs[channel].send(b"whatever")
            ours[channel].send(b"hello")
            assert server.poll(30_000) and server.recv_multipart() == [b"ours", b"hello"]
            server.send_multipart([b"ours", b"answer"])
            assert ours[channel].poll(30_000) and ours[channel].recv() == b"answer"
            assert not server.poll(200)
    finally:
        for socket in (*servers.values(), *ours.values(), *theirs.values()):
            socket.close()
        began = time.monotonic()
        context.term()
        assert time.monotonic() - began < 10, "what was never delivered holds nobody up"
