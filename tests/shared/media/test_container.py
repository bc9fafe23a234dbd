from __future__ import annotations

import os
from pathlib import Path

import pytest
from keyfollow.errors import MediaError
from keyfollow.media.container import SharedFile, open_container, video_stream


def test_two_readers_of_one_descriptor_do_not_disturb_each_other(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(range(100)))
    fd = os.open(tmp_path / "a", os.O_RDONLY)
    a, b = SharedFile(fd), SharedFile(fd)
    assert a.read(3) == b"\0\1\2"
    assert b.seek(-2, os.SEEK_END) == 98
    assert (b.read(9), a.read(2), a.tell()) == (b"bc", b"\3\4", 5)
    os.close(fd)


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXTINF:10,\nsecret.mp4\n",
        "ffconcat version 1.0\nfile secret.mp4\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
    ],
)
def test_playlists_are_not_opened(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.mp4").write_text(text)
    fd = os.open(tmp_path / "list.mp4", os.O_RDONLY)
    with pytest.raises(MediaError) as error:
        open_container(fd)
    assert error.value.code == "media_unreadable"
    os.close(fd)


def test_sound_alone_is_no_clip(tmp_path: Path) -> None:
    import wave

    with wave.open(str(tmp_path / "a.wav"), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(bytes(8000))
    fd = os.open(tmp_path / "a.wav", os.O_RDONLY)
    with open_container(fd) as container, pytest.raises(MediaError) as error:
        video_stream(container)
    assert error.value.code == "media_no_video"
    os.close(fd)
