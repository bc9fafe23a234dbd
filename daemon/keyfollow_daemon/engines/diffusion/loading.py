"""A model folder in diffusers' layout, opened: safetensors only, nothing fetched, no code from the folder.

DIR/unet  vae  text_encoder  tokenizer  scheduler      Stable Diffusion 1 and 2; SDXL adds text_encoder_2, tokenizer_2
DIR/controlnet                                         depth, for models whose UNet takes no depth channel
DIR/depth_estimator  feature_extractor                 transformers' depth model
DIR/captioner                                          BLIP, optional
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch
from keyfollow.errors import ModelMissing, UsageError
from safetensors import SafetensorError

from keyfollow_daemon.models.folder import open_model

from .backbone import Backbone
from .caption import Captioner
from .depth import DepthEstimator
from .memory import CPU_BASE
from .text import TextEncoder
from .vae import Vae

Precision = dict[str, torch.dtype]
PRECISIONS: Precision = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
NEEDED = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")
PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle")


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


def free_bytes(device: torch.device) -> int | None:
    """What a run may take on the device, what this process holds there included: a model that is open makes room for the next one.

    None where that is not known. On the CPU `memory.CPU_BASE` is left to everything else.
    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0]) + torch.cuda.memory_reserved(device)
    if device.type == "cpu":
        return int(psutil.virtual_memory().available + psutil.Process().memory_info().rss - CPU_BASE)
    return None


def precision_of(name: str, device: torch.device) -> str:
    """``auto`` made definite: bf16 where the device computes it quickly, else fp32."""
    if name != "auto":
        return name
    return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"


def check_folder(folder: str | None, needed: Sequence[str] = NEEDED) -> Path:
    """The folder, if it is one that can be opened: it has all `needed` parts.

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
    absent = [part for part in needed if not (root / part).is_dir()]
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


def revision(folder: str, needed: Sequence[str] = NEEDED) -> str:
    """Names the weights by content (`models.folder.open_model`); for engines called without a daemon, which gives the revision itself."""
    return open_model(check_folder(folder, needed)).revision


def load(folder: str, device: torch.device, precision: str, *, offload: bool = False, tiled: bool = False) -> Model:
    """Open a model folder.

    Args:
        precision: ``fp32``, ``bf16`` or ``fp16``, for the denoising network; the rest computes in float32.
        offload: keep text encoder, depth and VAE on the CPU; only the denoising network lies on the device.
        tiled: encode and decode in tiles, one picture at a time.

    Raises:
        ModelMissing, UsageError: see `check_folder`; UsageError ``bad_model`` when a part is not what its place says.
    """
    root = check_folder(folder)
    with opening(folder):
        return _load(root, device, precision, offload, tiled)


@contextmanager
def opening(folder: str) -> Iterator[None]:
    """Turn what a library says of a model that cannot be opened into UsageError ``bad_model``."""
    try:
        yield
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
        vae=Vae(_weights(AutoencoderKL, root / "vae", torch.float32, beside), tiled=tiled, batch=1 if tiled else 4),
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
