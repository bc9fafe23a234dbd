"""How good takes are, by the measures that Pix2Video reports (Ceylan et al. 2023, § 4).

    python benchmarks/evaluate.py SOURCE RESULT… [--prompt TEXT] [--clip DIR|NAME] [--json]

A RESULT is a delivered file or folder of pictures with a frame for every frame of the source, or a take's id (`keyfollow takes list`).

Pixel-MSE   mean squared difference (of 255²) between a frame and the one before, warped along the source's optical flow, where the flow
            is consistent both ways: flicker. The source's own is given beside it: what noise and light do.
CLIP-Text   mean cosine of frames and prompt; CLIP-Image mean cosine of neighbouring frames. Both need CLIP's weights: a folder, or a name
            of `keyfollow models list`; by default clip-large, once it was pulled.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import keyfollow
import numpy as np
import numpy.typing as npt
from keyfollow.errors import ModelMissing
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.media.reader import MediaReader
from keyfollow_daemon.engines.patch.flow import consistent, dense_flow
from keyfollow_daemon.engines.patch.pixels import grey, grid, guide, sample
from keyfollow_daemon.models.find import find_model

Bytes = npt.NDArray[np.uint8]
AT_ONCE = 16


def pixel_mse(source: Iterable[FrameBuffer], result: Iterable[FrameBuffer]) -> float:
    """See the module; 0 for fewer than two frames, or where nothing can be followed."""
    errors = []
    for (a, made_a), (b, made_b) in pairwise(zip(source, result, strict=True)):
        first, second = grey(guide(a)), grey(guide(b))
        back, forth = dense_flow(second, first), dense_flow(first, second)
        steady = consistent(back, forth)
        warped = sample(guide(made_a).astype(np.float32), grid(*back.shape[:2]) + back)
        if steady.any():
            errors.append(float(((guide(made_b) - warped)[steady] ** 2).mean()))
    return float(np.mean(errors)) if errors else 0.0


def clip_scores(pictures: Iterable[Bytes], prompt: str, folder: Path) -> dict[str, float]:
    """CLIP-Image, and CLIP-Text with a prompt. `folder` is a CLIP model in transformers' layout."""
    import torch
    from transformers import CLIPModel, CLIPProcessor

    model: Any = CLIPModel.from_pretrained(str(folder), local_files_only=True, use_safetensors=True)
    processor: Any = CLIPProcessor.from_pretrained(str(folder), local_files_only=True)
    model.eval()
    left, seen = iter(pictures), []
    with torch.inference_mode():
        while some := list(islice(left, AT_ONCE)):
            out = model(**processor(text=[prompt or " "], images=some, return_tensors="pt", padding=True))
            seen.append(torch.nn.functional.normalize(out.image_embeds, dim=-1))
            said = torch.nn.functional.normalize(out.text_embeds, dim=-1)
    all_seen = torch.cat(seen)
    scores = {"CLIP-Image": float((all_seen[1:] * all_seen[:-1]).sum(-1).mean())} if len(all_seen) > 1 else {}
    return scores | ({"CLIP-Text": float((all_seen @ said.T).mean())} if prompt else {})


def frames_of(path: str, span: FrameRange | None = None) -> Iterator[FrameBuffer]:
    """The frames of a file or folder, one after the other."""
    with MediaReader(path) as reader:
        for n in span or range(reader.info.frames):
            yield reader.read(n)


def frames_of_take(id: str) -> Iterator[FrameBuffer]:
    with keyfollow.connect(name="evaluate") as client:
        for frame in client.takes.frames(id):
            yield frame.image


def evaluate(source: str, result: str, prompt: str, clip: Path | None) -> dict[str, float]:
    """All that can be measured of one result."""
    span = None
    if not Path(result).exists():
        with keyfollow.connect(name="evaluate") as client:
            span = client.takes.span(result)

    def made() -> Iterator[FrameBuffer]:
        return frames_of(result) if span is None else frames_of_take(result)

    scores = {
        "Pixel-MSE": pixel_mse(frames_of(source, span), made()),
        "Pixel-MSE of the source": pixel_mse(frames_of(source, span), frames_of(source, span)),
    }
    return scores | (clip_scores((guide(f) for f in made()), prompt, clip) if clip else {})


def clip_folder(named: str | None) -> Path | None:
    """CLIP's weights as named; unnamed, those in the model store, or None."""
    try:
        return find_model(named, "metrics").path
    except ModelMissing:
        if named is not None:
            raise
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source")
    parser.add_argument("results", nargs="+", metavar="RESULT")
    parser.add_argument("--prompt", default="")
    parser.add_argument("--clip", metavar="DIR|NAME", help="a CLIP model")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    clip = clip_folder(given.clip)
    for result in given.results:
        scores = evaluate(given.source, result, given.prompt, clip)
        if given.json:
            print(json.dumps({"result": result, **scores}))
        else:
            print(result + "".join(f"\n  {name:24} {value:.4f}" for name, value in scores.items()))


if __name__ == "__main__":
    main()
