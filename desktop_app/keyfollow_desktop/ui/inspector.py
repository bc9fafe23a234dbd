"""The right-hand panel: keyframes of the clip under the playhead, engine and its settings, what a run would cost, Draft and Final."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from keyfollow.edits import SettingValue
from keyfollow.engine_info import EngineInfo, Estimate
from keyfollow.errors import KeyfollowError
from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ..bridge import Bridge
from ..model import assets, work_edits
from ..model.ranges import record_frame
from ..model.state import Media, Preset, Settings, Work
from ..model.timecode import duration, megabytes
from .actions import words
from .document import Document
from .engine_words import summary
from .error_words import said
from .parts import label, panel, picture_icon, primary, tool
from .pictures import Pictures, Want, still
from .runs import Runs
from .schema_form import SchemaForm

ROLE = Qt.ItemDataRole.UserRole
THUMB = QSize(64, 36)


class Inspector(QFrame):
    """Signals: `edit_asked`, `paint_asked`, `picture_asked`, `remove_asked` for the frame under the playhead."""

    edit_asked = Signal()
    paint_asked = Signal()
    picture_asked = Signal()
    remove_asked = Signal()

    def __init__(
        self,
        document: Document,
        bridge: Bridge,
        runs: Runs,
        thumbnails: Pictures,
        masks: QWidget,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._document, self._bridge, self._runs, self._thumbnails = document, bridge, runs, thumbnails
        self._media: Media | None = None
        self._work: Work | None = None
        self._form: SchemaForm | None = None
        self._form_of = ""
        self._icons: dict[Want, int] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(16, 8, 16, 12)
        self._column.setSpacing(8)
        self._build_keyframes()
        self._column.addWidget(masks)
        self._build_engine()
        self._column.addStretch(1)
        scroll.setWidget(inside)
        column.addWidget(scroll, 1)
        column.addWidget(self._build_foot())
        self._ask = QTimer(self, singleShot=True, interval=500)
        self._ask.timeout.connect(self._estimate)
        document.changed.connect(self.refresh)
        document.place_changed.connect(self.refresh)
        bridge.engines_changed.connect(self._on_engines)
        bridge.state_changed.connect(lambda state, error: self._ask.start())
        thumbnails.ready.connect(self._on_thumbnail)
        self.refresh()

    # --- parts -------------------------------------------------------------------------------------------------------------

    def _heading(self, text: str) -> QLabel:
        made = label(text, "heading")
        self._column.addWidget(made)
        return made

    def _build_keyframes(self) -> None:
        self._heading(self.tr("Edit keyframes"))
        self.keyframes = QListWidget()
        self.keyframes.setIconSize(THUMB)
        self.keyframes.setAccessibleName(self.tr("Edit keyframes of this clip"))
        self.keyframes.setMaximumHeight(150)
        self.keyframes.itemActivated.connect(self._go_to)
        self.keyframes.itemClicked.connect(self._go_to)
        self._none = label(
            self.tr("No edit keyframe yet. Go to the frame that shows the thing best, then press E."), "dim", wrap=True
        )
        self._column.addWidget(self.keyframes)
        self._column.addWidget(self._none)
        row = QHBoxLayout()
        self.edit = QPushButton(self.tr("Edit (E)"))
        self.edit.setToolTip(self.tr("Open this frame in the image editor that you chose; it comes back when you save"))
        self.edit.clicked.connect(self.edit_asked)
        self.paint = QPushButton(self.tr("Paint"))
        self.paint.setToolTip(self.tr("Paint on this frame here (Shift+E)"))
        self.paint.clicked.connect(self.paint_asked)
        self.use = QPushButton(self.tr("Use…"))
        self.use.setToolTip(self.tr("Take a picture that is edited already"))
        self.use.clicked.connect(self.picture_asked)
        self.remove = tool("✕", self.tr("Remove this frame's edit"))
        self.remove.clicked.connect(self.remove_asked)
        row.addWidget(self.edit, 1)
        row.addWidget(self.paint, 1)
        row.addWidget(self.use, 1)
        row.addWidget(self.remove)
        self._column.addLayout(row)

    def _build_engine(self) -> None:
        self._heading(self.tr("Engine"))
        self.engine = QComboBox()
        self.engine.setAccessibleName(self.tr("Engine"))
        self.engine.activated.connect(self._on_engine)
        self._column.addWidget(self.engine)
        self._summary = label("", "dim", wrap=True)
        self._column.addWidget(self._summary)
        self.preset = QComboBox()
        self.preset.setAccessibleName(self.tr("Kind of edit"))
        self.preset.activated.connect(self._on_preset)
        self._preset_label = label(self.tr("Kind of edit"))
        self._column.addWidget(self._preset_label)
        self._column.addWidget(self.preset)
        self._source_label = label(self.tr("What the source shows"))
        self.source_prompt = QLineEdit()
        self.source_prompt.setAccessibleName(self.tr("Source prompt"))
        self.source_prompt.textEdited.connect(
            lambda text: self._set(self.tr("Change prompt"), "source prompt", source_prompt=text)
        )
        self._column.addWidget(self._source_label)
        self._column.addWidget(self.source_prompt)
        self._prompt_label = label(self.tr("What the result shows"))
        self.prompt = QPlainTextEdit(tabChangesFocus=True)
        self.prompt.setAccessibleName(self.tr("Prompt"))
        self.prompt.setFixedHeight(58)
        self.prompt.textChanged.connect(lambda: self._set(self.tr("Change prompt"), "prompt", prompt=self.prompt.toPlainText()))
        self._column.addWidget(self._prompt_label)
        self._column.addWidget(self.prompt)
        self.try_here = QPushButton(self.tr("Try on this frame"))
        self.try_here.setToolTip(self.tr("Make an edit keyframe of this frame from the prompt"))
        self.try_here.clicked.connect(lambda _=False: self._runs.try_here())
        self._column.addWidget(self.try_here)
        self._more = tool(self.tr("Settings"), checkable=True)
        self._more.setObjectName("disclosure")
        self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._more.setArrowType(Qt.ArrowType.RightArrow)
        self._more.toggled.connect(self._show_form)
        self._column.addWidget(self._more)
        self._form_place = QVBoxLayout()
        self._column.addLayout(self._form_place)

    def _build_foot(self) -> QWidget:
        foot = panel()
        column = QVBoxLayout(foot)
        column.setContentsMargins(16, 8, 16, 12)
        line = panel("line")
        line.setFixedHeight(1)
        column.addWidget(line)
        self.estimate = label("", "dim", wrap=True)
        self.estimate.setAccessibleName(self.tr("Estimate"))
        self.estimate.setMinimumHeight(34)
        column.addWidget(self.estimate)
        row = QHBoxLayout()
        self.draft = primary(self.tr("Draft  ⏎"))
        self.draft.setToolTip(self.tr("Quick and rougher, from the nearest keyframe outward (Enter)"))
        self.final = QPushButton(self.tr("Final  ⇧⏎"))
        self.final.setToolTip(self.tr("Full quality (Shift+Enter)"))
        self.draft.clicked.connect(lambda: self._runs.start("draft"))
        self.final.clicked.connect(lambda: self._runs.start("final"))
        row.addWidget(self.draft, 1)
        row.addWidget(self.final, 1)
        column.addLayout(row)
        return foot

    # --- what is shown -----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the clip under the playhead; cheap when nothing of it changed."""
        project = self._document.project
        seen = self._document.seen()
        media = project.media.get(seen.clip.media) if seen else None
        work = project.work_of(media.id) if media else Work()
        frame = seen.frame if seen else -1
        edited = any(k.frame == frame for k in work.keyframes)
        self.remove.setEnabled(edited)
        for button in (self.edit, self.paint, self.use, self.draft, self.final):
            button.setEnabled(media is not None)
        for row, keyframe in enumerate(work.keyframes[: self.keyframes.count()]):
            if keyframe.frame == frame:
                self.keyframes.setCurrentRow(row)
        if media == self._media and work == self._work:
            return
        settings_same = self._work is not None and self._work.settings == work.settings and media == self._media
        self._media, self._work = media, work
        self._show_keyframes(work)
        if not settings_same:
            self._show_settings(work.settings)
        self._ask.start()

    def _show_keyframes(self, work: Work) -> None:
        self.keyframes.clear()
        self._icons.clear()
        self.keyframes.setVisible(bool(work.keyframes))
        self._none.setVisible(not work.keyframes)
        ratio = self.devicePixelRatioF()
        for row, keyframe in enumerate(work.keyframes):
            item = QListWidgetItem(self.tr("Frame {0}").format(keyframe.frame), self.keyframes)
            item.setData(ROLE, keyframe.frame)
            try:
                path = assets.picture(self._document.folder, "keyframes", keyframe.image)
            except KeyfollowError as e:
                item.setToolTip(str(e))
                item.setText(item.text() + "\n" + self.tr("Picture is missing"))
                continue
            want = still(path, (round(THUMB.width() * ratio), round(THUMB.height() * ratio)), self._media)
            self._icons[want] = row
            if (image := self._thumbnails.get(want)) is not None:
                self._on_thumbnail(want, image)
        self._thumbnails.ask(list(self._icons))
        self.keyframes.setFixedHeight(min(3, max(1, len(work.keyframes))) * 46 + 4)

    def _show_settings(self, settings: Settings) -> None:
        info = self._bridge.engines.get(settings.engine)
        if self.source_prompt.text() != settings.source_prompt:
            self.source_prompt.setText(settings.source_prompt)
        self._show_presets(info, settings)
        with QSignalBlocker(self.engine), QSignalBlocker(self.prompt):
            self.engine.setCurrentIndex(self.engine.findData(settings.engine))
            if self.prompt.toPlainText() != settings.prompt:
                self.prompt.setPlainText(settings.prompt)
        first, whole = summary(info) if info else ("", "")
        self._summary.setText(first)
        self._summary.setToolTip(whole)
        # what draws with a model can be told what to draw, whether it must be or not
        speaks = info is not None and (info.needs_prompt or info.needs_weights)
        for part in (self._prompt_label, self.prompt, self._source_label, self.source_prompt):
            part.setVisible(speaks)
        self.try_here.setVisible(speaks and info is not None and not info.needs_keyframe)
        if self._form_of != settings.engine or self._form is None or self._form.values() != settings.values:
            self._make_form(info, settings)

    def _show_presets(self, info: EngineInfo | None, settings: Settings) -> None:
        names = {"local": self.tr("Local change"), "style": self.tr("Style"), "shape": self.tr("Shape change")}
        presets = info.presets if info else ()
        self.preset.clear()
        for row, preset in enumerate(presets):
            self.preset.addItem(names[preset.id], preset.id)
            self.preset.setItemData(row, words(preset.help), Qt.ItemDataRole.ToolTipRole)
        chosen = next((n for n, p in enumerate(presets) if p.id == settings.preset), -1)
        self.preset.setCurrentIndex(chosen)
        self.preset.setToolTip(words(presets[chosen].help) if chosen >= 0 else "")
        self._preset_label.setVisible(bool(presets))
        self.preset.setVisible(bool(presets))

    def _make_form(self, info: EngineInfo | None, settings: Settings) -> None:
        if self._form is not None:
            self._form_place.removeWidget(self._form)
            self._form.deleteLater()
            self._form = None
        self._more.setVisible(bool(info and info.settings))
        if info is None:
            return
        self._form = SchemaForm(info.settings, dict(settings.values))
        self._form_of = settings.engine
        self._form.changed.connect(lambda values: self._set(self.tr("Change settings"), "settings", values=values))
        self._form_place.addWidget(self._form)
        self._form.setVisible(self._more.isChecked())

    def _show_form(self, shown: bool) -> None:
        self._more.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        if self._form is not None:
            self._form.setVisible(shown)

    def _on_engines(self, engines: dict[str, EngineInfo]) -> None:
        """All engines; those that cannot run here are greyed, with the reason."""
        self.engine.clear()
        model = self.engine.model()
        assert isinstance(model, QStandardItemModel)
        for row, info in enumerate(sorted(engines.values(), key=lambda e: (bool(e.missing), e.name))):
            self.engine.addItem(info.name if not info.missing else self.tr("{0} (not ready)").format(info.name), info.id)
            item = model.item(row)
            item.setToolTip("\n".join(info.missing) or summary(info)[1])
            item.setEnabled(not info.missing)
        self._work = None
        self.refresh()

    def _on_thumbnail(self, want: Want, image: QImage | None) -> None:
        row = self._icons.get(want)
        if row is not None and image is not None and (item := self.keyframes.item(row)) is not None:
            pixmap = QPixmap.fromImage(image)
            pixmap.setDevicePixelRatio(self.devicePixelRatioF())
            item.setIcon(picture_icon(pixmap))

    # --- what is done ------------------------------------------------------------------------------------------------------

    def _go_to(self, item: QListWidgetItem) -> None:
        seen = self._document.seen()
        if seen is None or self._media is None:
            return
        at = record_frame(seen.clip, self._media, self._document.project.timeline, item.data(ROLE))
        if at is not None:
            self._document.go(at)

    def _on_engine(self, row: int) -> None:
        engine = self.engine.itemData(row)
        preset: Preset = self._document.project.work_of(self._media.id).settings.preset if self._media else "local"
        self._set(self.tr("Change engine"), engine=engine, preset=preset, values=self._preset_values(engine, preset))

    def _on_preset(self, row: int) -> None:
        if self._media is not None:
            engine, preset = self._document.project.work_of(self._media.id).settings.engine, self.preset.itemData(row)
            self._set(self.tr("Change the kind of edit"), preset=preset, values=self._preset_values(engine, preset))

    def _preset_values(self, engine: str, preset: Preset) -> dict[str, SettingValue]:
        """The settings of a kind of edit; all others have their defaults."""
        info = self._bridge.engines.get(engine)
        return next((dict(p.settings) for p in info.presets if p.id == preset), {}) if info else {}

    def _set(self, label: str, gesture: str = "", **fields: object) -> None:
        if self._media is None:
            return
        settings = replace(self._document.project.work_of(self._media.id).settings, **fields)  # type: ignore[arg-type]
        change = partial(work_edits.set_settings, media=self._media.id, settings=settings)
        self._document.edit(label, lambda project: change(project), gesture)

    def _estimate(self) -> None:
        if self._media is None or not self._bridge.engines:
            self.estimate.setText("")
            return
        asked = (self._media, self._work)

        def show(text: str) -> None:
            if asked == (self._media, self._work):
                self.estimate.setText(text)

        def done(estimate: Estimate) -> None:
            saying = self.tr("{0} frames: draft in about {1}")
            if self._runs.previews(self._work.settings.engine if self._work else ""):
                saying = self.tr("{0} frames: Patch preview in about {1}")
            parts = [saying.format(estimate.frames, duration(estimate.seconds))]
            parts.append(self.tr("memory {0}, disk {1}").format(megabytes(estimate.ram_bytes), megabytes(estimate.disk_bytes)))
            if estimate.frames_prepared:
                parts.append(self.tr("{0} frames prepared").format(estimate.frames_prepared))
            show("\n".join(parts))

        self._runs.estimate("draft", done, lambda error: show(said(error)))
