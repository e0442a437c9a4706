"""Which probes to send: for each pair of tenants all that could meet, and what each tenant may do, to compare. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, product

from raslab.measure.isolation.tenants import PROVIDER, STRANGER, Home, Tenant, TunnelEnd
from raslab.measure.isolation.wire import Datagram, Packet, Protocol, Question, Tunnelled, version

ARP, SOLICITATION = "ARP", "neighbour solicitation"
MANAGEMENT = "management ports"
SPOOFED = "spoofed source"
IN_TUNNEL = {"gre": "GRE", "nvgre": "NVGRE", "vxlan": "VXLAN"}

KEYS = {"gre": 1 << 32, "nvgre": 1 << 32, "vxlan": 1 << 24}
"""How many keys there are."""

PLAIN: dict[int, tuple[tuple[str, Protocol, int], ...]] = {
    4: (("ICMP", "icmp", 0), ("TCP", "tcp", 80), ("BGP", "tcp", 179), ("UDP", "udp", 5353)),
    6: (("ICMPv6", "icmp", 0), ("TCP, IPv6", "tcp", 80), ("BGP, IPv6", "tcp", 179), ("UDP, IPv6", "udp", 5353)),
}
"""Kinds of probes by IP version, with protocol and port."""
MANAGEMENT_PORTS = (22, 443, 2601, 2605, 5985)
"""SSH, HTTPS, the consoles of FRR's zebra and bgpd, WinRM."""


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
class Probe:
    """One packet to send. sender, target: tenants, STRANGER or PROVIDER; asked: the address that it is about."""

    kind: str
    sender: str
    target: str
    door: Door
    asked: str
    packet: Packet

    @property
    def is_control(self) -> bool:
        """True if it must arrive, since it is for its sender's own."""
        return self.sender == self.target and self.kind != MANAGEMENT


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

    def doors_of(self, tenant: Tenant) -> list[Door]:
        """Ways inside of its own network."""
        return [door for door in self.doors if door.tenant == tenant.name and not door.outside]

    @property
    def outer_doors(self) -> list[Door]:
        """Ways on the provider's network: the sites' and strangers'."""
        return [door for door in self.doors if door.is_outer]

    def victims_of(self, sender: str) -> Iterator[Tenant]:
        """The tenants that a sender must not reach."""
        return (one for one in self.tenants if one.name != sender and (sender, one.name) not in self.meeting)

    def is_let_out(self, door: Door) -> bool:
        """True if what a forger sends there gets to the provider's network: a site's router passes it on."""
        return door.is_outer or any(tenant.outside for tenant in self.tenants if tenant.name == door.tenant)

    def is_agreed(self, source: str, destination: str, key: int | None) -> bool:
        """True if a tunnel's packet with these outer addresses and this key is some tenant's own."""
        return any(
            (end.remote, end.local) == (source, destination) and is_same_network(end, key)
            for tenant in self.tenants
            for end in tenant.tunnels
        )


def is_same_network(end: TunnelEnd, key: int | None) -> bool:
    """True if a packet with this key comes out of the tunnel; the last byte of NVGRE's is but a number of the flow."""
    if end.encapsulation == "nvgre" and end.key is not None and key is not None:
        return end.key >> 8 == key >> 8
    return end.key == key


def controls(scene: Scene) -> Iterator[Probe]:
    """What must arrive: the same kinds of probes, from each tenant to its own."""
    for tenant in scene.tenants:
        for door, home in product(scene.doors_of(tenant), tenant.homes):
            if _is_across(door, home):
                yield from _plain(tenant.name, tenant.name, door, home.address)
                if home.address in door.neighbours:
                    yield from _questions(tenant.name, tenant.name, door, home.address)
        for end in tenant.tunnels:
            yield from _agreed_tunnel(scene, tenant, end)


def crossings(scene: Scene) -> Iterator[Probe]:
    """What must not arrive: from each tenant to every other one, to the gateway itself, and from strangers to all."""
    for door in scene.doors:
        sender = door.tenant or STRANGER
        for victim in scene.victims_of(sender):
            if not door.outside:
                yield from _to_victim(scene, sender, victim, door)
            for end in victim.tunnels:
                yield from _forged_tunnels(scene, sender, victim, end, door)
        if door.tenant and not door.outside:
            yield from _to_gateway(scene, sender, door)


def _plain(sender: str, target: str, door: Door, address: str) -> Iterator[Probe]:
    source = door.source(version(address))
    if source is None:
        return
    for kind, protocol, port in PLAIN[version(address)]:
        yield Probe(kind, sender, target, door, address, Datagram(protocol, source, address, port))


def _questions(sender: str, target: str, door: Door, address: str) -> Iterator[Probe]:
    source = door.source(version(address))
    if door.mac is not None and source is not None:
        kind = ARP if version(address) == 4 else SOLICITATION
        yield Probe(kind, sender, target, door, address, Question(door.mac, source, address))


