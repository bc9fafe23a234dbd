"""An engine's surroundings in memory: they count, and interrupt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from keyfollow.edits import SettingValue
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.engines.base import Array, Edit, EditKeyframe, Preview


class Memory:
    """Frames, cache and context in one. `stop_after` checks interrupt a run; `phases` holds each phase's last figures,
    `previews` its pictures."""

    def __init__(self, frames: list[FrameBuffer]) -> None:
        self._frames = frames
        self.entries: dict[str, dict[str, Array]] = {}
        self.kept: dict[str, dict[str, Array]] = {}
        self.saved = self.checks = self.plan = 0
        self.stop_after: int | None = None
        self.phases: dict[str, tuple[int, int]] = {}
        self.previews: dict[str, list[Any]] = {}
        self.notes: list[str] = []

    # Frames
    @property
    def count(self) -> int:
        return len(self._frames)

    @property
    def size(self) -> tuple[int, int]:
        return self._frames[0].width, self._frames[0].height

    def __getitem__(self, frame: int) -> FrameBuffer:
        return self._frames[frame]

    def digest(self, frame: int) -> bytes:
        return self._frames[frame].digest()

    # Cache
    def load(self, key: str) -> dict[str, Array] | None:
        found = self.entries.get(key)
        return None if found is None else {n: t.copy() for n, t in found.items()}

    def save(self, key: str, tensors: Mapping[str, Array]) -> None:
        self.saved += 1
        self.entries[key] = {n: np.array(t) for n, t in tensors.items()}

    # Context
    @property
    def cache(self) -> Memory:
        return self

    def check(self) -> None:
        self.checks += 1
        if self.stop_after is not None and self.checks > self.stop_after:
            raise InterruptedError

    def progress(self, phase: str, done: int, total: int, preview: Preview | None = None) -> None:
        phase = phase.partition(" (")[0]
        before = self.phases.get(phase, (0, total))
        assert before[0] <= done <= total
        self.phases[phase] = (done, total)
        if preview is not None:
            self.previews.setdefault(phase, []).append(preview())

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def checkpoint(self, name: str, tensors: Mapping[str, Array]) -> None:
        self.kept[name] = {n: np.array(t) for n, t in tensors.items()}

    def restore(self, name: str) -> dict[str, Array] | None:
        return self.kept.get(name)


def edit_of(
    frames: list[FrameBuffer],
    keyframes: Mapping[int, FrameBuffer] | None,
    span: FrameRange | None,
    settings: Callable[..., dict[str, SettingValue]],
    more: dict[str, Any],
    **usual: Any,
) -> Edit:
    """A run over `span` (all frames); `more` are fields of `Edit`, which go before what is `usual`, or changes of `settings`."""
    span = span or FrameRange(0, len(frames))
    fields = {n: value for n, value in more.items() if n in Edit.__dataclass_fields__}
    values: dict[str, Any] = {
        "range": span,
        "wanted": list(span),
        "keyframes": [EditKeyframe(n, k) for n, k in sorted((keyframes or {}).items())],
        "settings": settings(**{n: value for n, value in more.items() if n not in fields}),
    }
    return Edit(**{**values, **usual, **fields})
