"""Let one strip look like another: everything of its picture that Blender lets an add-on copy."""

from __future__ import annotations

from typing import Any

from . import compat

_PLAIN = (
    "blend_type",
    "blend_alpha",
    "alpha_mode",
    "color_multiply",
    "color_saturation",
    "multiply_alpha",
    "use_flip_x",
    "use_flip_y",
    "use_float",
    "use_linear_modifiers",
    "color_tag",
)
_GROUPS = ("transform", "crop", "colorspace_settings")


def copy(scene: Any, source: Any, target: Any) -> list[str]:
    """Give `target` the look of `source`; returns what could not be copied, in words."""
    for name in _PLAIN:
        if hasattr(source, name) and hasattr(target, name):
            setattr(target, name, getattr(source, name))
    for name in _GROUPS:
        if hasattr(source, name) and hasattr(target, name):
            _copy_properties(getattr(source, name), getattr(target, name))
    with compat.shown(scene) as possible:
        missing = [f"the modifier {m.name}" for m in source.modifiers if not (possible and _copy_modifier(m, target))]
    if getattr(source, "use_deinterlace", False):
        missing.append("deinterlacing")
    _copy_animation(scene, source, target)
    return missing


def _copy_properties(source: Any, target: Any) -> None:
    for prop in source.bl_rna.properties:
        if prop.identifier in ("rna_type", "name"):
            continue
        value = getattr(source, prop.identifier)
        if prop.type == "POINTER":
            if prop.identifier == "curve_mapping":
                _copy_curves(value, target.curve_mapping)
            elif value is not None and not prop.is_readonly:
                setattr(target, prop.identifier, value)
            elif value is not None:
                _copy_properties(value, getattr(target, prop.identifier))
        elif not prop.is_readonly and prop.type != "COLLECTION":
            setattr(target, prop.identifier, value)


def _copy_modifier(modifier: Any, target: Any) -> bool:
    made = target.modifiers.new(modifier.name, modifier.type)
    if made is None:
        return False
    _copy_properties(modifier, made)
    return True


def _copy_curves(source: Any, target: Any) -> None:
    for name in (
        "black_level",
        "white_level",
        "clip_min_x",
        "clip_min_y",
        "clip_max_x",
        "clip_max_y",
        "use_clip",
        "extend",
        "tone",
    ):
        if hasattr(source, name):
            setattr(target, name, getattr(source, name))
    for old, new in zip(source.curves, target.curves, strict=True):
        while len(new.points) > len(old.points):
            new.points.remove(new.points[-1])
        while len(new.points) < len(old.points):
            new.points.new(0.5, 0.5)
        for a, b in zip(old.points, new.points, strict=True):
            b.location, b.handle_type = a.location, a.handle_type
    target.update()


def _copy_animation(scene: Any, source: Any, target: Any) -> None:
    """Animated properties: curves are the scene's, named by the strip's path."""
    curves = compat.curves(scene)
    if curves is None:
        return
    old, new = source.path_from_id(), target.path_from_id()
    for curve in [c for c in curves if c.data_path.startswith(old + ".")]:
        made = curves.new(new + curve.data_path[len(old) :], index=curve.array_index)
        made.extrapolation = curve.extrapolation
        made.keyframe_points.add(len(curve.keyframe_points))
        for a, b in zip(curve.keyframe_points, made.keyframe_points, strict=True):
            _copy_properties(a, b)