def _to_victim(scene: Scene, sender: str, victim: Tenant, door: Door) -> Iterator[Probe]:
    for home in victim.homes:
        yield from _plain(sender, victim.name, door, home.address)
        yield from _questions(sender, victim.name, door, home.address)
        for source in _disguises(scene, victim, home):
            for protocol in ("icmp", "udp"):
                packet = Datagram(protocol, source, home.address, 5353)
                yield Probe(SPOOFED, sender, victim.name, door, home.address, packet)
    for own in next((one.homes for one in scene.tenants if one.name == sender), ()):
        # Whoever is asked this answers to the address of the other tenant.
        for home in victim.homes:
            if _is_across(door, own) and version(home.address) == version(own.address):
                packet = Datagram("icmp", home.address, own.address)
                yield Probe(SPOOFED, sender, victim.name, door, own.address, packet)


def _is_across(door: Door, home: Home) -> bool:
    """True if the door is a way to it."""
    return home.routed and home.node != door.node and home.address not in door.beside


def _disguises(scene: Scene, victim: Tenant, home: Home) -> Iterator[str]:
    """Whose address a forger would take: another one of the victim's, or the gateway's own."""
    others = (other.address for other in victim.homes if other != home)
    for candidates in (others, scene.underlay):
        yield from islice((one for one in candidates if version(one) == version(home.address)), 1)


def _to_gateway(scene: Scene, sender: str, door: Door) -> Iterator[Probe]:
    """To the gateway's own addresses, and to its management ports also by the address that it has for the tenant."""
    tenant = next(one for one in scene.tenants if one.name == sender)
    within = {place[0] for place in tenant.interfaces}
    for address in scene.underlay:
        yield from _plain(sender, PROVIDER, door, address)
        yield from _management(sender, PROVIDER, door, address)
    for home in tenant.homes:
        if home.node in within:
            yield from _management(sender, sender, door, home.address)


def _management(sender: str, target: str, door: Door, address: str) -> Iterator[Probe]:
    source = door.source(version(address))
    for port in MANAGEMENT_PORTS if source else ():
        yield Probe(MANAGEMENT, sender, target, door, address, Datagram("tcp", str(source), address, port))


def _agreed_tunnel(scene: Scene, tenant: Tenant, end: TunnelEnd) -> Iterator[Probe]:
    """A tunnel's packet made by hand at the tenant's own site, which is as good as one by its kernel."""
    doors = (door for door in scene.outer_doors if door.tenant == tenant.name and door.node == end.site)
    for door, home in product(doors, tenant.homes):
        source = _behind(tenant, door, version(home.address))
        if source is not None and _is_across(door, home):
            inner = Datagram("udp", source, home.address, 5353)
            packet = Tunnelled(end.encapsulation, end.remote, end.local, end.key, inner)
            yield Probe(IN_TUNNEL[end.encapsulation], tenant.name, tenant.name, door, home.address, packet)


def _forged_tunnels(scene: Scene, sender: str, victim: Tenant, end: TunnelEnd, door: Door) -> Iterator[Probe]:
    """The victim's key from an address of one's own; wrong keys, others' keys and none from the victim's address.

    With the right key and the right address it would be the victim's own packet: GRE cannot tell. From within a
    tenant's network that has no other way out even that must not get anywhere.
    """
    own = door.source(version(end.local))
    keys = [end.key, *_other_keys(scene, sender, end)]
    outer = [(source, key) for source in (own, end.remote) if source is not None for key in keys]
    for source, key in outer:
        if scene.is_let_out(door) and scene.is_agreed(source, end.local, key):
            continue
        for home in victim.homes:
            inside = next(_disguises(scene, victim, home), home.address)
            packet = Tunnelled(end.encapsulation, source, end.local, key, Datagram("udp", inside, home.address, 5353))
            yield Probe(IN_TUNNEL[end.encapsulation], sender, victim.name, door, home.address, packet)


def _other_keys(scene: Scene, sender: str, end: TunnelEnd) -> list[int | None]:
    """Keys that are not this tunnel's: those beside it, those of the sender's own tunnels, and none."""
    own = {other.key for tenant in scene.tenants if tenant.name == sender for other in tenant.tunnels}
    if end.key is None:
        return sorted(own - {None}, key=str)
    step = 1 << 8 if end.encapsulation == "nvgre" else 1
    known = {key for key in own if key is not None} | {(end.key + step) % KEYS[end.encapsulation], end.key ^ step}
    others = [key for key in sorted(known) if not is_same_network(end, key)]
    return [*others, *([None] if end.encapsulation != "vxlan" else [])]


def _behind(tenant: Tenant, door: Door, ip_version: int) -> str | None:
    """An address of the tenant's at the site that the door leads away from."""
    candidates = (home for home in tenant.homes if not _is_across(door, home))
    return next((home.address for home in candidates if version(home.address) == ip_version), None)
