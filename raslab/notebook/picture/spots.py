"""Where in a picture one clicks to choose something. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from raslab.notebook.picture import measures
from raslab.notebook.picture.areas import is_upright
from raslab.notebook.picture.drawing import Bar, Drawing, End, Wire

_BESIDE_BAR = 8
_WIRE_WIDTH, _WIRE_HEIGHT = 76, 34


@dataclass(frozen=True, slots=True)
class Spot:
    """A rectangle, in percent of the picture's width and height. what: a node's name, or the two ends of a link."""

    what: str | tuple[End, End]
    left: float
    top: float
    width: float
    height: float


def spots(drawing: Drawing) -> list[Spot]:
    """All spots; what comes later lies above what comes earlier."""
    return [*_of_wires(drawing), *_of_nodes(drawing)]


def _of_wires(drawing: Drawing) -> Iterator[Spot]:
    for wire in drawing.wires:
        left, top = _wire_corner(wire)
        yield Spot(wire.ends, *_percent(drawing, left, top, _WIRE_WIDTH, _WIRE_HEIGHT))


def _wire_corner(wire: Wire) -> tuple[float, float]:
    x, y = wire.label
    return (x if is_upright(wire) else x - _WIRE_WIDTH / 2), y - _WIRE_HEIGHT / 2


def _of_nodes(drawing: Drawing) -> Iterator[Spot]:
    for box in drawing.boxes:
        yield Spot(box.node, *_percent(drawing, box.x, box.y, box.width, box.height))
    for bar in drawing.bars:
        left, top, width, height = _around(bar)
        yield Spot(bar.node, *_percent(drawing, left, top, width, height))


def _around(bar: Bar) -> tuple[float, float, float, float]:
    """A bar is narrow: what is beside it and its name below count too."""
    width = bar.width + 2 * _BESIDE_BAR
    return bar.x - _BESIDE_BAR, bar.y, width, bar.height + measures.LINE


def _percent(drawing: Drawing, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    across, down = 100 / drawing.width, 100 / drawing.height
    return round(x * across, 2), round(y * down, 2), round(width * across, 2), round(height * down, 2)
