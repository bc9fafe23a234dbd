"""*Send to Blender*: the script that the editor writes, run in Blenders; the sequencer shows the same frames at the same places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from keyfollow.frames import FrameRange
from keyfollow.media.reader import MediaReader
from keyfollow_desktop.model import timeline_edits
from keyfollow_desktop.model.interchange import Rendered
from keyfollow_desktop.model.state import Marker, Project
from keyfollow_desktop.model.work_edits import add_media, add_take
from keyfollow_desktop.ui.importing import describe
from keyfollow_desktop.ui.sending import blender_script
from keyfollow_testkit.blenders import NORMAL, Blender
from keyfollow_testkit.clips import moving_patch, read_png, write_clip

LOOK = """
import json, sys
import bpy
exec(compile(open(sys.argv[1]).read(), sys.argv[1], "exec"))
scene = bpy.data.scenes[said["name"]]
scene.render.image_settings.file_format = "PNG"
scene.view_settings.view_transform = "Standard"
for frame in map(int, sys.argv[3:]):
    scene.frame_set(frame)
    scene.render.filepath = f"{sys.argv[2]}/{frame}.png"
    bpy.ops.render.render(write_still=True, scene=scene.name)
print("said", json.dumps([scene.frame_end, scene.render.fps / scene.render.fps_base, [m.frame for m in scene.timeline_markers]]))
"""


@pytest.mark.parametrize("blender", NORMAL, indirect=True)
def test_the_sequencer_shows_the_same_frames(blender: Blender, tmp_path: Path) -> None:
    """Clip one from the source at 2, clip two of a take that was rendered from source frame 4 on."""
    source = describe(str(write_clip(tmp_path / "source.mp4", moving_patch(24, 96, 64), tone=True)))
    rendered = write_clip(tmp_path / "take.mp4", [255 - f for f in moving_patch(24, 96, 64)[4:]], tone=True)
    project, track = timeline_edits.add_track(add_media(Project("Cut"), source))
    frames = FrameRange(0, 24)
    project = add_take(project, source.id, "t", quality="final", engine="patch", frames=frames, inputs="", created=0.0)
    for start in (2, 8):
        project = timeline_edits.place(project, track, source.id, start, source_start=2 + start, length=6)
    clips = project.timeline.tracks[0].clips
    project = timeline_edits.show_take(project, [clips[1].id], "t")
    project = timeline_edits.set_marker(project, Marker(9, "here"))
    script = tmp_path / "open_in_blender.py"
    script.write_text(blender_script(project, {"t": Rendered(str(rendered), 4, 24)}))
    look = tmp_path / "look.py"
    look.write_text(LOOK)
    said = blender.run(str(look), str(script), str(tmp_path), "4", "9", "14")
    assert "said [14, 24.0, [10]]" in said
    with MediaReader(source.path) as reader:
        # Blender counts from 1: record frames 3, 8 and 13 are source frames 5, 10 and 15
        for frame, number, edited in ((4, 5, False), (9, 10, True), (14, 15, True)):
            wanted = reader.read(number).pixels.astype(int)
            seen = read_png(tmp_path / f"{frame}.png")[..., :3].astype(int)
            assert np.abs(seen - (255 - wanted if edited else wanted)).mean() < 12, frame
