from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from keyfollow_desktop.model import work_edits
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui import theme
from keyfollow_desktop.ui.bin import THUMB, Bin
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.pictures import Pictures
from pytestqt.qtbot import QtBot


def test_sources_with_their_thumbnails_and_the_missing_ones_named(
    document: Document, described: Media, qtbot: QtBot, wait: Callable[..., None]
) -> None:
    thumbnails = Pictures(latest=False, bytes_kept=1 << 20)
    made = Bin(document, thumbnails)
    qtbot.addWidget(made)
    arrived: list[object] = []
    thumbnails.ready.connect(lambda want, image: arrived.append(image))
    gone = replace(described, id="gone", name="gone.mp4", path="/nowhere/gone.mp4")
    document.do("Import", work_edits.add_media(work_edits.add_media(document.project, described), gone))
    texts = [made.list.item(n).text() for n in range(2)]
    assert texts[0] == "clip.mp4\n96×64, 24 fps\n00:00:00:12" and "Missing" in texts[1]
    assert made.list.item(1).foreground().color() == theme.AMBER
    wait(lambda: arrived)
    icon = made.list.item(0).icon().pixmap(THUMB).toImage()
    assert icon.pixelColor(icon.width() // 2, icon.height() // 2) != theme.RAISED
    with qtbot.waitSignal(made.append_asked) as heard:
        made.list.itemActivated.emit(made.list.item(0))
    assert heard.args == [described.id]
    thumbnails.close()
