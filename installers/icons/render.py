"""Render the icon for systems that do not take SVG: one PNG, an .ico of several sizes, or a folder of PNGs for `iconutil`.

python installers/icons/render.py OUTPUT.ico | OUTPUT.iconset | OUTPUT.png
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SVG = Path(__file__).with_name("keyfollow.svg")
ICO = (16, 24, 32, 48, 64, 128, 256)


def png(size: int) -> bytes:
    """The icon, `size` pixels square."""
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(SVG)).render(painter)
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(data.data())


def ico(sizes: tuple[int, ...] = ICO) -> bytes:
    """A Windows icon that holds a PNG of each size."""
    pictures = [png(size) for size in sizes]
    head, at = struct.pack("<HHH", 0, 1, len(sizes)), 6 + 16 * len(sizes)
    for size, picture in zip(sizes, pictures, strict=True):
        # a side of 256 is written as 0
        head += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(picture), at)
        at += len(picture)
    return head + b"".join(pictures)


def main(output: Path) -> None:
    if output.suffix == ".ico":
        output.write_bytes(ico())
    elif output.suffix == ".iconset":
        output.mkdir(parents=True, exist_ok=True)
        for size in (16, 32, 128, 256, 512):
            (output / f"icon_{size}x{size}.png").write_bytes(png(size))
            (output / f"icon_{size}x{size}@2x.png").write_bytes(png(2 * size))
    else:
        output.write_bytes(png(256))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
