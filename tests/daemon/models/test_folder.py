"""A model folder is described, named by its content, or refused with the reason."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

import pytest
from keyfollow.errors import ModelMissing, UsageError
from keyfollow_daemon.models import digests, folder
from keyfollow_daemon.models.folder import is_part, open_model
from keyfollow_testkit import weights

UNET = "unet/diffusion_pytorch_model.safetensors"


def refused(path: Path, code: str) -> str:
    with pytest.raises(UsageError) as caught:
        open_model(path)
    assert caught.value.code == code, caught.value
    return caught.value.message


def test_a_pipeline_and_its_components(tmp_path: Path) -> None:
    model = open_model(weights.lay_out(tmp_path / "m", weights.pipeline()))
    assert model.pipeline == "StableDiffusionPipeline"
    assert list(model.components) == ["unet", "vae", "tokenizer", "scheduler"]
    unet = model.component("unet")
    assert (unet.library, unet.cls) == ("diffusers", "UNet2DConditionModel")
    assert unet.weights == (tmp_path / "m" / UNET,) and unet.config()["_class_name"] == "UNet2DConditionModel"
    assert model.component("scheduler").weights == () and model.component("scheduler").config()
    assert model.size_bytes == sum(len(data) for data in weights.pipeline().values())
    with pytest.raises(UsageError, match="controlnet"):
        model.component("controlnet")


def test_a_model_of_one_component(tmp_path: Path) -> None:
    model = open_model(weights.lay_out(tmp_path / "m", weights.single()))
    assert model.pipeline == "" and list(model.components) == [""]
    assert (model.component("").library, model.component("").cls) == ("transformers", "DPTForDepthEstimation")
    control = {**weights.single(), "config.json": b'{"_class_name": "ControlNetModel"}'}
    assert open_model(weights.lay_out(tmp_path / "c", control)).component("").library == "diffusers"


def test_the_revision_is_that_of_the_content_alone(tmp_path: Path) -> None:
    files = weights.pipeline()
    revision = open_model(weights.lay_out(tmp_path / "a", files)).revision
    assert revision == open_model(weights.lay_out(tmp_path / "b" / "c", files)).revision
    weights.lay_out(tmp_path / "a", {"README.md": b"hello", "LICENSE": b"x", ".git/config": b"x", "preview.png": b"x"})
    assert open_model(tmp_path / "a").revision == revision
    # the same header, the same size, one value changed: a fine-tune
    for name, data in files.items():
        changed = weights.lay_out(tmp_path / "changed", files)
        flip = data[:-1] + bytes([data[-1] ^ 1]) if name.endswith(".safetensors") else data.replace(b"}", b" }")
        (changed / name).write_bytes(flip if flip != data else data + b"b c\n")
        assert open_model(changed).revision != revision, name


def test_what_is_read_is_told_and_kept_when_that_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "SETTLED_NS", -1)
    files = weights.pipeline()
    model, memory, told = weights.lay_out(tmp_path / "m", files), tmp_path / "memory", list[tuple[str, int, int]]()

    def stop_at_the_third(name: str, done: int, total: int) -> None:
        told.append((name, done, total))
        if len(told) == 3:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        open_model(model, memory, stop_at_the_third)
    open_model(model, memory, lambda *what: told.append(what))
    total = sum(len(data) for data in files.values())
    assert [name for name, _, _ in told] == [*sorted(files)[:3], *sorted(files)[2:]], "no file is read again"
    assert told[-1][1:] == (total, total) and all(a[1] < b[1] for a, b in pairwise(told[3:]))
    open_model(model, memory, lambda *what: pytest.fail("all of it is known"))


def test_links_of_a_hub_cache_are_followed(tmp_path: Path) -> None:
    blobs = weights.lay_out(tmp_path / "blobs", weights.single())
    snapshot = tmp_path / "snapshot"
    snapshot.mkdir()
    for name in weights.single():
        (snapshot / name).symlink_to(blobs / name)
    assert open_model(snapshot).revision == open_model(blobs).revision


@pytest.mark.parametrize(
    "name", ["unet/x.bin", "x.ckpt", "vae/x.pt", "x.pth", "deep/er/x.pkl", "pipeline.py", "x.npz", "tf_model.h5"]
)
def test_what_may_carry_code_is_refused_by_name(tmp_path: Path, name: str) -> None:
    weights.lay_out(tmp_path / "m", {**weights.pipeline(), name: b"harmless"})
    assert Path(name).name in refused(tmp_path / "m", "unsafe_weights")


@pytest.mark.parametrize(
    "name", [UNET, "unet/config.json", "tokenizer/vocab.json", "tokenizer/merges.txt", "extra", "README.md"]
)
def test_pickles_are_refused_by_content_whatever_they_are_called(tmp_path: Path, name: str) -> None:
    marker = tmp_path / "ran"
    for data in (weights.pickles(marker)["protocol 4"], weights.pickles(marker)["torch zip"]):
        weights.lay_out(tmp_path / "m", {**weights.pipeline(), name: data})
        refused(tmp_path / "m", "unsafe_weights")
    assert not marker.exists()


def test_damaged_weights(tmp_path: Path) -> None:
    files = weights.pipeline()
    weights.lay_out(tmp_path / "m", {**files, UNET: files[UNET][:-4]})
    refused(tmp_path / "m", "damaged_weights")


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("model_index.json", b"[]", "not a JSON object"),
        ("model_index.json", b"{", "not JSON"),
        ("model_index.json", b"{}", "does not name a pipeline"),
        ("model_index.json", b'{"_class_name": "P"}', "no components"),
        ("model_index.json", b'{"_class_name": "P", "unet": ["my_code", "Net"]}', "not a class of"),
        ("model_index.json", b'{"_class_name": "P", "unet": ["diffusers", "os.system"]}', "not a class of"),
        ("model_index.json", b'{"_class_name": "P", "unet": ["diffusers"]}', "not a class of"),
        ("model_index.json", b'{"_class_name": "P", "../unet": ["diffusers", "X"]}', "not the name of a component"),
        ("model_index.json", b'{"_class_name": "P", "gone": ["diffusers", "X"]}', "is missing"),
        ("unet/config.json", b"\xff", "not JSON"),
        ("unet/x.safetensors.index.json", b'{"weight_map": {"w": "gone.safetensors"}}', "weights that are missing"),
    ],
)
def test_layouts_that_are_none(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    weights.lay_out(tmp_path / "m", {**weights.pipeline(), name: data})
    assert why in refused(tmp_path / "m", "bad_model")


def test_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing) as caught:
        open_model(tmp_path / "none")
    assert caught.value.code == "model_not_found" and caught.value.exit_status == 5
    (tmp_path / "empty").mkdir()
    assert "neither" in refused(tmp_path / "empty", "bad_model")
    files = weights.pipeline()
    del files[UNET]
    assert "no safetensors weights" in refused(weights.lay_out(tmp_path / "m", files), "bad_model")
    assert "no safetensors" in refused(weights.lay_out(tmp_path / "s", {"config.json": b"{}"}), "bad_model")


def test_pipes_devices_and_broken_links_do_not_block(tmp_path: Path) -> None:
    made = weights.lay_out(tmp_path / "m", weights.pipeline())
    os.mkfifo(made / "unet" / "pipe.safetensors")
    assert "regular file" in refused(made, "bad_model")
    (made / "unet" / "pipe.safetensors").unlink()
    (made / "zero.txt").symlink_to("/dev/zero")
    assert "regular file" in refused(made, "bad_model")
    (made / "zero.txt").unlink()
    (made / "gone.json").symlink_to(tmp_path / "nowhere")
    assert "cannot be read" in refused(made, "bad_model")


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = weights.lay_out(tmp_path / "m", weights.pipeline())
    for limit, why in (("MAX_FILES", "more than 3"), ("MAX_TEXT", "too large")):
        with monkeypatch.context() as patch:
            patch.setattr(folder, limit, 3)
            assert why in refused(made, "bad_model")
    weights.lay_out(made, {"a/b/c/d/e/f.txt": b"x"})
    assert "nested" in refused(made, "bad_model")


def test_what_belongs_to_a_model() -> None:
    assert all(map(is_part, ("model_index.json", "unet/config.json", "vocab.txt", "tokenizer/merges.txt", "model.safetensors")))
    assert not any(map(is_part, ("README.md", "LICENSE.txt", ".cache/x.json", "keyfollow.json", "a.png", "unet/.x.json")))


def test_an_index_with_settings_and_absent_parts(tmp_path: Path) -> None:
    index = {**weights.INDEX, "image_encoder": [None, None], "force_zeros_for_empty_prompt": True}
    weights.lay_out(tmp_path / "m", {**weights.pipeline(), "model_index.json": json.dumps(index).encode()})
    assert "image_encoder" not in open_model(tmp_path / "m").components
