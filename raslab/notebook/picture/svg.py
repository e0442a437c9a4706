"""From a drawing to SVG text, with or without what happens on it at the moment."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from raslab.notebook.picture import measures, style, words
from raslab.notebook.picture.areas import is_upright
from raslab.notebook.picture.drawing import Bar, Box, Drawing, Frame, Point, Port, Tube, Wire
from raslab.notebook.picture.live import LiveState, Load
from raslab.notebook.picture.tags import text

_BUSY = 0.02  # below this part of the rate, or of 1 Mbit/s, a link counts as idle
_MIDDLING, _HIGH = 0.4, 0.8
_GLOW = "stroke:var(--blue);stroke-opacity:.3;stroke-width:15;stroke-linecap:round;fill:none"


def to_svg(drawing: Drawing, state: LiveState | None = None) -> str:
    """The picture as one SVG element for a page; equal input gives equal text."""
    return "\n".join([_opening(drawing), *_parts(drawing, state), "</svg>"]) + "\n"


def _opening(drawing: Drawing) -> str:
    size = f'viewBox="0 0 {drawing.width:g} {drawing.height:g}"'
    wide = f'style="width:100%;max-width:{drawing.width:g}px;height:auto"'
    label = f'role="img" aria-label="{escape(drawing.title)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="raslab" {size} {wide} {label}>\n'
        f"<style>{style.THEME}{style.PICTURE}</style>"
    )


def _parts(drawing: Drawing, state: LiveState | None) -> Iterator[str]:
    asleep = state is not None and not state.running
    yield '<g class="asleep">' if asleep else "<g>"
    yield from map(_frame, drawing.frames)
    for wire in drawing.wires:
        if state is not None and state.chosen == frozenset(wire.ends):
            yield f'<path style="{_GLOW}" d="{_path(wire.path)}"/>'
        yield _wire(wire, state)
    for bar in drawing.bars:
        yield _bar(bar, drawing.legend)
    for tube in drawing.tubes:
        yield _tube(tube, drawing.legend, state)
    for box in drawing.boxes:
        yield _box(box, drawing.legend, state)
    for wire in drawing.wires:
        yield _wire_words(wire, state)
    for tube in drawing.tubes:
        yield _tube_words(tube, drawing.legend)
    yield "</g>"
    if drawing.legend:
        yield _legend(drawing)


def _frame(frame: Frame) -> str:
    return f'<rect class="frame" {_rectangle(frame.x, frame.y, frame.width, frame.height)} rx="10"/>'


# Nodes


def _box(box: Box, tenants: tuple[str, ...], state: LiveState | None) -> str:
    tint = _colour(box.tenant, tenants, "stroke")
    fill = _colour(box.tenant, tenants, "fill")
    right = box.x + box.width
    parts = [
        f'<g class="{box.role}">',
        f'<rect class="box" {_rectangle(box.x, box.y, box.width, box.height)} rx="6"{tint}/>',
        f'<path class="title" d="M{box.x:g} {box.y + measures.TITLE_HEIGHT:g}v{6 - measures.TITLE_HEIGHT:g}'
        f'a6 6 0 0 1 6 -6h{box.width - 12:g}a6 6 0 0 1 6 6v{measures.TITLE_HEIGHT - 6:g}z"{fill}/>',
        text(box.x + box.width / 2, box.y + 20, box.node, "name", "middle"),
    ]
    y = box.y + measures.TITLE_HEIGHT
    for number, port in enumerate(box.ports):
        height = (box.ports[number + 1].y + port.y) / 2 - y if number + 1 < len(box.ports) else 0
        if port.tenant:
            below = y + 2 * (port.y - y) if height else box.y + box.height
            tint = _colour(port.tenant, tenants, "fill")
            parts.append(f'<rect fill-opacity=".18" {_rectangle(box.x + 1, y, box.width - 2, below - y - 1)}{tint}/>')
        if number:
            parts.append(f'<path class="row" d="M{box.x:g} {y:g}H{right:g}"/>')
        parts += _port(box, port, state)
        y = y + 2 * (port.y - y) if height else y
    return "\n".join([*parts, "</g>"])


def _port(box: Box, port: Port, state: LiveState | None) -> Iterator[str]:
    left = box.x + measures.BOX_PADDING
    top = port.y - measures.LINE * (1 + len(port.addresses)) / 2
    yield text(left, top + 12, port.name, "intf mono")
    for number, address in enumerate(port.addresses, 1):
        yield text(left, top + 12 + measures.LINE * number, address, "mono")
    if state is not None:
        yield _spark(
            box.x + box.width - measures.BOX_PADDING - measures.SPARK_WIDTH, top + 1, state.load((box.node, port.name))
        )


def _spark(x: float, y: float, load: Load) -> str:
    """Traffic over time; its height is the most that there was."""
    points = spark_points(load.history, x, y, measures.SPARK_WIDTH, measures.SPARK_HEIGHT)
    return f'<polyline class="spark" points="{points}"/>'


def spark_points(history: tuple[float, ...], x: float, y: float, width: float, height: float) -> str:
    """A polyline through `history` in the given rectangle; the latest value is at the right edge."""
    if len(history) < 2:
        return f"{x:g},{y + height:g} {x + width:g},{y + height:g}"
    top = max(max(history), 1e-3)
    step = width / (len(history) - 1)
    return " ".join(
        f"{x + number * step:.1f},{y + height * (1 - value / top):.1f}" for number, value in enumerate(history)
    )


def _bar(bar: Bar, tenants: tuple[str, ...]) -> str:
    fill = _colour(bar.tenant, tenants, "fill")
    parts = [f'<rect class="bar" {_rectangle(bar.x, bar.y, bar.width, bar.height)} rx="5"{fill}/>']
    y = bar.y + bar.height + measures.LINE
    for number, line in enumerate(bar.caption):
        kind = "halo intf" if not number else "halo soft mono" if "/" in line else "halo soft"
        parts.append(text(bar.x + bar.width / 2, y + number * measures.LINE, line, kind, "middle"))
    return "\n".join(parts)


# Links


def _wire(wire: Wire, state: LiveState | None) -> str:
    if state is None:
        return f'<path class="wire" d="{_path(wire.path)}"/>'
    if state.is_cut(wire.ends):
        return f'<path class="wire cut" d="{_path(wire.path)}"/>'
    share, mbps = _busiest(wire, state)
    busy = share if share is not None else mbps
    width = 1.6 if busy < _BUSY else 2.6 + 3 * min(share or 0.3, 1)
    return f'<path class="wire {_level(share, mbps)}" style="stroke-width:{width:.1f}" d="{_path(wire.path)}"/>'


def _busiest(wire: Wire, state: LiveState) -> tuple[float | None, float]:
    """The utilisation of the busier direction, None where links have no rate, and its Mbit/s."""
    loads = [state.load(end) for end in wire.ends]
    shares = [load.utilisation for load in loads if load.utilisation is not None]
    return (max(shares) if shares else None), max(load.sent_mbps for load in loads)


def _level(share: float | None, mbps: float) -> str:
    if share is None:
        return "low" if mbps >= _BUSY else ""
    return "high" if share >= _HIGH else "middling" if share >= _MIDDLING else "low" if share >= _BUSY else ""


def _wire_words(wire: Wire, state: LiveState | None) -> str:
    x, y = wire.label
    if is_upright(wire):
        x, anchor = x + measures.UPRIGHT_INDENT, "start"
    else:
        anchor = "middle"
    if state is not None and state.is_cut(wire.ends):
        return text(x, y - 6, "cut", "alarm", anchor)
    above, below = (wire.above, wire.below) if state is None else _live_words(wire, state)
    parts = [
        text(x, y - 6 - measures.LINE * (len(above) - 1 - n), line, "halo", anchor) for n, line in enumerate(above)
    ]
    kind = "soft halo" if state is None else "halo"
    parts += [text(x, y + 16 + measures.LINE * n, line, kind, anchor) for n, line in enumerate(below)]
    return "\n".join(parts)


def _live_words(wire: Wire, state: LiveState) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Traffic to the right above the wire, to the left below it."""
    right, left = (state.load(end).sent_mbps for end in wire.ends)
    return (
        (f"{words.throughput(right)} ▸",) if right >= _SILENT else (),
        (f"◂ {words.throughput(left)}",) if left >= _SILENT else (),
    )


