"""The proof: from everything that is a tenant's, and from strangers, all packets are followed to where they end. Pure.

A tenant's interfaces are where its packets are at home, so each of them is a beginning, with every packet that there
can be, inward and outward; what comes to one of the tenant's own again has no farther to go, as the rest is another
beginning. What is left must not come to an interface of another tenant, leave a gateway in clear, or be taken by the
gateway itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from raslab.measure.isolation.reasoning.flow import Flow
from raslab.measure.isolation.reasoning.headers import Headers
from raslab.measure.isolation.reasoning.lookup import Way
from raslab.measure.isolation.reasoning.node import NodeModel
from raslab.measure.isolation.reasoning.relays import Relays
from raslab.measure.isolation.reasoning.space import Packets
from raslab.measure.isolation.reasoning.state import Link, Place, Snapshot
from raslab.measure.isolation.reasoning.tunnels import Tunnels
from raslab.measure.isolation.reasoning.walk import Walk
from raslab.measure.isolation.reasoning.witness import Witness, witness
from raslab.measure.isolation.tenants import PROVIDER, STRANGER, Owners, Tenant

_EACH = 4
"""How many ways from one sender to one tenant are told."""
_NO_BEGINNING = ("vrf",)
_CARRIERS = {"gre": "gre", "nvgre": "nvgre", "vxlan": "vxlan"}


@dataclass(frozen=True, slots=True)
class WayThrough:
    """A way by which packets of `sender` can come to something of `tenant`.

    path: interfaces, and between them, in brackets, what leads from one to the next. packet: one that takes it, as it
    is at the beginning; None where none is sent, such as by a process. sometimes: what lets packets by only now and
    then. start: where it begins. is_confirmed: a packet like that has been sent and has come through.
    """

    sender: str
    tenant: str
    path: tuple[str, ...]
    packet: Witness | None
    how: str
    start: Place | None = None
    sometimes: tuple[str, ...] = ()
    is_confirmed: bool = False

    def __str__(self) -> str:
        packet = f" ({self.packet})" if self.packet else ""
        return f"{self.sender} to {self.tenant}, {self.how}: {' > '.join(self.path)}{packet}"


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What reasoning came to. ways: that should not be. unproven: what could not be decided. examined: how many of what
    was read.
    """

    ways: tuple[WayThrough, ...] = ()
    unproven: tuple[str, ...] = ()
    examined: Mapping[str, int] = field(default_factory=dict)
    beside: tuple[str, ...] = ()


