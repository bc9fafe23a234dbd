from __future__ import annotations

import pytest
from keyfollow_desktop.model import timeline_edits, work_edits
from keyfollow_desktop.model.state import Media, Project


def media(name: str, frames: int, rate: tuple[int, int] = (25, 1), path: str = "") -> Media:
    return Media(name, f"{name}.mp4", path or f"/footage/{name}.mp4", f"digest of {name}", 640, 360, frames, rate)


@pytest.fixture
def project() -> Project:
    """Two sources of 25 and 30000/1001 frames a second in the bin; nothing on the timeline but an empty track."""
    made = work_edits.add_media(Project("Film"), media("pal", 500))
    made = work_edits.add_media(made, media("ntsc", 300, (30000, 1001)))
    return timeline_edits.add_track(made)[0]


@pytest.fixture
def track(project: Project) -> str:
    return project.timeline.tracks[0].id


@pytest.fixture
def filled(project: Project, track: str) -> Project:
    """pal 0-100, ntsc 100-200, pal 200-300, end to end at 25 frames a second."""
    for n, name in enumerate(("pal", "ntsc", "pal")):
        project = timeline_edits.place(project, track, name, 100 * n, source_start=10, length=100)
    return project
