"""What a file from outside may be and cost: allow-lists for FFmpeg, caps on pixels and frames, deadlines. No code."""

from __future__ import annotations

MAX_PIXELS = 1 << 26
"""64 megapixels: 8K DCI is 35. Checked before anything is decoded."""
MAX_FRAMES = 2_000_000
"""Nine hours at 60 frames per second."""
MAX_IMAGE_BYTES = 1 << 30
"""One encoded still: 64 megapixels of 16-bit RGBA, uncompressed, are half of it."""
ADDRESS_SPACE = 6 << 30
CPU_SECONDS = 120
"""Per request, so that a child whose client died mid-request ends too."""
DEADLINE_S = 4.0
"""Longest silence of a child that somebody waits for: it speaks at every packet it gets through."""

DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,mxf,nut,ogg,flv,asf,gif,"
    "yuv4mpegpipe,h264,hevc,m4v,dv,ivf,wav,w64,aiff,flac,mp3,aac"
)
"""No playlist (hls, dash, concat, imf…), no image2: nothing that names another file."""
VIDEO_DECODERS = (
    "h264,hevc,libdav1d,av1,vp8,vp9,libvpx-vp9,libvpx,mpeg1video,mpeg2video,mpeg4,msmpeg4v1,msmpeg4v2,msmpeg4,h263,h263i,flv,"
    "wmv1,wmv2,wmv3,vc1,theora,prores,dnxhd,cfhd,mjpeg,mjpegb,ffv1,huffyuv,ffvhuff,utvideo,magicyuv,rawvideo,v210,v308,v408,"
    "v410,r210,r10k,qtrle,png,gif,cinepak,svq1,svq3,dvvideo,jpeg2000,hap,vp6,vp6f,vp6a,tiff,exr,dpx"
)
AUDIO_DECODERS = (
    "aac,aac_latm,alac,mp1,mp1float,mp2,mp2float,mp3,mp3float,ac3,eac3,opus,libopus,vorbis,flac,truehd,dca,wmav1,wmav2,wavpack,"
    "adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,pcm_alaw,pcm_mulaw,pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,"
    "pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_bluray,pcm_dvd"
)
WHOLE_FRAME_PACKETS = frozenset(
    [
        "h264",
        "hevc",
        "av1",
        "vp9",
        "prores",
        "dnxhd",
        "cfhd",
        "mjpeg",
        "ffv1",
        "huffyuv",
        "ffvhuff",
        "utvideo",
        "magicyuv",
        "rawvideo",
        "v210",
        "qtrle",
        "png",
        "mpeg4",
        "hap",
    ]
)
"""Codecs of which one packet in a QuickTime or Matroska file is one shown frame: their frames are counted without decoding."""
