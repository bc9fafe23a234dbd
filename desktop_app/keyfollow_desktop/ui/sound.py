"""Sound while playing. Where there is a device, it is the clock: the picture follows what is heard.

Sources are decoded in the media sandbox, a little ahead, on a thread. Without a device, and at any speed but the normal one, it is quiet
and time is the machine's. Sound that is late joins when it is there, where the picture then is.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from fractions import Fraction
from math import ceil, floor
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt
from keyfollow.errors import KeyfollowError
from keyfollow.media.mixing import Piece, read_sound
from keyfollow.media.sound import CHANNELS, RATE

from ..model.ranges import source_position
from ..model.state import Project

Samples = npt.NDArray[np.float32]
AHEAD = 2 * RATE
"""Samples decoded ahead of what is heard."""
BLOCK = RATE // 10
GONE_S = 1.0


class Output(Protocol):
    """A device that is playing: it calls for samples until it is closed. `latency` is seconds from asked for to heard."""

    latency: float

    def close(self) -> None: ...


OpenOutput = Callable[[Callable[[int], Samples]], Output | None]
"""Start a device that calls a function with how many samples ``(n, 2)`` it wants; None where there is none."""


def pieces(project: Project) -> list[Piece]:
    """What is heard on the timeline: the sound of every clip on a track that is not muted; times in seconds."""
    found = []
    fps = project.timeline.fps
    for track in project.timeline.tracks:
        for clip in track.clips:
            media = project.media.get(clip.media)
            if media is None or not media.sound or track.muted:
                continue
            start = source_position(clip, media, project.timeline, clip.start) / media.fps
            found.append(Piece(media.path, start, clip.start / fps, clip.length / fps))
    return found


class Player:
    """Plays what `pieces` says, from any moment, and tells the time by it. All but `now` is for the UI thread."""

    def __init__(self, open_output: OpenOutput, clock: Callable[[], float] = time.monotonic) -> None:
        self._open, self._clock = open_output, clock
        self._stream: _Stream | None = None
        self._shift = 0.0
        """What `now` is ahead of the machine's clock: every start and stop goes on from the moment before."""

    def start(self, project: Project, at: Fraction) -> None:
        """Play from `at` seconds of the timeline, as far as there is something to hear and a device to hear it on."""
        self.stop()
        heard = [p for p in pieces(project) if p.start + p.length > at]
        if heard:
            self._stream = _Stream(heard, at, self._open, self.now(), lambda: self._clock() + self._shift)

    def stop(self) -> None:
        stream = self._stream
        self._shift = self.now() - self._clock()
        self._stream = None
        if stream is not None:
            stream.close()

    def now(self) -> float:
        """Seconds that pass as the sound is heard; as the machine's clock says where there is none."""
        stream = self._stream
        return self._clock() + self._shift if stream is None else stream.now()


