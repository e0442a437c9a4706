"""Keeping the tunnels' labels off each other, off the words of the wires and off the boxes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from raslab.notebook.picture.areas import box_area, label_area, overlapping, word_areas
from raslab.notebook.picture.drawing import Box, Tube, Wire

_STEP = 3
_FARTHEST = 120
_SHIFTS = [0, *(sign * size for size in range(_STEP, _FARTHEST, _STEP) for sign in (1, -1))]
"""0, then ever farther down and up."""


def labels_apart(tubes: list[Tube], wires: tuple[Wire, ...], boxes: Iterable[Box]) -> tuple[Tube, ...]:
    """The tubes with their labels moved up or down to the nearest free place."""
    taken = [area for wire in wires for area in word_areas(wire)]
    taken += map(box_area, boxes)
    placed = []
    for tube in tubes:
        tries = [replace(tube, label=(tube.label[0], round(tube.label[1] + shift, 1))) for shift in _SHIFTS]
        moved = next((one for one in tries if not any(overlapping(label_area(one), area) for area in taken)), tube)
        taken.append(label_area(moved))
        placed.append(moved)
    return tuple(placed)
