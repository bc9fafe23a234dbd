from __future__ import annotations

from pathlib import Path
from typing import Any

from keyfollow.engine_info import Failure, Job, Progress
from keyfollow_desktop.bridge import Bridge
from keyfollow_desktop.ui.queue_drawer import QueueDrawer
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot


def job(name: str, state: Any, position: float = 0.0, **more: Any) -> Job:
    return Job(name, state, "patch", f"/footage/{name}.mp4", "draft", None, position, position, **more)


def test_jobs_of_everyone_with_what_can_be_done_now(qtbot: QtBot) -> None:
    bridge = Bridge()
    drawer = QueueDrawer(bridge)
    qtbot.addWidget(drawer)
    drawer.show()
    bridge.jobs = {
        "a": job("a", "running", 2, progress=Progress("propagating", 5, 20, 65.0)),
        "b": job("b", "queued", 1),
        "c": job("c", "failed", 0, failure=Failure("JobError", "x", "It broke.", "Try again.")),
    }
    bridge.jobs_changed.emit()
    row = drawer.rows["a"]
    assert row.state.text() == "Propagating  5/20  ·  1 min 5 s left" and row.bar.value() == 5
    shown = {name: [w for w, b in r.buttons.items() if not b.isHidden()] for name, r in drawer.rows.items()}
    assert shown == {"a": ["pause", "cancel"], "b": ["pause", "cancel"], "c": ["retry", "remove"]}
    assert "It broke." in drawer.rows["c"].state.text()
    assert [drawer._column.indexOf(drawer.rows[n]) for n in "bac"] == [0, 1, 2]
    del bridge.jobs["b"]
    bridge.jobs_changed.emit()
    assert set(drawer.rows) == {"a", "c"}
    bridge.close()


def test_a_run_shows_what_it_is_making(qtbot: QtBot, tmp_path: Path) -> None:
    bridge = Bridge()
    drawer = QueueDrawer(bridge)
    qtbot.addWidget(drawer)
    drawer.show()
    pixels = QImage(64, 32, QImage.Format.Format_RGB32)
    pixels.fill(QColor(200, 30, 30))
    assert pixels.save(str(tmp_path / "now.jpg"))
    picture = (tmp_path / "now.jpg").read_bytes()
    for preview in (None, picture):
        bridge.jobs = {"a": job("a", "running", progress=Progress("Training", 1, 20, preview=preview))}
        bridge.jobs_changed.emit()
        assert drawer.rows["a"].preview.isHidden() == (preview is None)
    shown = drawer.rows["a"].preview.pixmap()
    assert shown.height() == 56 and shown.width() == 112
    colour = shown.toImage().pixelColor(50, 20)
    assert abs(colour.red() - 200) < 12 and colour.green() < 50
    bridge.jobs = {"a": job("a", "done")}
    bridge.jobs_changed.emit()
    assert drawer.rows["a"].preview.isHidden()
    bridge.close()


def test_what_waits_can_go_earlier_and_later(qtbot: QtBot) -> None:
    bridge = Bridge()
    drawer = QueueDrawer(bridge)
    qtbot.addWidget(drawer)
    moved: list[tuple[str, str | None]] = []

    class Jobs:
        def move(self, id: str, before: str | None) -> None:
            moved.append((id, before))

    class Client:
        jobs = Jobs()

    bridge.call = lambda work, done, failed: work(Client())  # type: ignore[method-assign, assignment, arg-type]
    bridge.jobs = {n: job(n, "running" if n == "a" else "queued", i) for i, n in enumerate("abcd")}
    bridge.jobs_changed.emit()
    can = {n: [b.isEnabled() and not b.isHidden() for b in r.movers.values()] for n, r in drawer.rows.items()}
    assert can == {"a": [False, False], "b": [False, True], "c": [True, True], "d": [True, False]}
    drawer.rows["c"].movers["earlier"].click()
    drawer.rows["b"].movers["later"].click()
    drawer.rows["c"].movers["later"].click()
    assert moved == [("c", "b"), ("b", "d"), ("c", None)]
    bridge.close()


def test_a_button_asks_the_daemon(qtbot: QtBot) -> None:
    bridge = Bridge()
    drawer = QueueDrawer(bridge)
    qtbot.addWidget(drawer)
    asked: list[str] = []

    class Jobs:
        def cancel(self, id: str) -> None:
            asked.append(id)

    class Client:
        jobs = Jobs()

    bridge.call = lambda work, done, failed: work(Client())  # type: ignore[method-assign, assignment, arg-type]
    bridge.jobs = {"a": job("a", "running")}
    bridge.jobs_changed.emit()
    drawer.rows["a"].buttons["cancel"].click()
    assert asked == ["a"]
    bridge.close()
