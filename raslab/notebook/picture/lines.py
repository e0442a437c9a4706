"""Lines between what is placed: wires of the underlay, tubes of the overlay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from raslab.model.topology import Interface, Link, Topology
from raslab.notebook.picture import measures, words
from raslab.notebook.picture.drawing import Bar, Box, Point, Tube, Wire
from raslab.notebook.picture.labels import labels_apart
from raslab.notebook.picture.overlay import Overlay

ColumnOf = Mapping[str, int]
_TOLERANCE = 0.5
_STUB = 46


def draw_wires(
    topology: Topology, columns: ColumnOf, boxes: Mapping[str, Box], bars: Mapping[str, Bar]
) -> tuple[Wire, ...]:
    """Every link, its first end on the left; level wherever both ends can be."""
    found = []
    for link in topology.links:
        if columns[link.a.node] > columns[link.b.node]:
            link = Link(link.b, link.a)
        near, far = link.ends
        path = _wire_path(near, far, columns, boxes, bars)
        above, below = words.wire(link)
        found.append(Wire(((near.node, near.name), (far.node, far.name)), path, _middle(path), above, below))
    return tuple(found)


def _wire_path(
    near: Interface, far: Interface, columns: ColumnOf, boxes: Mapping[str, Box], bars: Mapping[str, Bar]
) -> tuple[Point, ...]:
    if columns[near.node] == columns[far.node]:
        return _same_column(near, far, columns[near.node], boxes, bars)
    y_near, y_far = _height(near, boxes), _height(far, boxes)
    if near.node in bars:
        y_near = _clamp(y_far, bars[near.node])
    if far.node in bars:
        y_far = _clamp(y_near if y_near is not None else None, bars[far.node])
        if near.node in bars:
            y_near = _clamp(y_far, bars[near.node])
    assert y_near is not None
    assert y_far is not None
    return _curve((_right_edge(near.node, boxes, bars), y_near), (_left_edge(far.node, boxes, bars), y_far))


def _same_column(
    near: Interface, far: Interface, column: int, boxes: Mapping[str, Box], bars: Mapping[str, Bar]
) -> tuple[Point, ...]:
    """Between neighbours of one column: straight down if nothing is between them, else a bow towards the middle."""
    shapes: list[Box | Bar] = [boxes.get(end.node) or bars[end.node] for end in (near, far)]
    upper, lower = sorted(shapes, key=lambda shape: shape.y)
    if not _is_between(upper, lower, [*boxes.values(), *bars.values()]):
        x = round(upper.x + upper.width / 2, 1)
        return (x, round(upper.y + upper.height, 1)), (x, lower.y)
    edge = _left_edge if column > 0 else _right_edge
    out = -_STUB if column > 0 else _STUB
    ends = []
    for end in (near, far):
        bar = bars.get(end.node)
        y = _height(end, boxes) if bar is None else bar.y + bar.height / 2
        assert y is not None
        ends.append((edge(end.node, boxes, bars), y))
    return ends[0], (ends[0][0] + out, ends[0][1]), (ends[1][0] + out, ends[1][1]), ends[1]


def _is_between(upper: Box | Bar, lower: Box | Bar, shapes: Iterable[Box | Bar]) -> bool:
    """True if a shape of the same column lies between the two, or they overlap."""
    bottom = upper.y + upper.height
    same_column = [one for one in shapes if one.x < upper.x + upper.width and upper.x < one.x + one.width]
    return lower.y <= bottom or any(bottom <= one.y < lower.y for one in same_column)


def draw_tubes(
    tunnels: list[Overlay],
    columns: ColumnOf,
    boxes: Mapping[str, Box],
    middle: float,
    owners: Mapping[str, str],
    wires: tuple[Wire, ...],
) -> tuple[Tube, ...]:
    """Every tunnel from box to box through the middle, or as a stump if nothing answers."""
    found = []
    for tunnel in tunnels:
        near, far = tunnel.near, tunnel.far
        if far is not None and columns[near.node] > columns[far.node]:
            near, far = far, near
        start = _tunnel_port(near.node, near.name, columns, boxes)
        ends = (near.node, near.name), (far.node, far.name) if far else None
        owner = owners.get(f"{near.node}:{near.name}") or (owners.get(f"{far.node}:{far.name}") if far else None)
        if far is None:
            reach = measures.widest(tunnel.lines) + 32
            path: tuple[Point, ...] = (
                start,
                (round(start[0] + (reach if columns[near.node] <= 0 else -reach), 1), start[1]),
            )
        else:
            stop = _tunnel_port(far.node, far.name, columns, boxes)
            crosses = columns[near.node] < 0 < columns[far.node]
            path = _step(start, stop, middle) if crosses else _bow(start, stop, middle)
        found.append(Tube(ends, path, _middle(path), tunnel.lines, owner))
    return labels_apart(found, wires, boxes.values())


def _tunnel_port(node: str, interface: str, columns: ColumnOf, boxes: Mapping[str, Box]) -> Point:
    box = boxes[node]
    return (round(box.x + box.width, 1) if columns[node] <= 0 else box.x), box.port(interface).y


def _curve(start: Point, stop: Point) -> tuple[Point, ...]:
    """A straight line between equal heights, else a curve that leaves and arrives level."""
    if abs(start[1] - stop[1]) < _TOLERANCE:
        return start, (stop[0], start[1])
    half = round((start[0] + stop[0]) / 2, 1)
    return start, (half, start[1]), (half, stop[1]), stop


def _step(start: Point, stop: Point, middle: float) -> tuple[Point, ...]:
    """Level on both sides, where wires have their words, with the change of height in the middle."""
    if abs(start[1] - stop[1]) < _TOLERANCE:
        return start, (stop[0], start[1])
    left, right = round(middle - _STEP, 1), round(middle + _STEP, 1)
    return start, (left, start[1]), (middle + 2, start[1]), (middle - 2, stop[1]), (right, stop[1]), stop


_STEP = 26


def _bow(start: Point, stop: Point, middle: float) -> tuple[Point, ...]:
    """A curve between boxes of one side that passes the middle of the picture."""
    reach = round(start[0] + (middle - start[0]) * 4 / 3, 1)  # a cubic curve reaches three quarters of the way
    return start, (reach, start[1]), (reach, stop[1]), stop


def _middle(path: tuple[Point, ...]) -> Point:
    """The point halfway along a path."""
    core = path[1:5] if len(path) == 6 else path
    weights = (0.5, 0.5) if len(core) == 2 else (0.125, 0.375, 0.375, 0.125)
    x = sum(weight * point[0] for weight, point in zip(weights, core, strict=True))
    y = sum(weight * point[1] for weight, point in zip(weights, core, strict=True))
    return round(x, 1), round(y, 1)


def _height(end: Interface, boxes: Mapping[str, Box]) -> float | None:
    return boxes[end.node].port(end.name).y if end.node in boxes else None


def _clamp(y: float | None, bar: Bar) -> float:
    """The height on the bar nearest to `y`."""
    if y is None:
        return round(bar.y + bar.height / 2, 1)
    return min(max(y, bar.y + 8), bar.y + bar.height - 8)


def _left_edge(node: str, boxes: Mapping[str, Box], bars: Mapping[str, Bar]) -> float:
    return (boxes.get(node) or bars[node]).x


def _right_edge(node: str, boxes: Mapping[str, Box], bars: Mapping[str, Bar]) -> float:
    shape = boxes.get(node) or bars[node]
    return round(shape.x + shape.width, 1)
