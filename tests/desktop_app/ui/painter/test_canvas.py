from __future__ import annotations

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.ui.painter.brush import Path, Point
from keyfollow_desktop.ui.painter.canvas import NOTHING, Canvas, Ink, Plane, Rect

FORMS = [("uint8", 3), ("uint16", 3), ("float16", 3), ("uint8", 4)]


def picture(dtype: str = "uint8", channels: int = 3) -> FrameBuffer:
    """200 x 300 of noise."""
    noise = np.random.default_rng(1).random((200, 300, channels))
    white = {"uint8": 255, "uint16": 65535, "float16": 1}[dtype]
    return FrameBuffer((noise * white).astype(dtype), 8 if dtype == "uint8" else 16)


def stroke(canvas: Canvas, plane: Plane = "edit", ink: Ink = "paint", size: float = 40, **more: object) -> Rect:
    """From (60, 60) to (150, 60)."""
    hardness = 0.0 if more.pop("soft", False) else 1.0
    canvas.begin(plane, ink, **more)  # type: ignore[arg-type]
    path = Path(size, hardness)
    rect = NOTHING
    for dabs in (path.to(Point(60, 60)), path.to(Point(150, 60)), path.finish()):
        rect = rect.around(canvas.dab(dabs))
    canvas.end()
    return rect


@pytest.mark.parametrize(("dtype", "channels"), FORMS)
def test_what_is_not_painted_is_the_source_bit_for_bit(dtype: str, channels: int) -> None:
    source = picture(dtype, channels)
    canvas = Canvas(source)
    assert canvas.result().pixels.tobytes() == source.pixels.tobytes()
    rect = stroke(canvas, colour=(1.0, 0.5, 0.0), soft=True)
    made = canvas.result().pixels
    outside = np.ones((200, 300), bool)
    outside[rect.top : rect.bottom, rect.left : rect.right] = False
    assert (made[outside] == source.pixels[outside]).all()
    assert np.allclose(made[60, 100, :3].astype(float) / source.white, (1, 0.5, 0), atol=0.01)
    assert made.dtype == source.pixels.dtype and (made[..., 3:] == source.pixels[..., 3:]).all()


def test_a_stroke_of_half_opacity_mixes_once_where_it_crosses_itself() -> None:
    source = FrameBuffer(np.zeros((200, 300, 3), np.uint8))
    canvas = Canvas(source)
    canvas.begin("edit", "paint", colour=(1, 1, 1), opacity=0.5)
    path = Path(40, 1.0)
    for x in (60, 150, 60):
        canvas.dab(path.to(Point(x, 60)))
    canvas.end()
    assert set(np.unique(canvas.result().pixels[50:70, 80:120])) == {128}
    stroke(canvas, colour=(1, 1, 1), opacity=0.5)
    assert set(np.unique(canvas.result().pixels[50:70, 80:120])) == {192}


@pytest.mark.parametrize(("dtype", "channels"), FORMS)
def test_the_eraser_brings_the_source_back(dtype: str, channels: int) -> None:
    source = picture(dtype, channels)
    canvas = Canvas(source)
    stroke(canvas, colour=(1, 0, 0))
    stroke(canvas, ink="erase", size=80)
    assert (canvas.result().pixels == source.pixels).all()


@pytest.mark.parametrize("dtype", ["uint8", "float16"])
def test_a_clone_takes_what_was_there_before_the_stroke(dtype: str) -> None:
    source = picture(dtype)
    canvas = Canvas(source)
    stroke(canvas, ink="clone", shift=(20, 30))
    made = canvas.result().pixels
    # inside the stroke, also where the place it takes from was painted by the stroke itself
    assert (made[45:75, 70:140] == source.pixels[75:105, 90:160]).all()
    stroke(canvas, ink="clone", shift=(0, -100))
    assert (canvas.result().pixels == made).all()


def test_a_fill_stops_where_the_colour_does() -> None:
    pixels = np.zeros((200, 300, 3), np.uint8)
    pixels[50:100, 50:100] = 200
    pixels[60:70, 60:70] = 0
    canvas = Canvas(FrameBuffer(pixels))
    rect = canvas.flood("edit", 55, 55, 0.05, "paint", (0, 1, 0), 1.0)
    assert rect == Rect(50, 50, 100, 100)
    made = canvas.result().pixels
    assert (made[50, 50] == (0, 255, 0)).all() and (made[65, 65] == 0).all() and (made[40, 40] == 0).all()
    assert canvas.flood("edit", 400, 10, 0.1, "paint", (0, 0, 0), 1.0) == NOTHING


def test_a_result_becomes_the_edit_layer_and_can_be_erased() -> None:
    source = picture()
    edited = source.pixels.copy()
    edited[20:80, 20:100] = 255 - edited[20:80, 20:100]
    canvas = Canvas(source, FrameBuffer(edited))
    assert (canvas.result().pixels == edited).all() and not canvas.painted
    stroke(canvas, ink="erase", size=300)
    assert (canvas.result().pixels[20:80, 20:100] == source.pixels[20:80, 20:100]).all()


def test_undo_and_redo_of_both_planes() -> None:
    canvas = Canvas(picture())
    states = [canvas.result().pixels.tobytes()]
    stroke(canvas, colour=(1, 0, 0))
    states.append(canvas.result().pixels.tobytes())
    stroke(canvas, plane="mask")
    canvas.flood("edit", 0, 0, 1.0, "paint", (0, 0, 1), 1.0)
    assert canvas.painted == {"edit", "mask"} and canvas.mask[60, 100] == 255
    canvas.undo()
    assert canvas.result().pixels.tobytes() == states[1]
    canvas.undo()
    assert not canvas.mask.any()
    canvas.undo()
    assert canvas.result().pixels.tobytes() == states[0] and not canvas.can_undo and not canvas.painted
    canvas.redo()
    canvas.redo()
    assert canvas.mask[60, 100] == 255 and canvas.result().pixels.tobytes() == states[1]
    stroke(canvas)
    assert not canvas.can_redo


def test_mask_strokes_add_and_take_away_and_are_seen() -> None:
    canvas = Canvas(picture(), mask=np.full((200, 300), 7, np.uint8), show_mask=True)
    before = canvas.shown.copy()
    stroke(canvas, plane="mask", opacity=0.5)
    assert canvas.mask[60, 100] == 131 and canvas.mask[0, 0] == 7
    assert (canvas.shown != before).any() and (canvas.result().pixels == canvas.source.pixels).all()
    stroke(canvas, plane="mask", ink="erase")
    assert canvas.mask[60, 100] == 0
    canvas.clear("mask")
    assert not canvas.mask.any()


def test_only_the_rectangle_that_a_dab_tells_of_changes_on_the_screen() -> None:
    canvas = Canvas(picture())
    before = canvas.shown.copy()
    rect = stroke(canvas, colour=(0, 1, 0), size=10)
    changed = (canvas.shown != before).any(axis=2)
    changed[rect.top : rect.bottom, rect.left : rect.right] = False
    assert not changed.any() and (rect.right - rect.left) * (rect.bottom - rect.top) < 2500


def test_a_picture_is_laid_with_its_alpha_and_cut_at_the_border() -> None:
    canvas = Canvas(picture())
    logo = np.zeros((40, 40, 4), np.uint8)
    logo[10:30, 10:30] = 255
    canvas.place(logo, 280, -15)
    made = canvas.result().pixels
    assert (made[0:15, 290:300] == 255).all() and (made[16:] == canvas.source.pixels[16:]).all()
    assert canvas.place(logo, 400, 400) == NOTHING
