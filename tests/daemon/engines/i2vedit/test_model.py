"""A model folder is opened as a whole, or said to be what it is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from keyfollow.errors import ModelMissing, UsageError
from keyfollow_daemon.engines.i2vedit.model import Model, load
from keyfollow_testkit.svd_model import svd_folder


def test_levels_are_the_schedulers(model: Model) -> None:
    sigmas = model.sigmas(5)
    assert len(sigmas) == 6 and abs(sigmas[0] - 700) < 1e-6 and abs(sigmas[4] - 0.002) < 1e-9 and sigmas[5] == 0
    assert model.network.dtype == torch.float32


def test_a_missing_part_and_a_broken_one(tmp_path: Path) -> None:
    folder = shutil.copytree(svd_folder(), tmp_path / "m")
    (folder / "unet" / "config.json").write_text("{")
    with pytest.raises(UsageError, match="cannot be opened"):
        load(str(folder), torch.device("cpu"), "fp32")
    shutil.rmtree(folder / "image_encoder")
    with pytest.raises(ModelMissing, match="image_encoder"):
        load(str(folder), torch.device("cpu"), "fp32")
