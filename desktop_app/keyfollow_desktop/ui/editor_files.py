"""The files that go to an image editor, and what is made of them when they come back. Not for the UI thread.

Out: layers for editors that read OpenRaster or PSD, a flat picture for the others, at the source's depth and with a colour profile. Back: the
composite of what is visible, in the source's colours; and where the editor changed the whole picture a little, also without that.
"""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from keyfollow.atomic import write_atomic
from keyfollow.errors import UsageError
from keyfollow.media.encode_image import encode_image, write_image
from keyfollow.media.fit import fit_keyframe
from keyfollow.media.images import read_image
from keyfollow.media.source import read_file

from ..model import assets
from ..model.state import Keyframe, Media
from . import openraster, photoshop
from .colour_profile import in_source_colours, profile_for, profile_of, with_profile
from .frame_pictures import read_picture, seen_frame
from .whole_shift import whole_shift, without_shift

LAYERED = {
    "krita": openraster.SUFFIX,
    "gimp": openraster.SUFFIX,
    "mypaint": openraster.SUFFIX,
    "photoshop": photoshop.SUFFIX,
    "affinity": photoshop.SUFFIX,
}
"""The files with layers that programs open and save as such; the others get a flat picture."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back, as names in ``keyframes/``: the picture, the layered file, and the picture without the shift that the editor made
    of all of it; "" where there is none. `sha256` is of the picture's bytes, `size` its (width, height)."""

    image: str
    layers: str = ""
    unshifted: str = ""
    sha256: str = ""
    size: tuple[int, int] = (0, 0)


def layers_for(command: str) -> str:
    """The suffix of the files with layers that an editor's command opens, "" where it is known to open none."""
    words = [Path(word).name.lower() for word in shlex.split(command)]
    return next((suffix for name, suffix in LAYERED.items() if any(name in word for word in words)), "")


def write_out(
    target: Path,
    media: Media,
    frame: int,
    take: str,
    folder: Path,
    there: Keyframe | None,
    names: tuple[str, str, str],
    suffix: str,
) -> Path:
    """Write a frame for an editor; the file, `target` with a suffix.

    A keyframe's own layers are opened again where it has some; else the layers are, by `names` from the topmost down, nothing yet, the
    result so far (keyframe or take), and the source, locked. Without `suffix` (as `layers_for`), and for half floats, it is one flat
    picture.
    """
    if suffix and there is not None and there.layers.endswith(suffix):
        path = target.with_suffix(suffix)
        write_atomic(path, assets.picture(folder, "keyframes", there.layers).read_bytes())
        return path
    source = seen_frame(media, frame, "")
    result = seen_frame(media, frame, take) if take else source
    if there is not None:
        result = fit_keyframe(read_picture(assets.picture(folder, "keyframes", there.image)), source)
    if source.pixels.dtype == np.float16:
        write_image(target.with_suffix(".exr"), result)
        return target.with_suffix(".exr")
    profile = profile_for(source.colour)
    if not suffix:
        path = target.with_suffix(".png")
        write_atomic(path, with_profile(encode_image(".png", result.pixels), profile))
        return path
    empty = np.zeros((source.height, source.width, 4), source.pixels.dtype)
    layers = [openraster.Layer(names[0], empty, chosen=True)]
    if result is not source:
        layers.append(openraster.Layer(names[1], result.pixels))
    layers.append(openraster.Layer(names[2], source.pixels, locked=True))
    path = target.with_suffix(suffix)
    form = photoshop if suffix == photoshop.SUFFIX else openraster
    write_atomic(path, form.write_layers(layers, result.pixels, profile))
    return path


def read_back(path: Path, media: Media, frame: int, folder: Path) -> Returned:
    """Take a picture that was saved into the project: converted to the source's colours where its profile says others.

    Raises:
        UsageError: ``wrong_size``, ``no_such_file``.
        MediaError: it, or the source, cannot be read; ``no_composite``.
    """
    data = saved = read_file(path)
    layers, kind = "", path.suffix.lower()
    if kind == openraster.SUFFIX:
        data = openraster.merged_image(data, path.name)
    elif kind == photoshop.SUFFIX:
        photoshop.check_composite(data, path.name)
    picture = read_image(data, name=path.name)
    if media.width and (picture.width, picture.height) != (media.width, media.height):
        raise UsageError(
            "wrong_size",
            f"{path.name} is {picture.width}×{picture.height}, the clip {media.width}×{media.height}.",
            "Save it at the clip's size.",
        )
    source = seen_frame(media, frame, "")
    converted = in_source_colours(picture, profile_of(data), source.colour)
    if kind in (openraster.SUFFIX, photoshop.SUFFIX):
        layers = assets.adopt_bytes(folder, "keyframes", saved, kind)
        # of a PSD's composite, a file that every part of the product reads
        flat = data if kind == openraster.SUFFIX else encode_image(".png", picture.pixels)
        kind = ".png"
    else:
        flat = data
    if converted is not picture:
        flat, kind = encode_image(".png", converted.pixels), ".png"
    image = assets.adopt_bytes(folder, "keyframes", flat, kind)
    sha256, size = hashlib.sha256(flat).hexdigest(), (picture.width, picture.height)
    fitted = fit_keyframe(converted, source)
    shift = whole_shift(fitted, source)
    if shift is None:
        return Returned(image, layers, sha256=sha256, size=size)
    unshifted = without_shift(fitted, source, shift)
    suffix = ".exr" if unshifted.pixels.dtype == np.float16 else ".png"
    other = assets.adopt_bytes(folder, "keyframes", encode_image(suffix, unshifted.pixels), suffix)
    return Returned(image, layers, other, sha256, size)
