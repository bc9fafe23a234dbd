"""Which frames of a source an engine has prepared already (its inversion caches): the next run there begins with the edit itself."""

from __future__ import annotations

from keyfollow.engine_info import CacheInfo
from PySide6.QtCore import QObject, Signal

from ..bridge import CONNECTED, Bridge
from ..model.state import Media


class Prepared(QObject):
    """Follows the daemon's list of caches. `changed` when it is another."""

    changed = Signal()

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._caches: list[CacheInfo] = []
        bridge.state_changed.connect(lambda state, error: self.refresh() if state == CONNECTED else None)
        bridge.run_ended.connect(lambda *_: self.refresh())

    def refresh(self) -> None:
        self._bridge.call(lambda client: client.caches.list(), self._got, lambda _: None)

    def ranges(self, media: Media, engine: str) -> list[tuple[int, int]]:
        """Source frames, half-open, ascending; pieces that touch are one."""
        found: list[tuple[int, int]] = []
        mine = (c for c in self._caches if c.source == media.path and c.engine == engine)
        for start, stop in sorted((c.start, c.stop) for c in mine):
            if found and start <= found[-1][1]:
                found[-1] = (found[-1][0], max(stop, found[-1][1]))
            else:
                found.append((start, stop))
        return found

    def _got(self, caches: list[CacheInfo]) -> None:
        self._caches = caches
        self.changed.emit()