class _Stream:
    """One stretch of playing: mixed on a thread, taken by the device. Positions are samples since its beginning."""

    def __init__(
        self, heard: list[Piece], at: Fraction, open_output: OpenOutput, began: float, clock: Callable[[], float]
    ) -> None:
        self._open, self._began, self._clock = open_output, began, clock
        self._output: Output | None = None
        self._latency = 0.0
        self._turn = threading.Condition()
        self._blocks: deque[Samples] = deque()
        self._head = self._tail = 0
        """Where the first waiting block begins, and the last one ends."""
        self._last: tuple[float, int, int] | None = None
        """When the device asked last, from where, how many; None until the first sample was given."""
        self._closed = self._ended = False
        self._thread = threading.Thread(target=self._run, args=(heard, at), name="keyfollow-sound", daemon=True)
        self._thread.start()

    def take(self, count: int) -> Samples:
        """The next samples for the device; silence while there are none."""
        out = np.zeros((count, CHANNELS), np.float32)
        with self._turn:
            if self._last is None:
                # what the picture has passed already is not heard any more; what is asked for now is heard a latency later
                due = round((self._clock() - self._began + self._latency) * RATE)
                self._pop(min(due, self._tail) - self._head)
                if self._tail < due + count:
                    return out
            begin = self._head
            part = self._pop(min(count, self._tail - self._head))
            out[: len(part)] = part
            if self._ended and len(part) < count:
                # the timeline goes on when its sound is over, and so does the time
                self._head = self._tail = begin + count
            if self._head > begin:
                self._last = (self._clock(), begin, self._head - begin)
        return out

    def now(self) -> float:
        """Seconds, by what is heard; by the clock until anything is."""
        with self._turn:
            if self._last is None:
                return self._clock()
            when, begin, count = self._last
            since = self._clock() - when
            # sound that does not come in time holds the picture; a device that asks no more is gone, and nobody waits for it
            heard = since if since > GONE_S else min(since, count / RATE)
            return self._began + begin / RATE + heard - self._latency

    def close(self) -> None:
        with self._turn:
            self._closed = True
            self._turn.notify()
        # outside of the turn: it waits for the device's thread, which may be waiting for the turn
        if self._output is not None:
            self._output.close()

    def _pop(self, count: int) -> Samples:
        taken: list[Samples] = []
        while count > 0 and self._blocks:
            block = self._blocks.popleft()
            taken.append(block[:count])
            if len(block) > count:
                self._blocks.appendleft(block[count:])
            self._head += len(taken[-1])
            count -= len(taken[-1])
        self._turn.notify()
        return np.concatenate(taken) if taken else np.zeros((0, CHANNELS), np.float32)

    def _run(self, heard: list[Piece], at: Fraction) -> None:
        # here: opening a device takes longer than a frame of the screen
        output = self._open(self.take)
        if output is None:
            return
        with self._turn:
            self._latency = output.latency
            gone = self._closed
            self._output = None if gone else output
        if gone:
            output.close()
            return
        mixed = mixed_blocks(heard, at)
        # closing it ends the sandboxes
        with closing(mixed):
            for block in mixed:
                with self._turn:
                    while self._tail - self._head > AHEAD and not self._closed:
                        self._turn.wait()
                    if self._closed:
                        return
                    self._blocks.append(block)
                    self._tail += len(block)
        with self._turn:
            self._ended = True


def mixed_blocks(heard: list[Piece], at: Fraction) -> Generator[Samples, None, None]:
    """The sound of all pieces together from `at` seconds on, in blocks ``(n, 2)``; silence where there is none, to the end of the last.

    A source that cannot be read is silent: the picture says what is wrong with it.
    """
    end = max(p.start + p.length for p in heard)
    voices = {p: _Voice(p, at) for p in heard}
    first = floor(at * RATE)
    try:
        for begin in range(first, ceil(end * RATE), BLOCK):
            block = np.zeros((BLOCK, CHANNELS), np.float32)
            for piece, voice in voices.items():
                start, stop = round(max(at, piece.start) * RATE), round((piece.start + piece.length) * RATE)
                low, high = max(begin, start), min(begin + BLOCK, stop)
                if low < high:
                    block[low - begin : high - begin] += voice.read(high - low)
            yield block
    finally:
        for voice in voices.values():
            voice.close()


class _Voice:
    """A source from `at` on; opened when the first samples are asked for."""

    def __init__(self, piece: Piece, at: Fraction) -> None:
        late = max(Fraction(0), at - piece.start)
        self._parts = read_sound(piece.source, piece.source_start + late, piece.source_start + piece.length, loose=True)
        self._waiting = np.zeros((0, CHANNELS), np.float32)

    def read(self, count: int) -> Samples:
        with suppress(StopIteration, KeyfollowError):
            while len(self._waiting) < count:
                self._waiting = np.concatenate([self._waiting, next(self._parts)])
        out = np.zeros((count, CHANNELS), np.float32)
        out[: min(count, len(self._waiting))] = self._waiting[:count]
        self._waiting = self._waiting[count:]
        return out

    def close(self) -> None:
        cast("Generator[Samples, None, None]", self._parts).close()


def open_device(take: Callable[[int], Samples]) -> Output | None:
    """The machine's own output through PortAudio, when `sounddevice` is installed and there is a device."""
    try:
        import sounddevice
    except (ImportError, OSError):  # OSError: PortAudio itself is missing
        return None

    def fill(out: Samples, count: int, time: object, status: object) -> None:
        out[:] = take(count)

    try:
        stream = sounddevice.OutputStream(samplerate=RATE, channels=CHANNELS, dtype="float32", callback=fill)
        stream.start()
    except (sounddevice.PortAudioError, ValueError):
        return None
    return _Device(stream)


class _Device:
    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.latency = float(stream.latency)

    def close(self) -> None:
        self._stream.abort()
        self._stream.close()
