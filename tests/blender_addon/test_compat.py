"""What differs between versions, asked of this one."""

from __future__ import annotations

from pathlib import Path

import bpy
from keyfollow_testkit import stage
from keyfollow_testkit.stage import module, movie, strips


def test_strips_and_their_edges(footage: Path) -> None:
    compat = module("compat")
    strip = movie(str(footage / "rgb.mkv"), start=10)
    assert compat.active_strip(bpy.context) == strip or compat.FIVE
    assert compat.content(strip) == (10, 24) and compat.edges(strip) == (10, 34)
    strip.frame_offset_start = 4
    assert compat.edges(strip) == (14, 34)
    meta = strips().new_meta("meta", 5, 1)
    inner = compat.children(meta).new_movie("inner", str(footage / "rgb.mkv"), 1, 1)
    assert {s.name for s in compat.all_strips(bpy.context.scene)} == {"rgb", "meta", "inner"}
    assert inner in list(compat.siblings(bpy.context.scene, inner)) and strip in list(compat.siblings(bpy.context.scene, strip))
    assert [s.name for _, s in compat.every_strip()].count("inner") == 1


def test_an_effects_inputs(footage: Path) -> None:
    a, b = movie(str(footage / "rgb.mkv"), channel=1), movie(str(footage / "clip.mp4"), channel=2)
    cross = stage.effect("cross", 3, 1, 10, "CROSS", input1=a, input2=b)
    assert module("compat").inputs(cross) == [a, b] and module("compat").inputs(a) == []


def test_animation_is_found(footage: Path) -> None:
    compat, strip = module("compat"), movie(str(footage / "rgb.mkv"))
    assert compat.curves(bpy.context.scene) is None
    strip.keyframe_insert("blend_alpha", frame=1)
    assert len(compat.curves(bpy.context.scene)) == 1


def test_the_compositor_has_nodes() -> None:
    nodes = module("compat").compositor_nodes(bpy.context.scene)
    before = len(nodes)
    nodes.new("CompositorNodeImage")
    assert len(nodes) == before + 1
