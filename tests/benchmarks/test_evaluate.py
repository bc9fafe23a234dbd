"""benchmarks/evaluate.py: what is flicker and what is motion, and CLIP's cosines with a tiny CLIP of our own."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from keyfollow.errors import ModelMissing
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.models.add import add_folder
from keyfollow_daemon.models.store import ModelStore
from keyfollow_testkit import clips
from keyfollow_testkit.daemons import home
from keyfollow_testkit.tiny_models import GOLDEN

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "evaluate.py"


def _module() -> Any:
    spec = importlib.util.spec_from_file_location("evaluate", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


evaluate = _module()


def buffers(frames: list[clips.Frame], lift: tuple[int, ...] = (0,)) -> list[FrameBuffer]:
    lifted = [np.clip(f // 2 + 60 + lift[n % len(lift)], 0, 255).astype(np.uint8) for n, f in enumerate(frames)]
    return [FrameBuffer(f) for f in lifted]


def test_flicker_counts_and_motion_does_not() -> None:
    source = buffers(clips.moving_patch(4))
    own = evaluate.pixel_mse(source, source)
    steady = evaluate.pixel_mse(source, buffers(clips.moving_patch(4), (30,)))
    flicker = evaluate.pixel_mse(source, buffers(clips.moving_patch(4), (0, 30)))
    assert own == pytest.approx(steady, abs=1e-6) and own < 40
    assert flicker - own == pytest.approx(30**2, rel=0.05)
    still = evaluate.pixel_mse(source, [source[0]] * 4)
    assert still > own, "a picture that does not move with the source is no better for being still"
    assert evaluate.pixel_mse(source[:1], source[:1]) == 0


@pytest.fixture(scope="module")
def clip_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {**small, "vocab_size": 514, "bos_token_id": 512, "eos_token_id": 513, "pad_token_id": 0}
    config = CLIPConfig(text_config=text, vision_config={**small, "image_size": 32, "patch_size": 16}, projection_dim=8)
    folder = shutil.copytree(GOLDEN / "tokenizer", tmp_path_factory.mktemp("clip") / "model")
    torch.manual_seed(1)
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32).save_pretrained(folder)
    return folder


def test_cosines_of_pictures_and_prompt(clip_model: Path) -> None:
    pictures = [f.pixels for f in buffers(clips.moving_patch(18), (0, 0, 60))]
    scores = evaluate.clip_scores(iter(pictures), "a swan", clip_model)
    assert -1 <= scores["CLIP-Text"] <= 1 and scores["CLIP-Image"] < 1 - 1e-6
    same = evaluate.clip_scores(pictures[:1] * 3, "", clip_model)
    assert same == {"CLIP-Image": pytest.approx(1, abs=1e-5)}
    other = evaluate.clip_scores(pictures, "a duck of lead", clip_model)
    assert other["CLIP-Image"] == pytest.approx(scores["CLIP-Image"]) and other["CLIP-Text"] != scores["CLIP-Text"]


def test_clip_is_found_in_the_store(clip_model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KEYFOLLOW_STORAGE", str(tmp_path))
    assert evaluate.clip_folder(None) is None and evaluate.clip_folder(str(clip_model)) == clip_model
    with pytest.raises(ModelMissing):
        evaluate.clip_folder("clip-large")
    store = ModelStore()
    add_folder(store, clip_model, "clip-large")
    assert evaluate.clip_folder(None) == store.path("clip-large")


def test_files_and_takes_are_rows(tmp_path: Path) -> None:
    frames = clips.moving_patch(4)
    source = clips.write_clip(tmp_path / "c.mkv", frames, codec="ffv1", pixel_format="bgr0")
    with pytest.MonkeyPatch.context() as patch, home(tmp_path / "home", patch) as made:
        with made.connect() as client:
            run = client.propagate(source, keyframes={0: clips.recoloured(frames[0], clips.patch_mask(0))}, range=(0, 3))
            assert len(list(run)) == 3
        words = [sys.executable, str(SCRIPT), str(source), str(source), run.take, "--json"]
        done = subprocess.run(words, capture_output=True, text=True, env=made.environment, timeout=120, check=True)
    file, take = map(json.loads, done.stdout.splitlines())
    assert file["Pixel-MSE"] == file["Pixel-MSE of the source"] and take["result"] == run.take
    assert take["Pixel-MSE"] > 0 and not any("CLIP" in name for name in take)
