"""A sentence about a picture, for runs that were given no prompt (BLIP, Li et al. 2022, arXiv 2201.12086)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

LONGEST = 40


class Captioner:
    """A transformers image-to-text model and its processor. Greedy, so that one picture has one caption."""

    def __init__(self, model: Any, processor: Any) -> None:
        self._model, self._processor = model, processor

    @torch.inference_mode()
    def __call__(self, picture: npt.NDArray[np.uint8]) -> str:
        """Caption of an RGB picture ``(h, w, 3)``."""
        inputs = self._processor(images=picture, return_tensors="pt").to(self._model.device)
        tokens = self._model.generate(**inputs, max_new_tokens=LONGEST, do_sample=False, num_beams=1)
        return str(self._processor.decode(tokens[0], skip_special_tokens=True)).strip()
