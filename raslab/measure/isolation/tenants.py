"""Who is who: tenants, and what belongs to them, as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from raslab.measure.isolation.wire import Encapsulation

Place = tuple[str, str]
"""Node and interface."""

STRANGER = "a stranger"
"""Who sends from a node that is no tenant's."""
PROVIDER = "the provider"
"""Whose the gateway's own addresses are, on the network between the sites."""


@dataclass(frozen=True, slots=True)
class Home:
    """An address of a tenant, without prefix length, and the node that has it.

    routed: the tenant's other nodes have a route to it, which they need not have to the ends of a tunnel.
    """

    address: str
    node: str
    routed: bool = True


@dataclass(frozen=True, slots=True)
class TunnelEnd:
    """A tunnel by which a tenant's packets come over the provider's network.

    local: the provider's end, such as the gateway's address; remote: the other end; key: as in
    `raslab.measure.isolation.wire.Tunnelled`. site: the tenant's own node at the other end, None if it is none of its.
    """

    encapsulation: Encapsulation
    local: str
    remote: str
    key: int | None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class SealedEnd:
    """A tunnel whose packets prove who sent them, by IPsec or WireGuard.

    local, remote: as of a `TunnelEnd`. place: the provider's interface by which what is inside comes out.
    """

    local: str
    remote: str
    place: Place


@dataclass(frozen=True)
class Tenant:
    """A tenant.

    nodes: all of them are the tenant's own. interfaces: what it has of nodes that others use too, such as the
    gateway's interfaces in its routing domain, the VRF itself among them. homes: its addresses. outside: interfaces of
    its own nodes that are on the provider's network: what arrives there has not got to the tenant yet. published:
    addresses on the Internet that are translated to and from its own, by which everybody may come in; ``first-last`` is
    a range.
    """

    name: str
    nodes: tuple[str, ...]
    interfaces: tuple[Place, ...] = ()
    homes: tuple[Home, ...] = ()
    outside: tuple[Place, ...] = ()
    tunnels: tuple[TunnelEnd, ...] = ()
    sealed: tuple[SealedEnd, ...] = ()
    published: tuple[str, ...] = ()

    @cached_property
    def addresses(self) -> frozenset[str]:
        """All its addresses."""
        return frozenset(home.address for home in self.homes)

    def owns(self, place: Place) -> bool:
        """True if what is seen there has come to the tenant."""
        return place in self.interfaces or (place[0] in self.nodes and place not in self.outside)


class Owners:
    """Whose a place is."""

    def __init__(self, tenants: Iterable[Tenant]) -> None:
        self._tenants = tuple(tenants)
        self._known: dict[Place, str | None] = {}

    def owner_of(self, place: Place) -> str | None:
        """The tenant's name, None if it is nobody's."""
        if place not in self._known:
            self._known[place] = next((one.name for one in self._tenants if one.owns(place)), None)
        return self._known[place]
