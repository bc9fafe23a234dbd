"""Undo and redo: the project's earlier values, each with the words for what led away from it."""

from __future__ import annotations

from dataclasses import dataclass

from .state import Project


@dataclass(frozen=True, slots=True)
class Step:
    """`label` names the change for the menu ("Trim clip"); `before` and `after` are the project around it."""

    label: str
    before: Project
    after: Project
    gesture: str = ""


class History:
    """The present project and the way to it and back. Values share what did not change, so a step costs little.

    Args:
        project: as it was opened or made; that is what counts as saved.
        limit: steps that can be undone; older ones are forgotten.
    """

    def __init__(self, project: Project, limit: int = 1000) -> None:
        self.project = project
        self._limit = limit
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._saved = project
        self._gesture = ""

    def do(self, label: str, project: Project, gesture: str = "") -> None:
        """Make `project` the present one. Steps of one non-empty `gesture` in a row (a drag) become one."""
        if project is self.project:
            return
        last = self._done[-1] if self._done else None
        if gesture and last is not None and last.gesture == gesture == self._gesture:
            self._done[-1] = Step(last.label, last.before, project, gesture)
        else:
            self._done.append(Step(label, self.project, project, gesture))
            del self._done[: -self._limit]
        self._undone.clear()
        self._gesture = gesture
        self.project = project

    def end_gesture(self) -> None:
        """The drag is over: the next one, though called the same, is another step."""
        self._gesture = ""

    def undo(self) -> str:
        """Go one step back; its label, or "" where there is none."""
        if not self._done:
            return ""
        step = self._done.pop()
        self._undone.append(step)
        self.project, self._gesture = step.before, ""
        return step.label

    def redo(self) -> str:
        """Go one step forward again; its label, or "" where there is none."""
        if not self._undone:
            return ""
        step = self._undone.pop()
        self._done.append(step)
        self.project, self._gesture = step.after, ""
        return step.label

    @property
    def undo_label(self) -> str:
        return self._done[-1].label if self._done else ""

    @property
    def redo_label(self) -> str:
        return self._undone[-1].label if self._undone else ""

    @property
    def dirty(self) -> bool:
        """Whether the present project is another than the one saved last."""
        return self.project is not self._saved

    def saved(self, project: Project) -> None:
        """`project` is on the disk now; it may be older than the present one, since saving takes a while."""
        self._saved = project

    def reachable(self) -> list[Project]:
        """Every project that undo and redo can still reach, the present one included: what their files are needed for."""
        return [self.project, *(s.before for s in self._done), *(s.after for s in self._undone)]
