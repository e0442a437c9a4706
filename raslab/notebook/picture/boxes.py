"""Boxes: how big each node is, and where it stands in its column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from raslab.model.topology import Interface, NodeKind, Topology, Tunnel, Vlan
from raslab.notebook.picture import measures
from raslab.notebook.picture.arrangement import Arrangement, Site, gateways_of
from raslab.notebook.picture.drawing import Box, Port, Role

Row = tuple[str, tuple[str, ...]]
"""An interface and its addresses."""
_SPARK = measures.SPARK_WIDTH + 10


@dataclass(frozen=True, slots=True)
class Content:
    """What is written in a box: a row (name, addresses) per interface, and the width that it takes."""

    role: Role
    rows: tuple[Row, ...]
    width: float

    @property
    def height(self) -> float:
        """Title and rows."""
        return measures.TITLE_HEIGHT + sum(map(_row_height, self.rows))

    def port_offset(self, interface: str) -> float:
        """Middle of an interface's row, counted from the top of the box."""
        here = float(measures.TITLE_HEIGHT)
        for row in self.rows:
            if row[0] == interface:
                return here + _row_height(row) / 2
            here += _row_height(row)
        raise KeyError(interface)


@dataclass(frozen=True, slots=True)
class Columns:
    """Left edge and width of each column, x of the picture's middle, and the width of the whole."""

    x: dict[int, float]
    width: dict[int, float]
    middle: float
    total: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """Boxes in their places, and top and bottom of each site."""

    boxes: dict[str, Box]
    site_extents: tuple[tuple[float, float], ...]


def content_of(topology: Topology) -> dict[str, Content]:
    """The content of every node that is drawn as a box."""
    gateways = set(gateways_of(topology)) if topology.tunnels else set()
    found: dict[str, Content] = {}
    for node in topology.nodes:
        if node.kind.is_switch:
            continue
        role: Role = "gateway" if node.name in gateways else "router" if node.kind is NodeKind.ROUTER else "host"
        interfaces: list[Interface | Tunnel] = [one for one in topology.tunnels if one.node == node.name]
        interfaces += [end for link in topology.links for end in link.ends if end.node == node.name]
        rows = tuple((row.name, row.addresses) for one in interfaces for row in (one, *_vlans_of(topology, one)))
        texts = [measures.mono_width(text) for _, addresses in rows for text in addresses]
        texts += [measures.mono_width(name) + _SPARK for name, _ in rows]
        texts.append(measures.sans_width(node.name, measures.NAME_SIZE))
        width = max(measures.BOX_MINIMUM, *texts) + 2 * measures.BOX_PADDING
        found[node.name] = Content(role, rows, round(width, 1))
    return found


def _vlans_of(topology: Topology, parent: Interface | Tunnel) -> list[Vlan]:
    """They stand below their parent."""
    end = (parent.node, parent.name)
    return [one for one in topology.devices if isinstance(one, Vlan) and (one.node, one.parent) == end]


def place_boxes(
    topology: Topology,
    arrangement: Arrangement,
    contents: dict[str, Content],
    columns: Columns,
    owners: Mapping[str, str],
) -> Sheet:
    """Stack the sites of each side around the height of the picture's middle, and the transport network's boxes."""
    sites = [_site_stack(topology, site, contents) for site in arrangement.sites]
    transport = _stacked(list(arrangement.transport), contents, measures.TRANSPORT_GAP)
    sides = {left: [n for n, site in enumerate(arrangement.sites) if site.is_left is left] for left in (True, False)}
    heights = {
        left: sum(sites[n].height for n in numbers) + measures.SITE_GAP * max(len(numbers) - 1, 0)
        for left, numbers in sides.items()
    }
    middle = measures.MARGIN + max(*heights.values(), transport.height) / 2
    tops: dict[str, float] = {}
    extents = {}
    for left, numbers in sides.items():
        here = middle - heights[left] / 2
        for number in numbers:
            site = sites[number]
            tops |= {name: top + here for name, top in site.tops.items()}
            extents[number] = round(here, 1), round(here + site.height, 1)
            here += site.height + measures.SITE_GAP
    # Tunnels pass over the transport network's boxes, not through them.
    tunnels = [tops[one.node] + contents[one.node].port_offset(one.name) for one in topology.tunnels]
    highest = max([middle - transport.height / 2, *(height + measures.TUNNEL_CLEARANCE for height in tunnels)])
    tops |= {name: top + highest for name, top in transport.tops.items()}
    # If that left room above everything, it all moves up.
    room = 0.0
    if transport.tops and highest > middle - transport.height / 2:
        room = round(min([highest, *(top for top, _ in extents.values())]) - measures.MARGIN, 1)
    tops = {name: top - room for name, top in tops.items()}
    extents = {number: (round(top - room, 1), round(end - room, 1)) for number, (top, end) in extents.items()}
    column_of = arrangement.columns
    boxes = {
        node.name: _box(node.name, contents[node.name], columns, column_of[node.name], tops[node.name], owners)
        for node in topology.nodes
        if node.name in contents
    }
    return Sheet(boxes, tuple(extents[number] for number in range(len(sites))))


