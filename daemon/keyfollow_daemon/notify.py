"""Tell systemd that the daemon is ready, alive, or stopping (sd_notify(3)); nothing where systemd does not ask."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress


class Notifier:
    """Takes the address out of the environment, so that no worker speaks in the daemon's name."""

    def __init__(self) -> None:
        address = os.environ.pop("NOTIFY_SOCKET", "")
        timeout_us = os.environ.pop("WATCHDOG_USEC", "")
        os.environ.pop("WATCHDOG_PID", None)
        # an abstract address is written with @ for its leading zero byte
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._every_s = int(timeout_us) / 1e6 / 2 if timeout_us.isdigit() else 0.0
        self._beaten = 0.0

    def ready(self) -> None:
        self._send("READY=1")

    def beat(self) -> None:
        """From the event loop, as often as it likes: it is the loop whose life is watched."""
        now = time.monotonic()
        if self._every_s and now - self._beaten >= self._every_s:
            self._beaten = now
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, state: str) -> None:
        if self._address:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.sendto(state.encode(), self._address)
