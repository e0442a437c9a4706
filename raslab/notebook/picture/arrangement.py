"""Who stands where: sites left and right, the transport network between them, from what the nodes do.

Gateways are the nodes with tunnels and the routers between private and public addresses, or else all routers.
What they reach each other through is the transport network and stands in the middle, column 0. The rest falls apart
into sites; in a site, the column is the number of links to the transport network, negative on the left. Nodes without
a link wait outside of the sites.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_interface

from raslab.model.topology import NodeKind, Topology, Vlan

_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))  # RFC 1918, section 3


@dataclass(frozen=True, slots=True)
class Site:
    """Nodes that reach each other without the transport network; `column` holds each one's place."""

    column: dict[str, int]

    @property
    def is_left(self) -> bool:
        """True on the left of the transport network."""
        return min(self.column.values()) < 0


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The transport network's nodes and all sites, in the topology's order."""

    transport: tuple[str, ...]
    sites: tuple[Site, ...]

    @property
    def columns(self) -> dict[str, int]:
        """The column of every node."""
        return dict.fromkeys(self.transport, 0) | {
            node: column for site in self.sites for node, column in site.column.items()
        }


Edge = tuple[str, str]


def arrange(topology: Topology, tenants: Mapping[str, str] | None = None) -> Arrangement:
    """The arrangement of a valid topology. tenants: by node, if they are known."""
    gateways = gateways_of(topology)
    edges = [(link.a.node, link.b.node) for link in topology.links]
    transport = _transport(topology, gateways, edges)
    across = [edge for edge in edges if _crosses(edge, gateways, transport, topology)]
    inside = [edge for edge in edges if edge not in across]
    names = [node.name for node in topology.nodes if node.name not in transport]
    doors = {node for edge in across for node in edge if node not in transport}
    linked = {name for edge in edges for name in edge}
    parts = _components([name for name in names if name in linked], inside)
    lefts = _left_sides(topology, parts, tenants or {})
    sites = [_site(part, doors, inside, left) for part, left in zip(parts, lefts, strict=True)]
    alone = [name for name in names if name not in linked]
    sites += [Site({name: -_OUTSIDE if number % 2 == 0 else _OUTSIDE}) for number, name in enumerate(alone)]
    return Arrangement(tuple(node.name for node in topology.nodes if node.name in transport), tuple(sites))


def gateways_of(topology: Topology) -> list[str]:
    """Nodes with tunnels and routers at the edge of sites, or else all routers that are not just between others."""
    routers = [node.name for node in topology.nodes if node.kind is NodeKind.ROUTER]
    edges = {tunnel.node for tunnel in topology.tunnels}
    edges |= {name for name in routers if _is_at_an_edge(topology, name)}
    if topology.tunnels or len(edges) > 1:
        return [node.name for node in topology.nodes if node.name in edges]
    ends = [name for name in routers if not _is_between_routers(topology, name, routers)]
    return ends if len(ends) > 1 else routers


def _is_between_routers(topology: Topology, node: str, routers: list[str]) -> bool:
    """True for a router with several neighbours, all of them routers that have no link to each other."""
    near = _neighbours(topology, node)
    joined = any(near & _neighbours(topology, one) for one in near)
    return len(near) > 1 and near <= set(routers) and not joined


def _neighbours(topology: Topology, node: str) -> set[str]:
    return {far.node for link in topology.links for here, far in (link.ends, link.ends[::-1]) if here.node == node}


def _is_at_an_edge(topology: Topology, node: str) -> bool:
    """True for a node that has private addresses as well as public ones, on its wires and in VLANs on them."""
    texts = [text for link in topology.links for end in link.ends if end.node == node for text in end.addresses]
    vlans = [one for one in topology.devices if isinstance(one, Vlan) and one.node == node]
    known = [ip_interface(text).ip for text in (*texts, *(text for one in vlans for text in one.addresses))]
    return len({any(one in private for private in _PRIVATE) for one in known if one.version == 4}) == 2


def _transport(topology: Topology, gateways: list[str], edges: list[Edge]) -> set[str]:
    """The nodes in the middle."""
    kinds = {node.name: node.kind for node in topology.nodes}
    if not gateways:
        return {name for name, kind in kinds.items() if kind.is_switch}
    if len(gateways) == 1 and not topology.tunnels:
        return set(gateways)
    others = [name for name in kinds if name not in gateways]
    found: set[str] = set()
    for part in _components(others, edges):
        if _joins_gateways(part, topology, gateways):
            # A computer that is plugged into the transport network is a site of its own.
            found |= {name for name in part if kinds[name] is not NodeKind.HOST}
    return found


def _joins_gateways(part: list[str], topology: Topology, gateways: list[str]) -> bool:
    """True for what carries the tunnels' outer packets, and for nothing but routers between gateways; without tunnels,
    for what two gateways share.
    """
    outer = {(tunnel.node, tunnel.local) for tunnel in topology.tunnels}
    touching = [
        near
        for link in topology.links
        for near, far in (link.ends, link.ends[::-1])
        if near.node in gateways and far.node in part
    ]
    if any((end.node, text.partition("/")[0]) in outer for end in touching for text in end.addresses):
        return True
    kinds = {NodeKind.HOST} if not outer else {kind for kind in NodeKind if kind is not NodeKind.ROUTER}
    others = {node.name for node in topology.nodes if node.kind in kinds}
    return len({end.node for end in touching}) > 1 and others.isdisjoint(part)


def _crosses(edge: Edge, gateways: list[str], transport: set[str], topology: Topology) -> bool:
    """True for a link that leaves a site."""
    if transport.intersection(edge):
        return True
    computers = len(topology.nodes) == len([node for node in topology.nodes if node.kind is NodeKind.HOST])
    return (edge[0] in gateways and edge[1] in gateways) or (computers and not topology.tunnels)


def _components(names: Iterable[str], edges: list[Edge]) -> list[list[str]]:
    """Connected parts among `names`, each in their order."""
    names = list(names)
    found: list[list[str]] = []
    for name in names:
        if not any(name in part for part in found):
            reached = _distances([name], names, edges)
            found.append([one for one in names if one in reached])
    return found


def _distances(starts: Iterable[str], names: Iterable[str], edges: list[Edge]) -> dict[str, int]:
    """Number of links from the nearest of `starts` to each node that can be reached within `names`."""
    allowed = set(names)
    distance = dict.fromkeys(starts, 0)
    queue = list(distance)
    for here in queue:
        for edge in edges:
            if here in edge:
                there = edge[1] if edge[0] == here else edge[0]
                if there in allowed and there not in distance:
                    distance[there] = distance[here] + 1
                    queue.append(there)
    return distance


def _left_sides(topology: Topology, parts: list[list[str]], tenants: Mapping[str, str]) -> list[bool]:
    """Which sites stand on the left: a hub alone, with its spokes on the right; those of two groups between which all
    tunnels are; or else every other one.
    """
    pairs = [{tunnel.local, tunnel.remote} for tunnel in topology.tunnels]
    owner = {tunnel.local: tunnel.node for tunnel in topology.tunnels}
    peers = [
        {owner.get(address, address) for pair in pairs for address in pair if _touches(pair, owner, part)} - set(part)
        for part in parts
    ]
    hub = _hub(parts, peers, tenants)
    if hub is not None and len(parts) - 1 <= _MAX_SPOKES:
        return [number == hub for number in range(len(parts))]
    groups = _two_groups([{n for n, part in enumerate(parts) if reached.intersection(part)} for reached in peers])
    return groups or [number % 2 == 0 for number in range(len(parts))]


def _hub(parts: list[list[str]], peers: list[set[str]], tenants: Mapping[str, str]) -> int | None:
    """The one site that all others have their tunnels to; or, as long as not all tunnels are there, the one where
    several tenants are. peers: what is at the other ends of each site's tunnels.
    """
    hubs = [number for number, reached in enumerate(peers) if len(reached) > 1]
    if len(hubs) == 1 and sum(len(reached) == 1 for reached in peers) == len(parts) - 1:
        return hubs[0]
    shared = [n for n, part in enumerate(parts) if len({tenants[name] for name in part if name in tenants}) > 1]
    return shared[0] if len(shared) == 1 and len(hubs) < _LEAST_HUBS else None


def _two_groups(peers: list[set[int]]) -> list[bool]:
    """For each site whether it belongs to the first one's group, if all have tunnels to the other group only, and each
    group has two hubs at least; else nothing. peers: the sites at the other ends of its tunnels. A site without tunnels
    goes with the smaller group.
    """
    first: dict[int, bool] = {}
    for start, reached in enumerate(peers):
        if not reached or start in first:
            continue
        first[start] = True
        queue = [start]
        for here in queue:
            for there in sorted(peers[here]):
                if there not in first:
                    first[there] = not first[here]
                    queue.append(there)
                elif first[there] == first[here]:
                    return []
    hubs = [group for number, group in first.items() if len(peers[number]) > 1]
    if min(hubs.count(True), hubs.count(False)) < _LEAST_HUBS:
        return []
    for number in range(len(peers)):
        if number not in first:
            first[number] = 2 * sum(first.values()) < len(first)
    return [first[number] for number in range(len(peers))]


_LEAST_HUBS = 2
_OUTSIDE = 2  # the column of nodes without a link
_MAX_SPOKES = 4  # more of them on one side would not fit on a screen


def _touches(pair: set[str], owner: dict[str, str], part: list[str]) -> bool:
    return any(owner.get(address) in part for address in pair)


def _site(part: list[str], doors: set[str], edges: list[Edge], left: bool) -> Site:
    starts = [name for name in part if name in doors] or part[:1]
    distance = _distances(starts, part, edges)
    sign = -1 if left else 1
    return Site({name: sign * (distance[name] + 1) for name in part})
