"""The areas that a drawing covers with boxes, labels and words: what must not lie on each other."""

from __future__ import annotations

from dataclasses import dataclass

from raslab.notebook.picture import measures
from raslab.notebook.picture.drawing import Bar, Box, Drawing, Tube, Wire


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle; `what` is written or drawn there."""

    what: str
    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: Area) -> bool:
        """True if `other` lies inside."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


def overlapping(one: Area, other: Area) -> bool:
    """True if two areas have more than an edge in common."""
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom


def areas(drawing: Drawing) -> list[Area]:
    """Everything in a drawing that has to stay readable."""
    found = [box_area(box) for box in drawing.boxes]
    found += [caption_area(bar) for bar in drawing.bars]
    found += [area for wire in drawing.wires for area in word_areas(wire)]
    found += [label_area(tube) for tube in drawing.tubes]
    return found


def box_area(box: Box) -> Area:
    """A node's box."""
    return Area(box.node, box.x, box.y, box.x + box.width, box.y + box.height)


def caption_area(bar: Bar) -> Area:
    """What stands below a bar."""
    half = measures.widest(bar.caption) / 2
    middle, top = bar.x + bar.width / 2, bar.y + bar.height + 3
    return Area(f"caption of {bar.node}", middle - half, top, middle + half, top + measures.LINE * len(bar.caption) + 1)


def word_areas(wire: Wire) -> list[Area]:
    """What stands above and below a wire."""
    x, y = wire.label
    found = []
    upright = is_upright(wire)
    for lines, top, bottom in (
        (wire.above, y - 2 - measures.LINE * len(wire.above), y - 3),
        (wire.below, y + 5, y + 4 + measures.LINE * len(wire.below)),
    ):
        if lines:
            half = measures.widest(lines) / 2
            what = f"words of {wire.ends[0][0]} - {wire.ends[1][0]}"
            left = x + measures.UPRIGHT_INDENT if upright else x - half
            found.append(Area(what, round(left, 1), top, round(left + 2 * half, 1), bottom))
    return found


def label_area(tube: Tube) -> Area:
    """The plate in the middle of a tunnel."""
    x, y = tube.label
    half_width = measures.widest(tube.lines) / 2 + 6
    half_height = measures.LINE * len(tube.lines) / 2 + 2
    return Area(f"label of {tube.ends[0]}", x - half_width, y - half_height, x + half_width, y + half_height)


def is_upright(wire: Wire) -> bool:
    """True for a wire that runs straight down: its words stand beside it."""
    return len(wire.path) == 2 and wire.path[0][0] == wire.path[1][0]
