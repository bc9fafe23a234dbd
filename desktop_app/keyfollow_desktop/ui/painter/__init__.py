"""The built-in painter, a mode of the viewer.

brush     dabs along a stroke: pure geometry, no Qt
canvas    the layers of one frame, their blending and undo: pixels only, no Qt
session   one frame being painted: the mouse and the pen on one side, the project on the other
bar       its tools and their options
"""
