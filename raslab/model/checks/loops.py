"""Loops of switches, in which a broadcast circles for ever, as a frame of Ethernet has no time to live.

A frame is followed with its tag on the wire: a ring of wires is no loop if no VLAN goes all the way round. One switch
with the spanning tree protocol breaks every loop that it is on, as the others pass its messages on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from raslab.model.checks.facts import Facts
from raslab.model.port_vlans import heeding, vlans_of
from raslab.model.switching import Bridge
from raslab.model.topology import Interface, Link, Node, NodeKind, Topology

Segment = tuple[str, int]
"""One VLAN of one switch; of a switch that heeds none, the frames with one tag. 0 is no tag."""
UNTAGGED = 0


def check(facts: Facts) -> Iterator[str]:
    """One sentence for each wire that closes a loop."""
    topology = facts.topology
    heeded = heeding(topology)
    ends = [end for link in topology.links for end in link.ends]
    tags = {UNTAGGED, *(tag for end in ends for tag in (*end.vlans, end.untagged_vlan or UNTAGGED))}
    names = _switches(topology)
    ways: dict[Segment, list[Segment]] = {}
    for link in topology.links:
        switches = [names.get((end.node, end.master)) or names.get((end.node, None)) for end in link.ends]
        if None in switches or link.a.node == link.b.node or not (link.a.up and link.b.up):
            continue  # a wire from a node to itself is refused elsewhere
        a, b = (_segments(str(name), end, heeded, tags) for name, end in zip(switches, link.ends, strict=True))
        closed = False
        for tag in a.keys() & b.keys():
            way = _way(ways, a[tag], b[tag])
            if way is not None and not closed:
                closed = True
                yield _sentence(way, link)
            if way is None:
                ways.setdefault(a[tag], []).append(b[tag])
                ways.setdefault(b[tag], []).append(a[tag])


def _switches(topology: Topology) -> dict[tuple[str, str | None], str]:
    """What passes frames on without a spanning tree: by node, and the master of its ports if there is one.

    Only a Linux bridge is told to run the protocol, so Open vSwitch never does.
    """
    found: dict[tuple[str, str | None], str] = {
        (node.name, None): node.name for node in topology.nodes if node.kind.is_switch and not _has_spanning_tree(node)
    }
    for device in topology.devices:
        if isinstance(device, Bridge) and device.up:
            found[device.node, device.name] = f"{device.node}:{device.name}"
    return found


def _has_spanning_tree(node: Node) -> bool:
    return node.stp and node.kind is NodeKind.BRIDGE


def _segments(switch: str, port: Interface, heeded: set[str], tags: set[int]) -> Mapping[int, Segment]:
    """The segments that a port belongs to, by the tag of their frames on the wire."""
    if switch not in heeded:
        return {tag: (switch, tag) for tag in tags}
    return {UNTAGGED if untagged else vlan: (switch, vlan) for vlan, untagged in vlans_of(port).items()}


def _way(ways: Mapping[Segment, list[Segment]], start: Segment, end: Segment) -> list[Segment] | None:
    """The segments from one to another, both included; None if they are apart."""
    came: dict[Segment, Segment | None] = {start: None}
    reached = [start]
    for segment in reached:
        for other in ways.get(segment, ()):
            if other not in came:
                came[other] = segment
                reached.append(other)
    if end not in came:
        return None
    way: list[Segment] = []
    at: Segment | None = end
    while at is not None:
        way.append(at)
        at = came[at]
    return way


def _sentence(way: list[Segment], link: Link) -> str:
    switches = list(dict.fromkeys(name for name, _ in way))
    last = f"{link.a.node}-{link.b.node}"
    return (
        f"Switches {', '.join(switches[:-1])} and {switches[-1]} are a loop, closed by the link {last}: a broadcast "
        "would circle for ever. Let one of them run the spanning tree protocol (stp=True), or take a link out."
    )
