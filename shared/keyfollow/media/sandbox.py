"""The parent's side of the process in which an untrusted file is opened and decoded. Imports no decoder.

The child gets descriptors that are open already, an empty environment and resource limits (`sandbox_child`); it answers requests
over its standard pipes (`channel`). Whatever it does, the parent sees a reply of bounded size or a `MediaError`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from ..errors import KeyfollowError, MediaError, from_plain
from .channel import ChannelError, Head, fill, receive, send
from .limits import DEADLINE_S
from .problems import problem
from .watchdog import Watchdog

MODULE = f"{__package__}.sandbox_child"
_PIPE_BYTES = 1 << 20


class Sandbox:
    """One child. Not for use from several threads at a time.

    Args:
        fds: descriptors that the child inherits under the names given; they stay the caller's to close.
        name: what messages call the source.
        writes: the child writes into one of `fds` (otherwise it may write nowhere).
    """

    def __init__(
        self, fds: Mapping[str, int] | None = None, *, name: str = "", writes: bool = False, deadline_s: float = DEADLINE_S
    ) -> None:
        self.name = name
        handles, spawn = _inherit(list((fds or {}).values()))
        arguments = [f"{key}={handle}" for key, handle in zip(fds or {}, handles, strict=True)]
        self._process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-S", "-m", MODULE, *(["--writes"] if writes else []), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=_environment(),
            cwd=os.sep,
            # Ctrl-C in a terminal is for the client; the child ends when its stdin does
            start_new_session=True,
            **spawn,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._stdin: IO[bytes] = self._process.stdin
        self._stdout: IO[bytes] = self._process.stdout
        for pipe in (self._stdin, self._stdout):
            _widen(pipe.fileno())
        self._watchdog = Watchdog(self._process, deadline_s)

    def call(self, op: str, payload: bytes | memoryview = b"", **arguments: Any) -> Head:
        """Ask and wait for the head of the answer."""
        self.post(op, payload, **arguments)
        return self.reply()

    def post(self, op: str, payload: bytes | memoryview = b"", **arguments: Any) -> None:
        """Ask without waiting; answers come in order. Must not be followed by another payload before the reply is read.

        Raises:
            MediaError: the child is gone.
        """
        try:
            with self._watchdog:
                send(_Progressing(self._stdin, self._watchdog), {"op": op, **arguments}, payload)
        except ChannelError as e:
            raise self._died() from e

    def reply(self) -> Head:
        """The next answer's head. Its payload must be taken with `payload` before anything else is read.

        Raises:
            MediaError: what the child found wrong with the source; ``media_timeout``; ``media_reader_died``.
        """
        try:
            with self._watchdog:
                while True:
                    head = receive(self._stdout, self._watchdog.progress)  # type: ignore[arg-type]
                    if not head.get("busy"):
                        break
        except ChannelError as e:
            raise self._died() from e
        error = head.get("error")
        if isinstance(error, Mapping):
            raise self._named(from_plain(error))
        return head

    def payload(self, view: memoryview) -> None:
        """Fill `view` (flat bytes, as long as the head said) with the payload of the last reply."""
        try:
            with self._watchdog:
                fill(self._stdout, view, self._watchdog.progress)  # type: ignore[arg-type]
        except ChannelError as e:
            raise self._died() from e

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """End the child. It has nothing to save, so it is not asked twice."""
        self._watchdog.close()
        for pipe in (self._stdin, self._stdout):
            with suppress(OSError):
                pipe.close()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _died(self) -> MediaError:
        if self._watchdog.fired:
            return problem("media_timeout", name=self.name)
        try:
            status = self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        return problem("media_reader_died", f"signal {-status}" if status < 0 else f"status {status}", self.name)

    def _named(self, error: KeyfollowError) -> MediaError:
        return MediaError(error.code, f"{self.name}: {error.message}" if self.name else error.message, error.remedy)


class _Progressing:
    """A pipe that tells the watchdog when the child takes bytes."""

    def __init__(self, pipe: IO[bytes], watchdog: Watchdog) -> None:
        self._pipe, self._watchdog = pipe, watchdog

    def write(self, buffer: bytes | memoryview, /) -> int | None:
        count = self._pipe.write(buffer[:_PIPE_BYTES])
        self._watchdog.progress()
        return count


def _environment() -> dict[str, str]:
    """Nothing of the user's but where Python finds the same code as here."""
    keep = {k: os.environ[k] for k in ("SYSTEMROOT",) if k in os.environ}
    path = os.pathsep.join(p for p in sys.path if p and Path(p).is_absolute())
    return {
        **keep,
        "PYTHONPATH": path,
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }


def _inherit(fds: Sequence[int]) -> tuple[list[int], dict[str, Any]]:
    """How this system hands descriptors to a child: their numbers there, and arguments for Popen."""
    if sys.platform != "win32":
        return list(fds), {"pass_fds": tuple(fds)}
    import msvcrt

    handles = [msvcrt.get_osfhandle(fd) for fd in fds]
    for handle in handles:
        os.set_handle_inheritable(handle, True)
    return handles, {"startupinfo": subprocess.STARTUPINFO(lpAttributeList={"handle_list": handles}), "close_fds": True}


def _widen(fd: int) -> None:
    """A pipe that holds more than 64 KiB saves thousands of task switches per frame."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
