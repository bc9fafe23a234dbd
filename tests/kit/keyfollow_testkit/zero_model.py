"""The folder of a tiny model for vid2vid-zero. No torch: tests of all engines name it."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

GOLDEN = Path(__file__).parents[2] / "golden"
CASE = GOLDEN / "vid2vid_zero"


@cache
def model_folder() -> str:
    """The golden case's UNet and text encoder with an autoencoder of the usual factor 8, which the case's own has not."""
    folder = Path(tempfile.mkdtemp(prefix="keyfollow-tiny-")) / "model"
    atexit.register(shutil.rmtree, folder.parent, ignore_errors=True)
    shutil.copytree(CASE / "model", folder, ignore=shutil.ignore_patterns("vae"))
    shutil.copytree(GOLDEN / "pix2video" / "model" / "vae", folder / "vae")
    return str(folder)
