"""Model folders: opened without the network and without running anything from them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from keyfollow.errors import KeyfollowError, ModelMissing, UsageError
from keyfollow_daemon.engines.diffusion import loading
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_testkit.diffusion import MODEL

CPU = torch.device("cpu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(MODEL, tmp_path / "model")


def test_everything_of_a_folder(model: Model) -> None:
    assert model.backbone.needs_depth and model.depth is not None and model.captioner is None
    assert model.scheduler["beta_schedule"] == "scaled_linear" and model.backbone.dtype == torch.float32
    assert not any(p.requires_grad for p in model.backbone.unet.parameters())


def test_precision_is_the_networks_alone(folder: Path) -> None:
    half = loading.load(str(folder), CPU, "bf16", offload=True, tiled=True)
    assert half.backbone.dtype == torch.bfloat16 and half.text("x").tokens.dtype == torch.float32
    out = half.backbone(torch.zeros(1, 4, 8, 8), torch.tensor([5]), half.text("x"), torch.zeros(1, 1, 8, 8))
    assert out.dtype == torch.float32
    assert loading.precision_of("auto", CPU) == "fp32" and loading.precision_of("fp16", CPU) == "fp16"


@pytest.mark.parametrize("small", [False, True])
def test_what_a_smaller_plan_asks_for_is_done(folder: Path, small: bool) -> None:
    """On `meta`, where tensors have no bytes, to tell the device from the CPU."""
    model = loading.load(str(folder), torch.device("meta"), "bf16" if small else "fp32", offload=small, tiled=small)
    assert model.backbone.device.type == "meta" and model.backbone.dtype == (torch.bfloat16 if small else torch.float32)
    assert model.depth is not None
    beside = {model.vae._model.device.type, model.depth._model.device.type, model.text._pairs[0][1].device.type}
    assert beside == {"cpu" if small else "meta"}
    assert model.vae._batch == (1 if small else 4)


def test_a_model_without_a_depth_network_opens(folder: Path) -> None:
    shutil.rmtree(folder / "depth_estimator")
    assert loading.load(str(folder), CPU, "fp32").depth is None


@pytest.mark.parametrize("given", [None, "", "/no/such/folder"])
def test_no_model(given: str | None) -> None:
    with pytest.raises(ModelMissing) as error:
        loading.check_folder(given)
    assert error.value.code == "model_missing" and error.value.remedy


def test_a_part_that_is_absent_is_named(folder: Path) -> None:
    shutil.rmtree(folder / "vae")
    with pytest.raises(ModelMissing, match="it has no vae"):
        loading.load(str(folder), CPU, "fp32")


@pytest.mark.parametrize("name", ["diffusion_pytorch_model.bin", "model.ckpt", "weights.pt"])
def test_pickled_weights_are_refused(folder: Path, name: str) -> None:
    unet = folder / "unet"
    (unet / "diffusion_pytorch_model.safetensors").rename(unet / name)
    with pytest.raises(UsageError) as error:
        loading.load(str(folder), CPU, "fp32")
    assert error.value.code == "pickled_weights" and "safetensors" in error.value.remedy


def test_a_pickle_in_safetensors_clothes_is_refused(folder: Path) -> None:
    """A pickle stream that would make a file if it were opened as one."""
    marker = folder / "marker"
    stream = f"cos\nsystem\n(S'touch {marker}'\ntR.".encode()
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(stream)
    with pytest.raises(KeyfollowError) as error:
        loading.load(str(folder), CPU, "fp32")
    assert error.value.code == "bad_model" and not marker.exists()


def test_the_revision_follows_the_content(folder: Path, tmp_path: Path) -> None:
    first = loading.revision(str(folder))
    assert len(first) == 64 and first == loading.revision(str(shutil.copytree(folder, tmp_path / "elsewhere")))
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert loading.revision(str(folder)) != first
