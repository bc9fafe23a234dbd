"""A model folder in diffusers' layout, opened: safetensors only, nothing fetched, no code from the folder.

DIR/unet  vae  text_encoder  tokenizer  scheduler      Stable Diffusion 1 and 2; SDXL adds text_encoder_2, tokenizer_2
DIR/controlnet                                         depth, for models whose UNet takes no depth channel
DIR/depth_estimator  feature_extractor                 transformers' depth model
DIR/captioner                                          BLIP, optional
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from keyfollow.errors import ModelMissing, UsageError
from safetensors import SafetensorError

from .backbone import Backbone
from .caption import Captioner
from .depth import DepthEstimator
from .text import TextEncoder
from .vae import Vae

Precision = dict[str, torch.dtype]
PRECISIONS: Precision = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
NEEDED = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")
PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle")
SAMPLE = 1 << 16
SAMPLES = 16


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Everything of a folder that engines use, on `device`; `scheduler` is the plain configuration of its noise schedule."""

    backbone: Backbone
    vae: Vae
    text: TextEncoder
    depth: DepthEstimator | None
    captioner: Captioner | None
    scheduler: dict[str, Any]
    device: torch.device


def best_device() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def precision_of(name: str, device: torch.device) -> str:
    """``auto`` made definite: bf16 where the device computes it quickly, else fp32."""
    if name != "auto":
        return name
    return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"


def check_folder(folder: str | None) -> Path:
    """The folder, if it is one that can be opened.

    Raises:
        ModelMissing: ``model_missing`` when there is none, or parts are absent.
        UsageError: ``pickled_weights`` when a part has its weights only in a form that can run code.
    """
    if not folder:
        raise ModelMissing(
            "model_missing",
            "No model was named.",
            "Give a folder in diffusers' layout with --model DIR (`keyfollow models list`).",
        )
    root = Path(folder)
    absent = [part for part in NEEDED if not (root / part).is_dir()]
    if absent:
        raise ModelMissing(
            "model_missing",
            f"{folder} is not a model in diffusers' layout: it has no {', '.join(absent)}.",
            "Give the folder that holds model_index.json.",
        )
    for part in (p for p in sorted(root.iterdir()) if p.is_dir()):
        files = [f.name for f in part.iterdir()]
        if any(f.endswith(PICKLES) for f in files) and not any(f.endswith(".safetensors") for f in files):
            raise UsageError(
                "pickled_weights",
                f"The weights in {part} are pickled; opening them could run any program.",
                "Convert them to safetensors, or get a copy of the model that has them.",
            )
    return root


def revision(folder: str) -> str:
    """Names the weights by content: SHA-256 (hex) over every configuration, and over header, size and 16 samples of each weight file.

    Reading gigabytes for every run would cost more than it tells: two models do not differ only between the samples.
    """
    root = check_folder(folder)
    digest = hashlib.sha256()
    for file in sorted(f for f in root.rglob("*") if f.suffix in (".json", ".txt", ".safetensors") and f.is_file()):
        size = file.stat().st_size
        digest.update(f"{file.relative_to(root).as_posix()}\0{size}\0".encode())
        with file.open("rb") as data:
            if file.suffix != ".safetensors":
                digest.update(data.read())
                continue
            for part in range(SAMPLES):
                data.seek(max(0, size - SAMPLE) * part // (SAMPLES - 1))
                digest.update(data.read(SAMPLE))
    return digest.hexdigest()


def load(folder: str, device: torch.device, precision: str, *, offload: bool = False, tiled: bool = False) -> Model:
    """Open a model folder.

    Args:
        precision: ``fp32``, ``bf16`` or ``fp16``, for the denoising network; the rest computes in float32.
        offload: keep text encoder, depth and VAE on the CPU; only the denoising network lies on the device.
        tiled: encode and decode in tiles.

    Raises:
        ModelMissing, UsageError: see `check_folder`; UsageError ``bad_model`` when a part is not what its place says.
    """
    root = check_folder(folder)
    try:
        return _load(root, device, precision, offload, tiled)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as e:
        if isinstance(e, torch.OutOfMemoryError):
            raise
        words = (str(e).splitlines() or [type(e).__name__])[0][:200]
        raise UsageError("bad_model", f"The model in {folder} cannot be opened: {words}", "Get the model again.") from e


def _load(root: Path, device: torch.device, precision: str, offload: bool, tiled: bool) -> Model:
    from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    dtype, beside = PRECISIONS[precision], torch.device("cpu") if offload else device
    scheduler = json.loads((root / "scheduler" / "scheduler_config.json").read_text())
    unet = _weights(UNet2DConditionModel, root / "unet", dtype, device).to(memory_format=torch.channels_last)
    control = _weights(ControlNetModel, root / "controlnet", dtype, device) if (root / "controlnet").is_dir() else None
    return Model(
        backbone=Backbone(unet, control, str(scheduler.get("prediction_type", "epsilon")), _alphas(scheduler)),
        vae=Vae(_weights(AutoencoderKL, root / "vae", torch.float32, beside), tiled=tiled),
        text=_text(root, beside),
        depth=_depth(root, beside),
        captioner=_captioner(root, beside),
        scheduler=scheduler,
        device=device,
    )


def _alphas(scheduler: dict[str, Any]) -> torch.Tensor:
    from .ddim import schedule

    count = int(scheduler.get("num_train_timesteps", 1000))
    return torch.tensor(schedule(scheduler, count).alphas[::-1])


def _weights(kind: Any, folder: Path, dtype: torch.dtype, device: torch.device) -> Any:
    model = kind.from_pretrained(str(folder), torch_dtype=dtype, use_safetensors=True, local_files_only=True)
    return model.to(device).eval().requires_grad_(False)


def _transformer(kind: Any, folder: Path, device: torch.device) -> Any:
    model = kind.from_pretrained(str(folder), dtype=torch.float32, use_safetensors=True, local_files_only=True)
    return model.to(device).eval().requires_grad_(False)


def _text(root: Path, device: torch.device) -> TextEncoder:
    from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    tokenizers: list[Any] = [CLIPTokenizer.from_pretrained(str(root / "tokenizer"), local_files_only=True)]
    encoders = [_transformer(CLIPTextModel, root / "text_encoder", device)]
    if (root / "text_encoder_2").is_dir():
        tokenizers.append(CLIPTokenizer.from_pretrained(str(root / "tokenizer_2"), local_files_only=True))
        encoders.append(_transformer(CLIPTextModelWithProjection, root / "text_encoder_2", device))
    return TextEncoder(tokenizers, encoders)


def _depth(root: Path, device: torch.device) -> DepthEstimator | None:
    if not (root / "depth_estimator").is_dir() or not (root / "feature_extractor").is_dir():
        return None
    from transformers import AutoImageProcessor, AutoModelForDepthEstimation

    processor = AutoImageProcessor.from_pretrained(str(root / "feature_extractor"), local_files_only=True)
    return DepthEstimator(_transformer(AutoModelForDepthEstimation, root / "depth_estimator", device), processor)


def _captioner(root: Path, device: torch.device) -> Captioner | None:
    if not (root / "captioner").is_dir():
        return None
    from transformers import BlipForConditionalGeneration, BlipProcessor

    processor = BlipProcessor.from_pretrained(str(root / "captioner"), local_files_only=True)
    return Captioner(_transformer(BlipForConditionalGeneration, root / "captioner", device), processor)
