"""Many hosts on one switch are drawn as the first few of them and a word about the others."""

from __future__ import annotations

from dataclasses import replace

from raslab.model.topology import NodeKind, Topology

SHOWN = 6  # hosts per switch


def shorten(topology: Topology) -> tuple[Topology, dict[str, int]]:
    """The topology to draw, and by switch how many hosts are left out."""
    kinds = {node.name: node.kind for node in topology.nodes}
    links_of: dict[str, int] = {}
    for link in topology.links:
        for end in link.ends:
            links_of[end.node] = links_of.get(end.node, 0) + 1
    leaves: dict[str, list[str]] = {}
    for link in topology.links:
        for near, far in (link.ends, link.ends[::-1]):
            if kinds[near.node].is_switch and kinds[far.node] is NodeKind.HOST and links_of[far.node] == 1:
                leaves.setdefault(near.node, []).append(far.node)
    with_tunnels = {tunnel.node for tunnel in topology.tunnels}
    gone: set[str] = set()
    hidden: dict[str, int] = {}
    for switch, hosts in leaves.items():
        if len(hosts) > SHOWN + 1:  # one host takes as much room as a word about it
            left_out = [host for host in hosts[SHOWN:] if host not in with_tunnels]
            gone.update(left_out)
            hidden[switch] = len(left_out)
    return (
        replace(
            topology,
            nodes=tuple(node for node in topology.nodes if node.name not in gone),
            links=tuple(link for link in topology.links if gone.isdisjoint({link.a.node, link.b.node})),
        ),
        hidden,
    )
