"""How good a take is, by the measures that Pix2Video reports (Ceylan et al. 2023, § 4).

    python benchmarks/evaluate.py SOURCE RESULT [--prompt TEXT] [--clip DIR] [--json]

Pixel-MSE   mean squared difference (of 255²) between a frame and the one before, warped along the source's optical flow, where the flow
            is consistent both ways: flicker.
CLIP-Text   mean cosine of frames and prompt; CLIP-Image mean cosine of neighbouring frames. Both need CLIP weights in a local folder.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from keyfollow.frames import FrameBuffer
from keyfollow.media.reader import MediaReader
from keyfollow_daemon.engines.patch.flow import pair_flow, unpack
from keyfollow_daemon.engines.patch.pixels import grid, guide, sample, work_size

Bytes = npt.NDArray[np.uint8]


def pixel_mse(source: list[FrameBuffer], result: list[FrameBuffer]) -> float:
    """See the module."""
    errors = []
    for (a, b), (made_a, made_b) in zip(pairwise(source), pairwise(result), strict=True):
        found = unpack(pair_flow(guide(a), guide(b)), *work_size(a.width, a.height, 1.0))
        assert found is not None
        flow, inverse = found.toward_key(True)
        where = grid(*flow.shape[:2]) + flow
        back = sample(inverse, where)
        steady = (np.abs(flow + back).max(axis=2) < 1.0) & (where >= 0).all(axis=2)
        steady &= (where[..., 0] < a.width) & (where[..., 1] < a.height)
        warped = sample(guide(made_a).astype(np.float32), where)
        if steady.any():
            errors.append(float(((guide(made_b) - warped)[steady] ** 2).mean()))
    return float(np.mean(errors))


def clip_scores(pictures: list[Bytes], prompt: str, folder: Path) -> dict[str, float]:
    """CLIP-Text (with a prompt) and CLIP-Image."""
    import torch
    from transformers import CLIPModel, CLIPProcessor

    model: Any = CLIPModel.from_pretrained(str(folder), local_files_only=True, use_safetensors=True)
    processor: Any = CLIPProcessor.from_pretrained(str(folder), local_files_only=True)
    model.eval()
    with torch.inference_mode():
        inputs = processor(text=[prompt or " "], images=pictures, return_tensors="pt", padding=True)
        out = model(**inputs)
    seen = torch.nn.functional.normalize(out.image_embeds, dim=-1)
    scores = {"CLIP-Image": float((seen[1:] * seen[:-1]).sum(-1).mean())}
    if prompt:
        said = torch.nn.functional.normalize(out.text_embeds, dim=-1)
        scores["CLIP-Text"] = float((seen @ said.T).mean())
    return scores


def read(path: str) -> list[FrameBuffer]:
    with MediaReader(path) as reader:
        return [reader.read(n) for n in range(reader.info.frames)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source")
    parser.add_argument("result")
    parser.add_argument("--prompt", default="")
    parser.add_argument("--clip", type=Path, metavar="DIR", help="a CLIP model in transformers' layout")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    source, result = read(given.source), read(given.result)
    scores = {"Pixel-MSE": pixel_mse(source, result), "Pixel-MSE of the source": pixel_mse(source, source)}
    if given.clip:
        scores |= clip_scores([guide(f) for f in result], given.prompt, given.clip)
    if given.json:
        print(json.dumps(scores))
    else:
        for name, value in scores.items():
            print(f"{name:24} {value:.4f}")


if __name__ == "__main__":
    main()
