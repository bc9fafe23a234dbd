from __future__ import annotations

import av
from keyfollow.media import limits


def test_nothing_that_names_other_files_is_allowed() -> None:
    allowed = set(limits.DEMUXERS.split(","))
    assert not allowed & {"hls", "concat", "dash", "image2", "sdp", "rtsp", "imf", "lavfi", "tee", "webm_dash_manifest"}


def test_the_allow_lists_name_what_ffmpeg_has() -> None:
    formats = {part for name in av.formats_available for part in name.split(",")}
    assert {"mov", "matroska", "avi", "mpegts"} <= set(limits.DEMUXERS.split(",")) & formats
    assert {"h264", "hevc", "prores", "ffv1", "mpeg4"} <= set(limits.VIDEO_DECODERS.split(",")) & av.codecs_available
    assert set(limits.WHOLE_FRAME_PACKETS) - {"av1"} <= set(limits.VIDEO_DECODERS.split(","))
