"""One daemon, in a home of its own, for all tests of commands; and the clips that they work on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from keyfollow_testkit import clips
from keyfollow_testkit.daemons import Home, home


@pytest.fixture(scope="module")
def kf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with pytest.MonkeyPatch.context() as patch, home(tmp_path_factory.mktemp("home"), patch) as made:
        yield made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """96x64, 12 frames, 24 fps, H.264 with AAC sound."""
    return clips.write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", clips.moving_patch(), tone=True)


@pytest.fixture(scope="module")
def edited(kf: Home, clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frame 0 with the patch recoloured, as a person would make it: exported, edited, saved."""
    folder = tmp_path_factory.mktemp("edited")
    assert kf.command("frame", str(clip), "0", "--output", str(folder / "source.png")).returncode == 0
    frame = clips.read_png(folder / "source.png")
    return clips.write_png(folder / "edited.png", clips.recoloured(frame, clips.patch_mask(0)))
