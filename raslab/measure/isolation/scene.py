"""What probes are made from: the tenants, and the ways by which somebody's packets leave. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from raslab.measure.isolation.tenants import STRANGER, Tenant, TunnelEnd
from raslab.measure.isolation.wire import version

TENANTS_EACH = 4
"""For the tunnels of how many others each tenant forges packets; strangers do for everybody's.

How far a forged packet gets does not depend on its key, until it comes to where the tunnels end, and who sent it does
not matter there. So this need not grow with the square of the number of tenants.
"""


@dataclass(frozen=True)
class Door:
    """A way by which packets leave a node.

    mac: its own, None on an interface without an Ethernet header; next_hop: the MAC address that packets go to.
    sources: the addresses of the interface, then the node's others. neighbours: addresses known to be on its link;
    beside: those on links of the node's other interfaces, to which it is no way. tenant: whose node it is, None for a
    stranger's. outside: it leads to the provider's network.
    """

    node: str
    interface: str
    mac: bytes | None
    next_hop: bytes | None
    sources: tuple[str, ...]
    neighbours: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()
    tenant: str | None = None
    outside: bool = False

    @property
    def is_outer(self) -> bool:
        """True if it is on the provider's network: a site's way out, or a stranger's."""
        return self.outside or self.tenant is None

    def source(self, ip_version: int) -> str | None:
        """Its own address of an IP version."""
        return next((one for one in self.sources if version(one) == ip_version), None)


@dataclass(frozen=True)
class Scene:
    """Everything that probes are made from.

    underlay: addresses of the gateway itself on the provider's network. meeting: pairs of tenants, sender first, that
    are meant to reach each other.
    """

    tenants: tuple[Tenant, ...]
    doors: tuple[Door, ...]
    underlay: tuple[str, ...] = ()
    meeting: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    @cached_property
    def by_name(self) -> Mapping[str, Tenant]:
        """The tenants by their names."""
        return {tenant.name: tenant for tenant in self.tenants}

    def doors_of(self, tenant: Tenant) -> list[Door]:
        """Ways inside of its own network."""
        return self._inner_doors[tenant.name]

    @cached_property
    def _inner_doors(self) -> Mapping[str | None, list[Door]]:
        found: dict[str | None, list[Door]] = defaultdict(list)
        for door in self.doors:
            if not door.outside:
                found[door.tenant].append(door)
        return found

    @property
    def outer_doors(self) -> list[Door]:
        """Ways on the provider's network: the sites' and strangers'."""
        return [door for door in self.doors if door.is_outer]

    def victims_of(self, sender: str) -> list[Tenant]:
        """The tenants that a sender must not reach."""
        return [one for one in self.tenants if one.name != sender and (sender, one.name) not in self.meeting]

    def next_victims_of(self, sender: str) -> list[Tenant]:
        """Of these the TENANTS_EACH that come after the sender, round and round; for a stranger all of them."""
        if sender == STRANGER:
            return self.victims_of(sender)
        place = next(place for place, one in enumerate(self.tenants) if one.name == sender)
        in_turn = (*self.tenants[place:], *self.tenants[:place])
        return [one for one in in_turn if one.name != sender and (sender, one.name) not in self.meeting][:TENANTS_EACH]

    def is_let_out(self, door: Door) -> bool:
        """True if what a forger sends there gets to the provider's network: a site's router passes it on."""
        return door.is_outer or bool(self.by_name[str(door.tenant)].outside)

    def is_agreed(self, source: str, destination: str, key: int | None) -> bool:
        """True if a tunnel's packet with these outer addresses and this key is some tenant's own."""
        return any(is_same_network(end, key) for end in self._ends[source, destination])

    @cached_property
    def _ends(self) -> Mapping[tuple[str, str], list[TunnelEnd]]:
        found: dict[tuple[str, str], list[TunnelEnd]] = defaultdict(list)
        for tenant in self.tenants:
            for end in tenant.tunnels:
                found[end.remote, end.local].append(end)
        return found


def is_same_network(end: TunnelEnd, key: int | None) -> bool:
    """True if a packet with this key comes out of the tunnel; the last byte of NVGRE's is but a number of the flow."""
    if end.encapsulation == "nvgre" and end.key is not None and key is not None:
        return end.key >> 8 == key >> 8
    return end.key == key
