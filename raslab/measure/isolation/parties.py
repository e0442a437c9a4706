"""Who is who, found out from the topology: what is behind each VRF of the gateways belongs to one tenant. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address

from raslab.measure.isolation.sights import far_ends
from raslab.measure.isolation.tenants import Home, Place, SealedEnd, Tenant, TunnelEnd
from raslab.measure.isolation.wire import Encapsulation
from raslab.model.port_vlans import heeding, vlans_of
from raslab.model.switching import Vxlan
from raslab.model.topology import AnyInterface, Interface, Topology, Tunnel, Vlan, Vrf
from raslab.model.vrfs import Vrfs

_ENCAPSULATIONS: dict[str, Encapsulation] = {"gre": "gre", "gretap": "nvgre"}
"""Kinds of tunnels whose packets can be forged."""
_SEALED = ("xfrm", "wireguard")
"""Those whose packets can only be sent again."""


@dataclass(frozen=True)
class Parties:
    """All that a check of isolation is about.

    underlay: addresses of the gateways outside of all VRFs; strangers: nodes on the network there that are nobody's.
    """

    tenants: tuple[Tenant, ...]
    underlay: tuple[str, ...]
    strangers: tuple[str, ...]


def find_parties(
    topology: Topology,
    gateways: Sequence[str],
    names: Mapping[str, str] | None = None,
    *,
    known: Mapping[str, str] | None = None,
    published: Mapping[str, Collection[str]] | None = None,
) -> Parties:
    """The tenants of some gateways, each with the nodes that its VRF leads to, over links, VLANs and tunnels.

    gateways: nodes on which each tenant has a VRF; VRFs of two of them are one tenant's if they have one name, or if a
    link or a tunnel joins them. A node to which the VRFs of several tenants lead is nobody's: they are meant to meet
    there, or it is a switch or router of the provider's.
    names: tenants' names by VRF, which are their names otherwise. known: the names by node, where the topology does
    not tell whose it is, such as behind a port that somebody has put into a VLAN by hand. published: by VRF, addresses
    of the gateways by which everybody may come in, as they are translated; ``first-last`` is a range.
    """
    shared = set(gateways)
    while True:
        search = _Search(topology, frozenset(shared), names or {}, known or {})
        groups = _joined([search.reach(vrf) for vrf in search.vrfs])
        contested = _nearest_contested(groups)
        if not contested:
            break
        shared |= contested
    open_to_all = published or {}
    tenants = tuple(
        replace(
            search.tenant(one),
            published=tuple(text for _, vrf in sorted(one.vrfs) for text in open_to_all.get(vrf, ())),
        )
        for one in groups
    )
    owned = frozenset(node for one in tenants for node in one.nodes)
    underlay = tuple(
        one
        for one in search.underlay(gateways)
        if not any(_is_in(one, pool) for tenant in tenants for pool in tenant.published)
    )
    return Parties(tenants, underlay, tuple(search.strangers(gateways, owned)))


@dataclass(frozen=True)
class _Group:
    """VRFs of the shared nodes, and the nodes that they lead to, each with the number of links to it."""

    vrfs: frozenset[Place]
    nodes: Mapping[str, int]


def _joined(groups: Sequence[_Group]) -> list[_Group]:
    """Groups that have a VRF in common are one; in the order of the first ones."""
    result: list[_Group] = []
    for group in groups:
        overlapping = [one for one in result if one.vrfs & group.vrfs]
        for one in overlapping:
            group = _Group(group.vrfs | one.vrfs, {**group.nodes, **one.nodes})
        position = result.index(overlapping[0]) if overlapping else len(result)
        result = [one for one in result if one not in overlapping]
        result.insert(position, group)
    return result


def _nearest_contested(groups: Sequence[_Group]) -> set[str]:
    """Of the nodes to which several groups lead, those that are near to all of them: by these they lead to the rest."""
    distances: dict[str, list[int]] = defaultdict(list)
    for group in groups:
        for node, distance in group.nodes.items():
            distances[node].append(distance)
    farthest = {node: max(known) for node, known in distances.items() if len(known) > 1}
    return {node for node, distance in farthest.items() if distance == min(farthest.values())}


class _Search:
    """Follows links, VLANs and tunnels from a VRF."""

    def __init__(
        self, topology: Topology, shared: frozenset[str], names: Mapping[str, str], known: Mapping[str, str]
    ) -> None:
        self._topology = topology
        self._shared = shared
        self._names = names
        self._known = known
        self._vrfs = Vrfs(topology)
        self._far_ends = far_ends(topology)
        self._switches = {node.name for node in topology.nodes if node.kind.is_switch}
        self._heeding = heeding(topology)
        self._interfaces: dict[str, list[AnyInterface]] = defaultdict(list)
        ends = (end for link in topology.links for end in link.ends)
        for one in (*ends, *topology.tunnels, *topology.devices):
            self._interfaces[one.node].append(one)
        self._owners = {
            address.partition("/")[0]: one.node
            for ones in self._interfaces.values()
            for one in ones
            if self._vrfs.of(one) is None
            for address in one.addresses
        }
        self._far_addresses = {tunnel.remote for tunnel in topology.tunnels if tunnel.node in shared}

    @property
    def vrfs(self) -> list[Place]:
        """The VRFs of the shared nodes."""
        return [(one.node, one.name) for one in self._topology.devices if isinstance(one, Vrf) and self._is_shared(one)]

    def _is_shared(self, interface: AnyInterface) -> bool:
        return interface.node in self._shared

    def reach(self, vrf: Place) -> _Group:
        """What a VRF leads to, together with those of its name."""
        vrfs = {one for one in self.vrfs if one[1] == vrf[1]}
        name = self._names.get(vrf[1], vrf[1])
        own = [node for node, owner in self._known.items() if owner == name and node not in self._shared]
        nodes = dict.fromkeys(own, 1)
        waiting = deque((interface, 1) for one in sorted(vrfs) for interface in self._within(one))
        waiting += [(interface, 2) for node in own for interface in self._inside(node)]
        while waiting:
            interface, distance = waiting.popleft()
            for node, inside in self._beyond(interface):
                if self._known.get(node, name) != name:
                    continue
                if node not in self._shared:
                    if node not in nodes:
                        nodes[node] = distance
                        waiting += [(one, distance + 1) for one in self._inside(node)]
                elif self._is_shared(interface) and inside is not None and (node, inside) not in vrfs:
                    vrfs.add((node, inside))
                    waiting += [(one, distance) for one in self._within((node, inside))]
        return _Group(frozenset(vrfs), nodes)

    def _within(self, vrf: Place) -> Iterator[AnyInterface]:
        node, name = vrf
        return (one for one in self._interfaces[node] if self._vrfs.of(one) == name)

    def _beyond(self, interface: AnyInterface) -> Iterator[tuple[str, str | None]]:
        """The nodes at the other end, each with the VRF in which that end is."""
        if isinstance(interface, Tunnel):
            yield from self._through(interface)
        elif isinstance(interface, Vlan):
            yield from self._on_the_segment(interface.node, interface.parent, interface.vlan_id)
        elif (far := self._far_ends.get((interface.node, interface.name))) is not None and far[0] in self._heeding:
            yield from self._on_the_segment(interface.node, interface.name, None)
        elif far is not None:
            yield far[0], next((self._vrfs.of(one) for one in self._interfaces[far[0]] if one.name == far[1]), None)

    def _on_the_segment(self, node: str, interface: str, tag: int | None) -> Iterator[tuple[str, str | None]]:
        """The nodes that frames with a tag (None: without) get to from an interface, by way of any switches."""
        seen: set[tuple[Place, int | None]] = set()
        waiting = deque([((node, interface), tag)])
        while waiting:
            place, tag = waiting.popleft()
            far = self._far_ends.get(place)
            if far is None or (far, tag) in seen:
                continue
            seen.add((far, tag))
            if far[0] in self._switches:
                waiting += self._forwarded(far, tag)
                continue
            for one in self._interfaces[far[0]]:
                tagged = isinstance(one, Vlan) and (one.parent, one.vlan_id) == (far[1], tag)
                if tagged or (tag is None and one.name == far[1]):
                    yield far[0], self._vrfs.of(one)

    def _forwarded(self, port: Place, tag: int | None) -> Iterator[tuple[Place, int | None]]:
        """The other ports of a switch that a frame leaves by, each with the tag that it has there."""
        switch = port[0]
        ports = [one for one in self._interfaces[switch] if isinstance(one, Interface)]
        vlan = tag
        if switch in self._heeding:
            (inside,) = (one for one in ports if one.name == port[1])
            vlan = next((known for known, bare in vlans_of(inside).items() if tag == (None if bare else known)), None)
            if vlan is None:
                return
        for one in ports:
            if one.name != port[1] and switch not in self._heeding:
                yield (switch, one.name), tag
            elif one.name != port[1] and vlan in (members := vlans_of(one)):
                yield (switch, one.name), None if members[vlan] else vlan

    def _through(self, tunnel: Tunnel) -> Iterator[tuple[str, str | None]]:
        node = self._owners.get(tunnel.remote)
        if node is None:
            return
        tunnels = (one for one in self._interfaces[node] if isinstance(one, Tunnel))
        other = next((one for one in tunnels if _is_other_end(tunnel, one)), None)
        if node not in self._shared or other is not None:
            yield node, None if other is None else self._vrfs.of(other)

    def _inside(self, node: str) -> list[AnyInterface]:
        outside = self._outside(node)
        return [one for one in self._interfaces[node] if one.name not in outside]

    def _outside(self, node: str) -> set[str]:
        """The interfaces of a site on the provider's network: those to which the gateways' tunnels lead."""
        return {
            one.name
            for one in self._interfaces[node]
            if self._far_addresses & {text.partition("/")[0] for text in one.addresses}
        }

    # What is found

    def tenant(self, group: _Group) -> Tenant:
        """The group as a tenant."""
        own = [one for vrf in sorted(group.vrfs) for one in self._within(vrf)]
        nodes = [node.name for node in self._topology.nodes if node.name in group.nodes]
        outside = [(node, name) for node in nodes for name in sorted(self._outside(node))]
        inside = [one for node in nodes for one in self._inside(node)]
        vrfs = [vrf for _, vrf in sorted(group.vrfs)]
        name = next((self._names[vrf] for vrf in vrfs if vrf in self._names), vrfs[0])
        return Tenant(
            name,
            nodes=tuple(nodes),
            interfaces=tuple((one.node, one.name) for one in own),
            homes=tuple(
                Home(text.partition("/")[0], one.node, routed=not isinstance(one, Tunnel))
                for one in (*inside, *own)
                for text in one.addresses
            ),
            outside=tuple(outside),
            tunnels=tuple(self._ends(own, group)),
            sealed=tuple(
                SealedEnd(one.local, one.remote, (one.node, one.name))
                for one in own
                if isinstance(one, Tunnel) and one.kind in _SEALED
            ),
        )

    def _ends(self, interfaces: Sequence[AnyInterface], group: _Group) -> Iterator[TunnelEnd]:
        for one in interfaces:
            if isinstance(one, Tunnel) and one.kind in _ENCAPSULATIONS:
                far = self._owners.get(one.remote)
                site = far if far in group.nodes else None
                yield TunnelEnd(_ENCAPSULATIONS[one.kind], one.local, one.remote, one.key, site)
            elif isinstance(one, Vxlan):
                for remote in self._remotes(one):
                    yield TunnelEnd("vxlan", one.local, remote, one.vni)

    def _remotes(self, vxlan: Vxlan) -> list[str]:
        """The other ends of the same virtual network: a host takes its packets from all of them."""
        others = (one for one in self._topology.devices if isinstance(one, Vxlan) and one.vni == vxlan.vni)
        return sorted({one.local for one in others} - {vxlan.local})

    def underlay(self, gateways: Sequence[str]) -> Iterator[str]:
        """The gateways' own addresses."""
        for one in self._outside_of_vrfs(gateways):
            yield from (text.partition("/")[0] for text in one.addresses)

    def strangers(self, gateways: Sequence[str], owned: frozenset[str]) -> Iterator[str]:
        """The nodes on the network outside of the VRFs, as far as it leads without passing anybody else's."""
        found: set[str] = set()
        waiting = list(self._outside_of_vrfs(gateways))
        while waiting:
            for node, _ in self._beyond(waiting.pop()):
                if node not in found | owned | self._shared:
                    found.add(node)
                    waiting += self._interfaces[node]
        yield from (one.name for one in self._topology.nodes if one.name in found - self._switches)

    def _outside_of_vrfs(self, gateways: Sequence[str]) -> Iterator[AnyInterface]:
        return (one for node in gateways for one in self._interfaces[node] if self._vrfs.of(one) is None)


def _is_in(address: str, pool: str) -> bool:
    """True if an address is in a range, written as ``first-last``, or the only one in it."""
    first, _, last = pool.partition("-")
    low, here, high = ip_address(first), ip_address(address), ip_address(last or first)
    return low.version == here.version and int(low) <= int(here) <= int(high)


def _is_other_end(one: Tunnel, other: Tunnel) -> bool:
    """True if two tunnels are one; the numbers of IPsec's interfaces are each node's own affair."""
    same_key = one.key == other.key or one.kind not in _ENCAPSULATIONS
    return (one.local, one.remote, one.kind) == (other.remote, other.local, other.kind) and same_key
