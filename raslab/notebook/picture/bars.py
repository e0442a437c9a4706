"""Bars: switches, drawn as the segment that joins the ports beside it."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_interface

from raslab.model.topology import NodeKind, Topology
from raslab.notebook.picture import measures, words
from raslab.notebook.picture.arrangement import Arrangement
from raslab.notebook.picture.boxes import Columns, Sheet
from raslab.notebook.picture.drawing import Bar


def place_bars(
    topology: Topology,
    arrangement: Arrangement,
    sheet: Sheet,
    columns: Columns,
    hidden: Mapping[str, int],
    owners: Mapping[str, str],
) -> dict[str, Bar]:
    """Every switch as a bar as long as the ports that it joins are apart; bars of one column do not overlap."""
    column_of = arrangement.columns
    captions = {node.name: _caption(topology, node.name, hidden) for node in topology.nodes if node.kind.is_switch}
    middle = _middle(sheet)
    wished = {name: _extent(topology, name, sheet, middle) for name in captions}
    bars: dict[str, Bar] = {}
    for group in _groups(arrangement, captions):
        for name, (top, bottom) in _apart(group, wished, captions).items():
            column = column_of[name]
            left = columns.x[column] + (columns.width[column] - measures.BAR_WIDTH) / 2
            bars[name] = Bar(
                name,
                round(left, 1),
                round(top, 1),
                measures.BAR_WIDTH,
                round(bottom - top, 1),
                captions[name],
                owners.get(name),
            )
    return {name: bars[name] for name in captions}


def _groups(arrangement: Arrangement, captions: Mapping[str, object]) -> list[list[str]]:
    """Switches by column of one side."""
    by_column: dict[int, list[str]] = {}
    for name, column in arrangement.columns.items():
        if name in captions:
            by_column.setdefault(column, []).append(name)
    return list(by_column.values())


def _extent(topology: Topology, switch: str, sheet: Sheet, middle: float) -> tuple[float, float]:
    """From the highest to the lowest port beside the switch."""
    heights = [
        sheet.boxes[far.node].port(far.name).y
        for link in topology.links
        for near, far in (link.ends, link.ends[::-1])
        if near.node == switch and far.node in sheet.boxes
    ]
    if not heights:
        return middle - measures.BAR_MINIMUM / 2, middle + measures.BAR_MINIMUM / 2
    below = max(len(words.wire(link)[1]) for link in topology.links if switch in (link.a.node, link.b.node))
    # The caption stands below the wires' words, of which a live picture always has one line.
    overhang = max(measures.BAR_OVERHANG, 8 + measures.LINE * max(below, 1))
    return min(heights) - measures.BAR_OVERHANG, max(heights) + overhang


def _apart(
    names: list[str], wished: Mapping[str, tuple[float, float]], captions: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[float, float]]:
    """The wished extents, cut or moved down until each leaves room for the caption of the one above."""
    placed: dict[str, tuple[float, float]] = {}
    ordered = sorted(names, key=lambda name: (sum(wished[name]), names.index(name)))
    for number, name in enumerate(ordered):
        top, bottom = wished[name]
        if number:
            above = ordered[number - 1]
            top = max(top, placed[above][1] + measures.LINE * len(captions[above]) + 2 * measures.LINE)
        if number + 1 < len(ordered):
            below = wished[ordered[number + 1]]
            room = measures.LINE * len(captions[name]) + 2 * measures.LINE
            bottom = min(bottom, max(sum(below) / 2 - measures.BAR_MINIMUM / 2 - room, top + measures.BAR_MINIMUM))
        placed[name] = top, max(bottom, top + 2 * measures.BAR_OVERHANG)
    return placed


def _caption(topology: Topology, switch: str, hidden: Mapping[str, int]) -> tuple[str, ...]:
    """Name, subnets and how many hosts are left out."""
    kinds = {node.name: node.kind for node in topology.nodes}
    subnets: dict[str, None] = {}
    for link in topology.links:
        for near, far in (link.ends, link.ends[::-1]):
            if near.node == switch and not kinds[far.node].is_switch:
                subnets |= dict.fromkeys(str(ip_interface(text).network) for text in far.addresses)
    kind = " (OVS)" if kinds[switch] is NodeKind.OVS else ""
    more = [f"and {hidden[switch]} more hosts"] if switch in hidden else []
    return (switch + kind, *list(subnets)[:_SUBNETS], *more)


_SUBNETS = 4


def _middle(sheet: Sheet) -> float:
    tops = [box.y for box in sheet.boxes.values()]
    bottoms = [box.y + box.height for box in sheet.boxes.values()]
    return (min(tops) + max(bottoms)) / 2 if tops else measures.MARGIN + measures.BAR_MINIMUM