@dataclass(frozen=True, slots=True)
class _Stack:
    """Tops of boxes, counted from the top of their site, and the site's height."""

    tops: dict[str, float]
    height: float


def _site_stack(topology: Topology, site: Site, contents: dict[str, Content]) -> _Stack:
    """Columns from the gateways outward, each shifted so that its wires run as level as they can."""
    tops: dict[str, float] = {}
    for column in sorted(set(site.column.values()), key=abs):
        names = [name for name in site.column if site.column[name] == column]
        stack = _stacked(names, contents)
        shifts = [
            there - here - stack.tops[name]
            for name in stack.tops
            for here, there in _facing_ports(topology, name, tops, contents)
        ]
        middle = sum(shifts) / len(shifts) if shifts else -stack.height / 2
        tops |= {name: top + middle for name, top in stack.tops.items()}
    bottoms = [top + contents[name].height for name, top in tops.items()]
    bottoms += _caption_bottoms(topology, site, tops, contents)
    padding = measures.SITE_PADDING if len(site.column) > 1 else 0
    highest = min(tops.values(), default=0.0)
    bars = len([name for name in site.column if name not in contents])
    lowest = max([*bottoms, highest + bars * (measures.BAR_MINIMUM + 4 * measures.LINE)])
    return _Stack(
        {name: top - highest + padding for name, top in tops.items()}, round(lowest - highest + 2 * padding, 1)
    )


def _stacked(names: list[str], contents: dict[str, Content], gap: float = measures.BOX_GAP) -> _Stack:
    """Boxes below each other, from 0."""
    tops: dict[str, float] = {}
    here = 0.0
    for name in names:
        if name in contents:
            tops[name] = here
            here += contents[name].height + gap
    return _Stack(tops, max(here - gap, 0.0))


def _facing_ports(
    topology: Topology, node: str, tops: Mapping[str, float], contents: dict[str, Content]
) -> list[tuple[float, float]]:
    """For each wire of the node that leads, perhaps through one switch, to a placed box: where the port is in the
    node's own box, and the height of the port over there.
    """
    found = []
    for near, far in _directed(topology):
        if near.node != node:
            continue
        others = [far] if far.node in contents else [end for hub, end in _directed(topology) if hub.node == far.node]
        for other in others:
            if other.node in tops:
                here = contents[node].port_offset(near.name)
                found.append((here, tops[other.node] + contents[other.node].port_offset(other.name)))
    return found


def _caption_bottoms(
    topology: Topology, site: Site, tops: Mapping[str, float], contents: dict[str, Content]
) -> list[float]:
    """How far down the captions of a site's switches may reach."""
    lines = measures.BAR_OVERHANG + 4 * measures.LINE
    return [
        tops[far.node] + contents[far.node].port_offset(far.name) + lines
        for near, far in _directed(topology)
        if near.node in site.column and near.node not in contents and far.node in tops
    ]


def _directed(topology: Topology) -> list[tuple[Interface, Interface]]:
    """Every link, seen from both ends."""
    return [pair for link in topology.links for pair in (link.ends, link.ends[::-1])]


def _box(name: str, content: Content, columns: Columns, column: int, top: float, owners: Mapping[str, str]) -> Box:
    ports = tuple(
        Port(interface, round(top + content.port_offset(interface), 1), addresses, owners.get(f"{name}:{interface}"))
        for interface, addresses in content.rows
    )
    return Box(
        name,
        content.role,
        columns.x[column],
        round(top, 1),
        columns.width[column],
        content.height,
        ports,
        owners.get(name),
    )


def _row_height(row: Row) -> float:
    return max(measures.PORT_MINIMUM, measures.LINE * (1 + len(row[1])) + measures.PORT_PADDING)