class Proof:
    """Follows everything in a snapshot."""

    def __init__(
        self,
        snapshot: Snapshot,
        tenants: tuple[Tenant, ...],
        strangers: Iterable[str],
        meeting: frozenset[tuple[str, str]],
    ) -> None:
        self._snapshot, self._tenants, self._meeting = snapshot, tenants, meeting
        self._strangers = tuple(strangers)
        self._headers = headers = Headers()
        self._tunnels = Tunnels(headers)
        self._models = {name: NodeModel(headers, state) for name, state in snapshot.nodes.items()}
        self._owners = Owners(tenants)
        self._by_name = {one.name: one for one in tenants}
        self._node_owner = {node: one.name for one in tenants for node in one.nodes}
        self._published = {one.name: self._set_of("dst", one.published) for one in tenants}
        self._ways: dict[tuple[object, ...], WayThrough] = {}
        self._counts: dict[tuple[str, str], int] = defaultdict(int)
        self._unproven: dict[str, None] = {}
        remotes = {end.remote for one in tenants for end in one.tunnels}
        self._services = {
            name
            for name, model in self._models.items()
            if name not in self._node_owner and not model.has_vrfs and model.own & remotes
        }
        """Nodes behind tenants' tunnels that are nobody's and have no VRFs: there tenants are meant to meet."""
        self._ends = {(one.local, one.remote): (tenant.name, one) for tenant in tenants for one in tenant.sealed}

    def _set_of(self, name: str, ranges: Iterable[str]) -> Packets:
        found = self._headers.nothing
        for one in ranges:
            found |= self._headers.prefix(name, one)
        return found

    def run(self) -> Reasoning:
        """All of it."""
        for sentence in self._not_understood():
            self._unproven[sentence] = None
        for tenant in self._tenants:
            self._follow(tenant.name, self._beginnings(tenant))
        self._follow(STRANGER, self._from_outside())
        self._decrypted()
        self._answered_for_others()
        relays = Relays(self._snapshot, self._tenants, self._owners, self._models)
        for sender, owner, path in relays.connected():
            self._add(WayThrough(sender, owner, path, None, "by a process"))
        for sentence in relays.unproven():
            self._unproven[sentence] = None
        beside = (f"what strangers send to {one}, where tenants are meant to meet" for one in sorted(self._services))
        return Reasoning(tuple(self._ways.values()), tuple(self._unproven), self._examined(), tuple(beside))

    def _examined(self) -> dict[str, int]:
        states = self._snapshot.nodes.values()
        return {
            "nodes": len(self._snapshot.nodes),
            "interfaces": sum(len(one.links) for one in states),
            "rules": sum(len(one.rules) for one in states),
            "routes": sum(len(one.routes) for one in states),
            "nft rules": sum(one.ruleset.rules for one in self._models.values()),
            "processes": len(self._snapshot.processes),
        }

    def _not_understood(self) -> Iterator[str]:
        yield from self._snapshot.unread
        for name, model in self._models.items():
            if name not in self._node_owner:
                yield from model.not_understood()
            for link in model.state.links:
                if link.kind != "veth" and link.peer_namespace is not None and link.up:
                    yield f"{name}:{link.name} is made from an interface of another namespace"

    # Where packets begin

    def _beginnings(self, tenant: Tenant) -> Iterator[tuple[bool, Place, Packets]]:
        for place in tenant.interfaces:
            link = self._link(place)
            if link is not None and link.up and link.kind not in _NO_BEGINNING:
                yield True, place, self._headers.arriving
                yield False, place, self._headers.arriving.without("mark")
        for node in tenant.nodes:
            for place, far in self._cables_of(node):
                if place not in tenant.outside and not tenant.owns(far):
                    yield True, far, self._headers.arriving

    def _from_outside(self) -> Iterator[tuple[bool, Place, Packets]]:
        agreed = self._headers.nothing
        for tenant in self._tenants:
            for end in tenant.tunnels:
                for ends in ((end.remote, end.local), (end.local, end.remote)):
                    agreed |= self._tunnels.agreed(_CARRIERS[end.encapsulation], *ends, end.key)
        packets = self._headers.arriving - agreed
        places = [far for node in self._strangers for _, far in self._cables_of(node)]
        places += [far for one in self._tenants for place, far in self._all_cables(one.nodes) if place in one.outside]
        for place in dict.fromkeys(places):
            if self._owners.owner_of(place) is None and place[0] not in self._services:
                yield True, place, packets

    def _all_cables(self, nodes: Iterable[str]) -> Iterator[tuple[Place, Place]]:
        for node in nodes:
            yield from self._cables_of(node)

    def _cables_of(self, node: str) -> Iterator[tuple[Place, Place]]:
        for link in self._models[node].state.links if node in self._models else ():
            if (far := self._snapshot.cables.get((node, link.name))) is not None and link.up:
                yield (node, link.name), far

    def _link(self, place: Place) -> Link | None:
        model = self._models.get(place[0])
        return model.links.get(place[1]) if model else None

    # The way

    def _follow(self, sender: str, beginnings: Iterable[tuple[bool, Place, Packets]]) -> None:
        walk = Walk(
            self._headers,
            self._models,
            self._snapshot.cables,
            self._tunnels,
            lambda inward, place, flow: self._at(sender, inward, place, flow),
            lambda place, flow, way, vrf: self._delivered(sender, place, flow, way, vrf),
            lambda place, flow, ends: self._sealed(sender, place, flow, ends),
        )
        for inward, place, packets in beginnings:
            if inward and self._node_owner.get(place[0]) is not None:
                self._at(sender, True, place, Flow(packets).at(place))
            elif inward:
                walk.receive(place, Flow(packets))
            else:
                walk.transmit(place, Flow(packets))

    def _at(self, sender: str, inward: bool, place: Place, flow: Flow) -> Flow | None:
        """Judge packets that have come to a place; what of them is to be followed on."""
        owner = self._owners.owner_of(place)
        if owner is not None:
            if owner != sender and (sender, owner) not in self._meeting:
                self._leaked(sender, owner, flow, "delivered")
            return None
        if (own := self._node_owner.get(place[0])) is not None:
            return self._at_a_site(sender, own, place, flow)
        if flow.doubts and self._link(place) is None:
            self._leaked(sender, PROVIDER, flow, "delivered")
            return None
        if sender == STRANGER and place[0] in self._services:
            return None
        if not inward and sender != STRANGER and not flow.inside and self._is_outside(place):
            return self._in_clear(sender, flow)
        return flow

    def _at_a_site(self, sender: str, own: str, place: Place, flow: Flow) -> Flow | None:
        """A tenant's own node, from outside: only what comes out of its tunnels there has come to the tenant."""
        model = self._models[place[0]]
        local = self._set_of("dst", model.own)
        if own != sender and (part := flow.packets & local):
            for link, inner in self._tunnels.opened(model, flow.narrowed(part)):
                there = (place[0], link.name)
                if self._owners.owner_of(there) == own and (sender, own) not in self._meeting:
                    self._leaked(sender, own, inner.at(there), "delivered")
        return None

    def _is_outside(self, place: Place) -> bool:
        """True of an interface of a gateway that is in no tenant's VRF."""
        model = self._models[place[0]]
        link = model.links[place[1]]
        return model.has_vrfs and link.name != "lo" and model.vrf_of(link) is None

    def _in_clear(self, sender: str, flow: Flow) -> Flow | None:
        """A tenant's packets that leave a gateway as they are: with an address of its own on the Internet they may."""
        space = self._headers.space
        clear = flow.packets & space.value("nat", 0) & space.value("vlan", 0)
        if clear:
            self._leaked(sender, PROVIDER, flow.narrowed(clear), "in clear")
        translated = flow.packets - space.value("nat", 0)
        own = self._set_of("src", self._by_name[sender].published)
        for other in self._tenants:
            if other.name != sender and (taken := translated & (self._set_of("src", other.published) - own)):
                every = [(0, (1 << 32) - 1)]
                if translated.values("src") != every:
                    self._leaked(sender, other.name, flow.narrowed(taken), "under its address")
        tagged = flow.packets - space.value("vlan", 0) - translated
        return flow.narrowed(tagged) if tagged else None

    def _delivered(self, sender: str, place: Place, flow: Flow, way: Way, vrf: Link | None) -> None:
        """The node takes packets itself: those of a tenant by that tenant's table only."""
        if sender == STRANGER or flow.inside or not self._models[place[0]].has_vrfs:
            return
        in_vrf = vrf is not None and self._owners.owner_of((place[0], vrf.name)) == sender
        if self._owners.owner_of(place) != sender and not in_vrf:
            return
        if vrf is None or way.table != vrf.details.get("table"):
            self._leaked(sender, PROVIDER, flow, "taken by the node itself")

    def _sealed(self, sender: str, place: Place, flow: Flow, ends: tuple[str, str]) -> None:
        """Packets are encrypted for the far end of a tunnel."""
        found = self._ends.get(ends)
        if found is None and not ends[0]:
            found = next((one for known, one in self._ends.items() if known[1] == ends[1]), None)
        if found is None:
            self._leaked(sender, PROVIDER, flow.doubtful(f"what is encrypted for {ends[1]}, who is nobody's"), "sealed")
        elif found[0] != sender and (sender, found[0]) not in self._meeting:
            self._leaked(sender, found[0], flow.at(found[1].place), "encrypted for its tunnel")

    def _decrypted(self) -> None:
        """What comes out of IPsec has to come to its own tenant's interface."""
        for name, model in self._models.items():
            for one in model.state.associations:
                known = self._ends.get((one.destination, one.source))
                if known is None or name != known[1].place[0]:
                    continue
                tenant = known[0]
                links = [link for link in model.state.links if link.details.get("if_id") == one.if_id and one.if_id]
                for link in links:
                    owner = self._owners.owner_of((name, link.name))
                    if owner != tenant:
                        path = (f"{name}:{link.name}", f"(IPsec state {one.spi:#x})")
                        self._add(WayThrough(tenant, owner or PROVIDER, path, None, "decrypted"))
                if not links:
                    for link in model.state.links:
                        if one.destination in model.addresses_of(model.kernel(link)):
                            self._follow_decrypted(tenant, (name, link.name))

    def _follow_decrypted(self, tenant: str, place: Place) -> None:
        walk = Walk(
            self._headers,
            self._models,
            self._snapshot.cables,
            self._tunnels,
            lambda inward, there, flow: self._at(tenant, inward, there, flow),
            lambda there, flow, way, vrf: self._delivered(tenant, there, flow, way, vrf),
            lambda there, flow, ends: self._sealed(tenant, there, flow, ends),
        )
        walk.receive_inside(place, Flow(self._headers.arriving & self._headers.any_ip))

    def _answered_for_others(self) -> None:
        """Addresses of others for which a node answers on a tenant's link."""
        for name, model in self._models.items():
            for proxy in model.state.proxies:
                link = model.by_index.get(proxy.index)
                owner = self._owners.owner_of((name, link.name)) if link else None
                if owner is None or link is None or proxy.address in self._by_name[owner].addresses:
                    continue
                for other in self._tenants:
                    if proxy.address in other.addresses and other.name != owner:
                        path = (f"{name}:{link.name}", f"(ip neigh proxy {proxy.address})")
                        self._add(WayThrough(owner, other.name, path, None, "answered for"))

    # What is found

    def _leaked(self, sender: str, owner: str, flow: Flow, how: str) -> None:
        origin = flow.origin()
        if owner in self._published:
            origin -= self._published[owner]
        if not origin or self._is_own_answer(sender, owner, flow):
            return
        if flow.doubts:
            first = next(iter(sorted(flow.doubts)))
            self._unproven.setdefault(f"whether packets of {sender} get to {owner} depends on {first}")
            return
        homes = [one.address for one in self._by_name[owner].homes] if owner in self._by_name else []
        sources = [one.address for one in self._by_name[sender].homes] if sender in self._by_name else []
        path = tuple(flow.path())
        known = [one for one in flow.lineage if one.place is not None]
        start = known[-1].place if known else None
        packet = witness(origin, sources, homes)
        self._add(WayThrough(sender, owner, path, packet, how, start, tuple(sorted(flow.sometimes))))

    def _is_own_answer(self, sender: str, owner: str, flow: Flow) -> bool:
        """True of answers from the Internet to a tenant of whose outside addresses nothing was said."""
        if sender != STRANGER or owner not in self._by_name or self._by_name[owner].published:
            return False
        return any(one.by == "an answer, translated back" for one in flow.lineage)

    def _add(self, way: WayThrough) -> None:
        """Keep the shortest ways from somebody to somebody, and not more than a few."""
        if (way.sender, way.tenant) in self._meeting:
            return
        key = (way.sender, way.tenant, way.how, way.path)
        if key in self._ways:
            return
        if self._counts[way.sender, way.tenant] < _EACH:
            self._counts[way.sender, way.tenant] += 1
            self._ways[key] = way
