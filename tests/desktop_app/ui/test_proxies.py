from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer
from keyfollow.media.probe import probe
from keyfollow.media.reader import MediaReader
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui import proxies as module
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.pictures import Pictures
from keyfollow_desktop.ui.proxies import Proxies, is_large, make
from keyfollow_desktop.ui.take_store import TakeStore
from keyfollow_desktop.ui.viewer import Viewer
from pytestqt.qtbot import QtBot

from ..conftest import COUNT, inverted, with_take


@pytest.fixture
def small_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if 48 x 32 were 1080p."""
    monkeypatch.setattr(module, "MOST", (48, 32))


@pytest.fixture
def rig(one_clip: Document, small_screen: None, qtbot: QtBot) -> Iterator[tuple[Document, TakeStore, Proxies]]:
    store = TakeStore(lambda: one_clip.folder / "takes")
    made = Proxies(store, lambda: True)
    yield one_clip, store, made
    made.close()


def near(path: Path, frame: int, wanted: FrameBuffer) -> bool:
    with MediaReader(path) as reader:
        got = reader.read(frame).pixels
    small = wanted.pixels.reshape(32, 2, 48, 2, 3).mean(axis=(1, 3))
    return bool(np.abs((got >> 8).astype(int) - small).mean() < 6)


def test_a_copy_has_the_same_frames_at_most_as_large_as_the_screen(
    rig: tuple[Document, TakeStore, Proxies], frames: list[FrameBuffer], wait: Callable[..., None]
) -> None:
    document, store, proxies = rig
    media = next(iter(document.project.media.values()))
    take = with_take(document, frames)
    proxies.look(document.project)
    wait(lambda: proxies.find(media))
    path = proxies.find(media)
    assert path is not None
    info = probe(path)
    assert (info.width, info.height, info.frames, info.rate) == (48, 32, COUNT, (24, 1)) and near(path, 7, frames[7])
    # a take's copy is made when the take is finished
    ref = document.project.work_of(media.id).takes[0]
    assert proxies.find(media, ref) is None
    (document.folder / "takes" / take / "manifest.json").touch()
    proxies.look(document.project)
    wait(lambda: proxies.find(media, ref))
    taken = proxies.find(media, ref)
    assert taken is not None and near(taken, 7, inverted(frames[7]))
    # another window finds what is there
    again = Proxies(store, lambda: True)
    again.look(document.project)
    assert again.find(media) == path


def test_small_footage_needs_none_and_a_person_may_not_want_any(rig: tuple[Document, TakeStore, Proxies]) -> None:
    document, store, _ = rig
    media = next(iter(document.project.media.values()))
    assert is_large(media) and not is_large(replace(media, width=48, height=32))
    unwanted = Proxies(store, lambda: False)
    unwanted.look(document.project)
    assert not unwanted._waiting and unwanted.find(media) is None


def test_footage_that_is_gone_is_tried_once(
    rig: tuple[Document, TakeStore, Proxies], described: Media, wait: Callable[..., None]
) -> None:
    document, _, proxies = rig
    media = next(iter(document.project.media.values()))
    gone = replace(document.project, media={media.id: replace(media, path="/gone.mp4", digest="other")})
    proxies.look(gone)
    wait(lambda: proxies._failed)
    proxies.look(gone)
    assert not proxies._waiting and not proxies._worker.running


def test_the_viewer_shows_the_copy_only_while_it_plays(
    rig: tuple[Document, TakeStore, Proxies], frames: list[FrameBuffer], qtbot: QtBot
) -> None:
    document, store, proxies = rig
    media = next(iter(document.project.media.values()))
    with_take(document, frames)
    ref = document.project.work_of(media.id).takes[0]
    for take, folder in ((None, ""), (ref, store.folder(ref.id))):
        make(media, take, folder, module._path(media, take), lambda *_: None, lambda: False)
    (Path(store.folder(ref.id)) / "manifest.json").touch()
    proxies.look(document.project)
    pictures = Pictures(latest=True, bytes_kept=8 << 20)
    view = Viewer(document, pictures, store)
    qtbot.addWidget(view)
    view.proxies = proxies
    document.go(5)
    assert view._wanted[0] is not None and view._wanted[0].path == media.path and not view.proxied
    view.set_playing(1)
    document.go(6)
    source, take_want = view._wanted
    assert source is not None and take_want is not None and view.proxied
    assert (source.path, source.frame) == (str(proxies.find(media)), 6)
    assert (take_want.path, take_want.frame, take_want.take) == (str(proxies.find(media, ref)), 6, "")
    view.set_playing(0)
    assert not view.proxied
    pictures.close()
