from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from keyfollow_desktop.model.state import Mask, Media
from keyfollow_desktop.ui.window import Window
from keyfollow_testkit.clips import write_png

from ..conftest import placed


def test_masks_are_added_shaped_corrected_and_removed(
    window: Window, described: Media, tmp_path: Path, wait: Callable[..., None]
) -> None:
    document, panel = window.document, window.masks
    document.do("Import", placed(document.project, described))
    assert panel.list.isHidden() and not panel._details.isVisible() and panel.paint.isEnabled()
    document.go(4)
    panel.take_file("protect", str(write_png(tmp_path / "mask.png", np.zeros((64, 96, 3), np.uint8))))
    wait(lambda: panel.chosen)

    def mask() -> Mask:
        (found,) = document.project.work_of(described.id).masks
        return found

    assert (mask().role, mask().frame) == ("protect", 4) and "Protect" in panel.list.item(0).text()
    panel.grow.setValue(7)
    panel.feather.setValue(3)
    panel.opacity.setValue(50)
    panel.invert.click()
    panel.role.setCurrentIndex(2)
    panel.role.activated.emit(2)
    assert (mask().grow, mask().feather, mask().opacity, mask().invert, mask().role) == (7, 3, 0.5, True, "front")
    document.undo()
    assert mask().role == "protect" and panel.role.currentIndex() == 1
    asked: list[Mask] = []
    panel.paint_asked.disconnect()
    panel.paint_asked.connect(asked.append)
    panel.correct.click()
    document.go(6)
    panel.correct.click()
    assert asked[0] == mask()
    assert (asked[1].frame, asked[1].image, asked[1].role) == (6, "", "protect") and asked[1].id != mask().id
    panel.view.activated.emit(1)
    assert window.overlays.shown.mask == "overlay"
    panel.remove.click()
    assert not document.project.work_of(described.id).masks and panel.list.isHidden()
