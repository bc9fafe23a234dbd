from __future__ import annotations

from keyfollow_desktop.model.history import History
from keyfollow_desktop.model.state import Project


def test_undo_and_redo_walk_the_same_way() -> None:
    values = [Project(str(n)) for n in range(4)]
    history = History(values[0])
    for n, value in enumerate(values[1:], 1):
        history.do(f"Step {n}", value)
    assert [history.undo() for _ in range(4)] == ["Step 3", "Step 2", "Step 1", ""]
    assert history.project is values[0] and history.redo_label == "Step 1"
    assert [history.redo() for _ in range(4)] == ["Step 1", "Step 2", "Step 3", ""]
    assert history.project is values[3] and history.undo_label == "Step 3"


def test_a_new_step_forgets_what_was_undone() -> None:
    history = History(Project("a"))
    history.do("b", Project("b"))
    history.undo()
    history.do("c", Project("c"))
    assert history.redo() == "" and history.project.name == "c"


def test_a_drag_is_one_step_and_the_next_drag_another() -> None:
    history = History(Project("0"))
    for n in range(1, 6):
        history.do("Move clip", Project(str(n)), gesture="move")
    history.end_gesture()
    history.do("Move clip", Project("6"), gesture="move")
    history.undo()
    assert history.project.name == "5"
    history.undo()
    assert history.project.name == "0" and not history.undo_label


def test_what_changes_nothing_is_no_step() -> None:
    project = Project()
    history = History(project)
    history.do("Nothing", project)
    assert history.undo_label == "" and not history.dirty


def test_dirty_is_measured_against_what_was_saved_not_against_the_present() -> None:
    history = History(Project("a"))
    history.do("b", b := Project("b"))
    history.do("c", Project("c"))
    history.saved(b)
    assert history.dirty
    history.undo()
    assert not history.dirty


def test_old_steps_are_forgotten_and_what_can_be_reached_is_known() -> None:
    history = History(Project("0"), limit=3)
    for n in range(1, 8):
        history.do(str(n), Project(str(n)))
    history.undo()
    assert {p.name for p in history.reachable()} == {"4", "5", "6", "7"}
    while history.undo():
        pass
    assert history.project.name == "4"
