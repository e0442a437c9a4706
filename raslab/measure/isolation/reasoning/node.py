"""One node, ready to be asked: its interfaces, its rules, its routes. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from raslab.measure.isolation.reasoning.headers import Headers
from raslab.measure.isolation.reasoning.lookup import Lookup
from raslab.measure.isolation.reasoning.nft_terms import Situation
from raslab.measure.isolation.reasoning.nft_walk import Ruleset
from raslab.measure.isolation.reasoning.state import Filter, Link, NodeState, PortVlans

KNOWN_KINDS = frozenset(
    [
        "veth",
        "vrf",
        "bridge",
        "vlan",
        "gre",
        "gretap",
        "ip6gre",
        "ip6gretap",
        "ipip",
        "sit",
        "ip6tnl",
        "vxlan",
        "xfrm",
        "wireguard",
        "ifb",
        "dummy",
        "tun",
        "bond",
        "team",
        "macvlan",
        "macvtap",
        "ipvlan",
        "ipvtap",
        "vti",
        "vti6",
        "erspan",
        "ip6erspan",
        "nlmon",
        "vcan",
    ]
)
"""Kinds of interfaces whose ways are understood, or that are dead ends."""


class NodeModel:
    """What was read of a node, by name and by number."""

    def __init__(self, headers: Headers, state: NodeState) -> None:
        self.state = state
        self.links = {one.name: one for one in state.links}
        self.by_index = {one.index: one for one in state.links}
        self.by_kernel = {str(one.details.get("kernel", one.name)): one for one in state.links}
        self.lookup = Lookup(headers, state)
        self._addresses: dict[int, list[str]] = defaultdict(list)
        for one in state.addresses:
            self._addresses[one.index].append(one.text)
        self.own = frozenset(one.text for one in state.addresses)
        self.ruleset = Ruleset(headers, state.ruleset, self.addresses_of)
        self._ports: dict[int, list[Link]] = defaultdict(list)
        self._above: dict[int, list[Link]] = defaultdict(list)
        for link in state.links:
            if link.master:
                self._ports[link.master].append(link)
            if link.lower and link.peer_namespace is None and link.kind != "veth":
                self._above[link.lower].append(link)
        self._vlans = {one.index: one for one in state.vlans}
        self._filters: dict[tuple[int, bool], list[Filter]] = defaultdict(list)
        for found in state.filters:
            self._filters[found.index, found.inward].append(found)
        self.has_vrfs = any(one.kind == "vrf" for one in state.links)

    def addresses_of(self, kernel: str) -> list[str]:
        """The addresses of an interface by its name in the kernel."""
        link = self.by_kernel.get(kernel)
        return self._addresses[link.index] if link else []

    def kernel(self, link: Link) -> str:
        """What the kernel calls an interface."""
        return str(link.details.get("kernel", link.name))

    def ports(self, link: Link) -> list[Link]:
        """The interfaces that belong to one."""
        return self._ports[link.index]

    def above(self, link: Link) -> list[Link]:
        """Interfaces that are made on top of one."""
        return self._above[link.index]

    def vlans(self, link: Link) -> PortVlans:
        """The VLANs of a port."""
        return self._vlans.get(link.index, PortVlans(link.index, frozenset(), None, frozenset()))

    def filters(self, link: Link, inward: bool) -> list[Filter]:
        """The filters of traffic control on an interface."""
        return self._filters[link.index, inward]

    def vrf_of(self, link: Link | None) -> Link | None:
        """The VRF that an interface is in, directly or by a bridge or the like."""
        seen = set()
        while link is not None and link.index not in seen:
            if link.kind == "vrf":
                return link
            seen.add(link.index)
            link = self.by_index.get(link.master)
        return None

    def situation(self, incoming: Link | None = None, outgoing: Link | None = None) -> Situation:
        """Where a packet is, for rules."""
        return Situation(
            self.kernel(incoming) if incoming else "",
            self.kernel(outgoing) if outgoing else "",
            incoming.kind if incoming else "",
            outgoing.kind if outgoing else "",
        )

    def not_understood(self) -> Iterable[str]:
        """Sentences about what this model does not cover."""
        yield from self.state.unread
        for link in self.state.links:
            if link.up and link.kind and link.kind not in KNOWN_KINDS:
                yield f"{self.state.name}:{link.name} is of kind {link.kind}, which is not understood"
            elif link.up and link.details.get("external"):
                yield f"{self.state.name}:{link.name} gets its keys from programs or filters (external)"
