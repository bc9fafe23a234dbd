from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from keyfollow.engine_info import CacheInfo
from keyfollow_desktop.bridge import CONNECTED, Bridge
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.prepared import Prepared
from keyfollow_desktop.ui.timeline_paint import PREPARED
from keyfollow_desktop.ui.window import Window
from pytestqt.qtbot import QtBot

from ..conftest import placed


def cache(media: Media, start: int, stop: int, engine: str = "patch") -> CacheInfo:
    return CacheInfo(f"{engine}{start}", engine, media.path, start, stop, stop - start, 1, 1.0, 0.0, 0.0)


def test_caches_of_one_source_and_engine_become_ranges(one_clip: Document, qtbot: QtBot) -> None:
    media = next(iter(one_clip.project.media.values()))
    caches = [cache(media, 8, 12), cache(media, 0, 3), cache(media, 2, 5), cache(media, 0, 9, "pix2video")]
    caches.append(cache(replace(media, path="/other.mp4"), 5, 8))

    class Client:
        class caches:
            list = staticmethod(lambda: caches)

    bridge = Bridge()
    bridge.call = lambda work, done, failed: done(work(Client()))  # type: ignore[method-assign, assignment, arg-type]
    prepared = Prepared(bridge)
    heard: list[int] = []
    prepared.changed.connect(lambda: heard.append(1))
    bridge.state_changed.emit(CONNECTED, None)
    assert heard and prepared.ranges(media, "patch") == [(0, 5), (8, 12)]
    assert prepared.ranges(media, "pix2video") == [(0, 9)]
    bridge.close()


def test_the_selected_clip_shows_them(window: Window, described: Media, wait: Callable[..., None]) -> None:
    document = window.document
    document.do("Import", placed(document.project, described))
    window.resize(1600, 1000)
    window.timeline.fit()

    def painted() -> bool:
        image = window.timeline.viewport().grab().toImage()
        x = int(window.timeline.scale.x(2))
        return any(image.pixelColor(x, y) == PREPARED for y in range(image.height()))

    window.prepared._got([cache(described, 0, 6)])
    assert not painted()
    document.select(frozenset({document.project.timeline.tracks[0].clips[0].id}))
    assert painted()