_SILENT = 0.001  # Mbit/s; less is nothing but the network's own housekeeping


# Tunnels


def _tube(tube: Tube, tenants: tuple[str, ...], state: LiveState | None) -> str:
    stroke = _colour(tube.tenant, tenants, "stroke")
    broken = " broken" if tube.ends[1] is None else ""
    cut = state is not None and not state.cut.isdisjoint([end for end in tube.ends if end])
    extra = " cut" if cut else broken
    path = _path(tube.path)
    return f'<path class="tube" d="{path}"{stroke}/>\n<path class="core{extra}" d="{path}"{stroke}/>'


def _tube_words(tube: Tube, tenants: tuple[str, ...]) -> str:
    x, y = tube.label
    width = measures.widest(tube.lines) + 12
    height = measures.LINE * len(tube.lines) + 4
    stroke = _colour(tube.tenant, tenants, "stroke")
    parts = [f'<rect class="plate" {_rectangle(x - width / 2, y - height / 2, width, height)} rx="5"{stroke}/>']
    parts += [
        text(x, y - height / 2 + 14 + measures.LINE * number, line, "", "middle")
        for number, line in enumerate(tube.lines)
    ]
    return "\n".join(parts)


# Small things


def _legend(drawing: Drawing) -> str:
    y = drawing.height - measures.LEGEND_HEIGHT / 2
    x = float(measures.MARGIN)
    parts = []
    for tenant in drawing.legend:
        fill = style.tenant_colour(tenant, drawing.legend)
        parts.append(f'<rect {_rectangle(x, y - 6, 12, 12)} rx="3" style="fill:{fill}"/>')
        parts.append(text(x + 18, y + 4, tenant, ""))
        x += 18 + measures.sans_width(tenant) + 24
    return "\n".join(parts)


def _colour(tenant: str | None, tenants: tuple[str, ...], what: str) -> str:
    return f' style="{what}:{style.tenant_colour(tenant, tenants)}"' if tenant else ""


def _rectangle(x: float, y: float, width: float, height: float) -> str:
    return f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'


def _path(points: tuple[Point, ...]) -> str:
    pairs = [f"{x:g} {y:g}" for x, y in points]
    if len(points) == 2:
        return f"M{pairs[0]}L{pairs[1]}"
    if len(points) == 4:
        return f"M{pairs[0]}C{' '.join(pairs[1:])}"
    return f"M{pairs[0]}L{pairs[1]}C{' '.join(pairs[2:5])}L{pairs[5]}"
