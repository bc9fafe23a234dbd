from __future__ import annotations

from dataclasses import replace

import pytest
from keyfollow.errors import UsageError
from keyfollow.frames import Colour
from keyfollow.media.info import MediaInfo
from keyfollow.media.targets import choose, subsampling

UNTAGGED = Colour()


def info(
    pixel_format: str = "yuv420p",
    dtype: str = "uint8",
    depth: int = 8,
    size: tuple[int, int] = (64, 48),
    colour: Colour = UNTAGGED,
    rotation: int = 0,
) -> MediaInfo:
    return MediaInfo(
        kind="video", width=size[0], height=size[1], frames=1, rate=(24, 1), time_base=(1, 24), pts=(0,), dtype=dtype, channels=3,
        depth=depth, pixel_format=pixel_format, colour=colour, rotation=rotation,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("source", "suffix", "alpha", "expected"),
    [
        (info(), ".mp4", False, ("libx264", "yuv420p")),
        (info("yuv422p10le", "uint16", 10), ".mp4", False, ("libx264", "yuv422p10le")),
        (info("p010le", "uint16", 10), ".m4v", False, ("libx264", "yuv420p10le")),
        (info("rgb24"), ".mp4", False, ("libx264", "yuv420p")),
        (info(size=(718, 718)), ".mp4", False, ("libx264", "yuv420p")),
        (info(size=(719, 401)), ".mp4", False, ("libx264", "yuv444p")),
        (info("yuv422p", size=(720, 401)), ".mp4", False, ("libx264", "yuv422p")),
        (info(), ".mov", False, ("prores_ks", "yuv422p10le")),
        (info(), ".MOV", True, ("prores_ks", "yuva444p10le")),
        (info("yuv444p12le", "uint16", 12), ".mov", False, ("prores_ks", "yuv444p10le")),
        (info(), ".mkv", False, ("ffv1", "bgr0")),
        (info(), ".mkv", True, ("ffv1", "bgra")),
        (info("yuv420p10le", "uint16", 10), ".mkv", False, ("ffv1", "gbrp16le")),
        (info("gbrpf32le", "float16", 16), ".mp4", False, ("libx264", "yuv420p10le")),
    ],
)
def test_the_suffix_and_the_source_decide(source: MediaInfo, suffix: str, alpha: bool, expected: tuple[str, str]) -> None:
    target = choose(suffix, source, alpha=alpha)
    assert (target.encoder, target.pixel_format) == expected


def test_h265_keeps_twelve_bits_and_takes_the_tag_that_players_want() -> None:
    target = choose(".mp4", info("yuv420p12le", "uint16", 12), alpha=False, codec="h265")
    assert (target.pixel_format, target.codec_tag, target.bits) == ("yuv420p12le", "hvc1", 12)


@pytest.mark.parametrize(
    ("suffix", "alpha", "dtype", "codec", "code"),
    [
        (".gif", False, "uint8", None, "unknown_output_format"),
        ("", False, "uint8", None, "unknown_output_format"),
        (".mp4", True, "uint8", None, "no_alpha_in_format"),
        (".mkv", False, "float16", None, "no_float_in_format"),
        (".mp4", False, "uint8", "prores", "codec_not_in_format"),
    ],
)
def test_what_does_not_go_is_said_with_a_remedy(suffix: str, alpha: bool, dtype: str, codec: str | None, code: str) -> None:
    with pytest.raises(UsageError) as error:
        choose(suffix, info(dtype=dtype), alpha=alpha, codec=codec)  # type: ignore[arg-type]
    assert error.value.code == code and error.value.remedy


def test_whose_transparency_it_is_that_does_not_go_is_said() -> None:
    for channels, says in ((4, "The source has transparency"), (3, "The edit alone comes with transparency")):
        with pytest.raises(UsageError, match=says) as error:
            choose(".mp4", replace(info(), channels=channels), alpha=True)
        assert ".mov" in error.value.remedy and ".mkv" in error.value.remedy


def test_matrix_and_range_are_the_sources() -> None:
    tagged = choose(".mp4", info(colour=Colour("bt2020nc", "pc", "bt2020", "arib-std-b67")), alpha=False)
    assert (tagged.matrix, tagged.full, tagged.tags) == ("bt2020nc", True, (9, 2, 9, 18))
    untagged = choose(".mp4", info(), alpha=False)
    assert (untagged.matrix, untagged.full, untagged.tags) == ("smpte170m", False, (2, 1, 2, 2))
    assert choose(".mp4", info("rgb24"), alpha=False).tags[0] == 6
    assert choose(".mkv", info(), alpha=False).tags[:2] == (0, 2)


def test_a_turned_untagged_clip_gets_the_tag_that_keeps_its_colours() -> None:
    # stored with 1080 lines, shown with 600: a reader of the output would guess otherwise
    assert choose(".mp4", info(size=(1080, 600), rotation=90), alpha=False).tags[0] == 1


@pytest.mark.parametrize(
    ("name", "chroma"),
    [
        ("nv12", "420"),
        ("yuvj422p", "422"),
        ("yuv440p", "444"),
        ("yuv411p", "422"),
        ("gbrp", "420"),
        ("gray", "420"),
        ("", "420"),
    ],
)
def test_subsampling(name: str, chroma: str) -> None:
    assert subsampling(info(name)) == chroma
