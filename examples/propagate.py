"""The SDK in one page: `python examples/propagate.py CLIP FRAME EDITED.png OUT_FOLDER`.

Carries the edited picture of one frame through a clip and writes every frame as a PNG.
"""

from __future__ import annotations

import sys
from pathlib import Path

import keyfollow
from keyfollow.media.writer import write_image


def main(clip: str, frame: str, edited: str, folder: str) -> None:
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    with keyfollow.connect() as kf:
        run = kf.propagate(clip, keyframes={int(frame): edited})
        for result in run:  # as they are finished, the keyframe first
            write_image(out / f"{result.number:06d}.png", result.image)
            print(f"frame {result.number}: confidence {result.confidence:.2f}")
        if run.report is not None:
            print(run.report.summary)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
