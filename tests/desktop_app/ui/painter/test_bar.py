from __future__ import annotations

from collections.abc import Callable

from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui.window import Window
from PySide6.QtCore import QPointF, Qt

from ...conftest import placed


def test_the_bars_show_what_is_chosen_and_choose_it(window: Window, described: Media, wait: Callable[..., None]) -> None:
    painting = window.painting
    assert painting.bar.isHidden() and painting.strip.isHidden()
    window.document.do("Import", placed(window.document.project, described))
    window.commands.do_paint()
    session = painting.session
    wait(lambda: session.canvas is not None)
    bar, strip = painting.bar, painting.strip
    assert bar.isVisible() and strip.isVisible() and "0" in bar.title.text()
    assert strip.tools["brush"].isChecked() and not bar.undo.isEnabled()
    bar.size_slider.setValue(80)
    assert session.brush.size == round(2000**0.8)
    strip.tools["fill"].click()
    assert session.tool == "fill" and bar.tolerance.isVisible() and not bar.size_slider.isVisible()
    bar.tolerance.setValue(30)
    assert session.brush.tolerance == 0.3
    strip.layers["mask"].click()
    plane: str = session.plane
    assert plane == "mask" and strip.eyes["mask"].isChecked() and not strip.swatch.isEnabled()
    strip.tools["clone"].click()
    assert session.plane == "edit" and strip.layers["edit"].isChecked()
    strip.eyes["edit"].click()
    assert session.canvas is not None and not session.canvas.show_edit
    strip.tools["brush"].click()
    session.press(QPointF(9, 9), 1.0, Qt.KeyboardModifier.NoModifier)
    session.release()
    assert bar.undo.isEnabled()
    bar.undo.click()
    assert bar.redo.isEnabled() and not bar.undo.isEnabled()
    bar.cancel.click()
    assert bar.isHidden() and not window.document.project.work
