"""What a project is and how it changes, without Qt: values, pure functions from one value to the next, and files.

    state ─▶ timeline_edits, work_edits, ranges ─▶ history ─▶ project_file, recovery, archive, interchange, relink

A `state.Project` is never changed, only replaced: undo keeps the earlier values, autosave writes one while the person goes on, and
a view redraws what is no longer the same object.
"""
