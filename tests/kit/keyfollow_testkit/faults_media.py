"""Footage that means harm: damaged files, playlists that point elsewhere, headers that lie, recordings without end."""

from __future__ import annotations

import os
import random
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# --- footage -----------------------------------------------------------------------------------------------------------------


def cut_short(data: bytes, chance: random.Random) -> bytes:
    """A file whose copying was interrupted."""
    return data[: chance.randrange(1, len(data))]


def bits_turned(data: bytes, chance: random.Random) -> bytes:
    """A file with 1 to 64 bits turned, half of the time near its beginning, where the headers are."""
    turned = bytearray(data)
    for _ in range(chance.choice((1, 1, 4, 16, 64))):
        turned[chance.randrange(len(data) if chance.random() < 0.5 else min(len(data), 4096))] ^= 1 << chance.randrange(8)
    return bytes(turned)


def playlists(named: str, url: str) -> dict[str, str]:
    """Texts that players take for footage, which name another file and an address."""
    segment = '<SegmentTemplate media="{}" initialization="{}" duration="1"/>'
    return {
        "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{named}\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n",
        "m3u8 with a key": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{url}"\n#EXTINF:10,\n{named}\n#EXT-X-ENDLIST\n',
        "m3u8 by concat": f"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nconcat:{named}|{url}\n#EXT-X-ENDLIST\n",
        "concat": f"file '{named}'\nfile '{url}'\n",
        "ffconcat": f"ffconcat version 1.0\nfile {named}\nfile {url}\n",
        "dash": (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"><Period>'
            f'<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{url}</BaseURL>'
            f"{segment.format(named, named)}</Representation></AdaptationSet></Period></MPD>"
        ),
        "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {url.rsplit(':', 1)[1].split('/')[0]} RTP/AVP 96\n",
        "imf": f'<AssetMap xmlns="http://www.smpte-ra.org/schemas/429-9/2007/AM"><Path>{named}</Path><Path>{url}</Path></AssetMap>',
        "asx": f'<asx version="3.0"><entry><ref href="{url}"/></entry><entry><ref href="{named}"/></entry></asx>',
        "pls": f"[playlist]\nFile1={url}\nFile2={named}\nNumberOfEntries=2\n",
        "svg": f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{url}"/><image href="{named}"/></svg>',
    }


def addresses(named: Path, url: str) -> list[str]:
    """What FFmpeg would take for a protocol, given in the place of a path."""
    return [
        url,
        *(
            f"{protocol}:{named}"
            for protocol in ("file", "concat", "subfile,,start,0,end,0,,", "cache", "async", "crypto", "concatf")
        ),
        f"concat:{named}|{named}",
        f"tcp://{url.split('/')[2]}",
        f"hls+{url}",
        "pipe:0",
        "fd:0",
        "lavfi:testsrc",
        "data:video/mp4;base64,AAAA",
    ]


class Lure:
    """A port on loopback that counts who comes. A context manager."""

    def __init__(self) -> None:
        self.visitors = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/segment.ts"
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        with suppress(OSError):
            while True:
                visitor, _ = self._listener.accept()
                self.visitors += 1
                visitor.close()

    def __enter__(self) -> Lure:
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@contextmanager
def watched_fifo(path: Path) -> Iterator[list[float]]:
    """A FIFO at `path`; the list gets an item when somebody opens it for reading."""
    os.mkfifo(path)
    opened: list[float] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            with suppress(OSError):  # ENXIO: nobody reads
                writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
                # noted first: closing lets the reader, and the test behind it, go on
                opened.append(time.monotonic())
                os.close(writer)
            over.wait(0.01)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield opened
    finally:
        over.set()
        thread.join()


# --- headers that lie ----------------------------------------------------------------------------------------------------------


def png(width: int, height: int, rows: int, kind: int = 2) -> bytes:
    """A PNG that says it is so large and holds `rows` rows of zeros, well packed: a megabyte of it inflates to a gigabyte."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    packer, row = zlib.compressobj(9), bytes(1 + width * {0: 1, 2: 3, 6: 4}[kind])
    packed = b"".join([*(packer.compress(row) for _ in range(rows)), packer.flush()])
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def giants() -> dict[str, bytes]:
    """Pictures and clips whose header claims 65535 x 65535 pixels, or no end of them."""
    side, packed = 65535, b"\xff\xff"
    jpeg = (
        b"\xff\xd8\xff\xc0\x00\x11\x08"
        + packed * 2
        + b"\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00"
    )
    entries = [
        (256, 4, 1, side),
        (257, 4, 1, side),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
    ]
    entries += [(278, 4, 1, side), (279, 4, 1, side * side % (1 << 32))]
    tiff = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries) + bytes(4)
    bitmap = b"BM" + struct.pack("<IHHIIiiHHIIIIII", 1000, 0, 0, 54, 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(1000)
    y4m = f"YUV4MPEG2 W{side} H{side} F24:1 Ip C420jpeg\nFRAME\n".encode() + bytes(1 << 16)
    return {
        "png": png(side, side, 64),
        "png that unpacks to gigabytes": png(30_000, 30_000, 30_000, 0),
        "png with more rows than it says": png(64, 64, 100_000),
        "jpg": jpeg + bytes(2000) + b"\xff\xd9",
        "tif": tiff,
        "bmp": bitmap,
        "gif": b"GIF89a" + packed * 2 + b"\x80\0\0" + bytes(6) + b"," + bytes(4) + packed * 2 + b"\0\x02\x02\x44\x01\0;",
        "y4m": y4m,
        "y4m of no size": b"YUV4MPEG2 W0 H0 F24:1 Ip C420jpeg\n" + b"FRAME\n" * 1000,
        "y4m of a negative size": b"YUV4MPEG2 W-5 H-5 F0:0 Ip C420jpeg\n" + b"FRAME\n" * 1000,
    }


def claiming(video: bytes, width: int, height: int) -> bytes:
    """An H.264 .mp4 whose sample description says another size than its pictures have."""
    at = video.index(b"avc1", video.index(b"stsd"))
    return video[: at + 28] + struct.pack(">HH", width, height) + video[at + 32 :]


@contextmanager
def growing(path: Path, block: bytes) -> Iterator[Path]:
    """`path` as a recording that goes on: a block more every 10 ms for as long as it is looked at."""
    over = threading.Event()

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            while not over.wait(0.01):
                file.write(block)

    path.write_bytes(block)
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        yield path
    finally:
        over.set()
        thread.join()
