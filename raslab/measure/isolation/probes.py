"""Which probes to send: for each pair of tenants all that could meet, and what each tenant may do, to compare. Pure.

Every interface hears, so a packet is tried for everybody at once: one that is sent to an address stands for all tenants
who have that address. The more alike tenants are, the less their number counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from typing import TypeVar

from raslab.measure.isolation.crafted import Crafted
from raslab.measure.isolation.forged_tunnels import forged_in_tunnels, own_in_tunnel
from raslab.measure.isolation.scene import Door, Scene
from raslab.measure.isolation.sealed import REPLAYED, Carriers, again, foreign
from raslab.measure.isolation.tenants import PROVIDER, STRANGER, Home, Tenant, TunnelEnd
from raslab.measure.isolation.wire import Datagram, Packet, Protocol, Question, version

ARP, SOLICITATION = "ARP", "neighbour solicitation"
MANAGEMENT = "management ports"
SPOOFED = "spoofed source"
IN_TUNNEL = {"gre": "GRE", "nvgre": "NVGRE", "vxlan": "VXLAN"}

PLAIN: dict[int, tuple[tuple[str, Protocol, int], ...]] = {
    4: (("ICMP", "icmp", 0), ("TCP", "tcp", 80), ("BGP", "tcp", 179), ("UDP", "udp", 5353)),
    6: (("ICMPv6", "icmp", 0), ("TCP, IPv6", "tcp", 80), ("BGP, IPv6", "tcp", 179), ("UDP, IPv6", "udp", 5353)),
}
"""Kinds of probes by IP version, with protocol and port."""
MANAGEMENT_PORTS = (22, 443, 2601, 2605, 5985)
"""SSH, HTTPS, the consoles of FRR's zebra and bgpd, WinRM."""

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Probe:
    """One packet to send.

    sender: a tenant or STRANGER; targets: the tenants for whom it is tried, or PROVIDER; asked: the address that it is
    about.
    """

    kind: str
    sender: str
    targets: tuple[str, ...]
    door: Door
    asked: str
    packet: Packet | Crafted

    @property
    def is_control(self) -> bool:
        """True if it must arrive, since it is for its sender's own."""
        return self.targets == (self.sender,) and self.kind != MANAGEMENT


def controls(scene: Scene) -> Iterator[Probe]:
    """What must arrive: the same kinds of probes, from each tenant to its own."""
    for tenant in scene.tenants:
        own = (tenant.name,)
        for door, home in product(scene.doors_of(tenant), tenant.homes):
            if _is_across(door, home):
                yield from _plain(own, door, home.address)
                if home.address in door.neighbours:
                    yield from _questions(own, door, home.address)
        for end in tenant.tunnels:
            yield from _agreed_tunnel(scene, tenant, end)


def crossings(scene: Scene) -> Iterator[Probe]:
    """What must not arrive: from each tenant to every other one, to the gateway itself, and from strangers to all."""
    for sender in dict.fromkeys(door.tenant or STRANGER for door in scene.doors):
        doors = [door for door in scene.doors if door.tenant == (None if sender == STRANGER else sender)]
        inner = [door for door in doors if not door.outside]
        victims = _Victims(scene, sender)
        for door in doors:
            if not door.outside:
                yield from victims.probes(door)
            for victim, packet in forged_in_tunnels(scene, sender, door):
                kind = IN_TUNNEL[packet.encapsulation]
                yield Probe(kind, sender, (victim.name,), door, packet.inner.destination, packet)
            for kind, victim, sealed in foreign(scene, sender, door):
                yield Probe(kind, sender, (victim.name,), door, sealed.destination, sealed)
        if sender != STRANGER:
            for door in inner:
                yield from _to_gateway(scene, scene.by_name[sender], door)
        for door, address in product((one for one in doors if one.is_outer), scene.underlay):
            yield from _management(sender, (PROVIDER,), door, address)


def replays(scene: Scene, carriers: Carriers) -> Iterator[Probe]:
    """Packets of tunnels that encrypt, from everybody on the provider's network whose they are not."""
    for door in scene.outer_doors:
        sender = door.tenant or STRANGER
        for victim, packet in again(scene, sender, door, carriers):
            yield Probe(REPLAYED, sender, (victim.name,), door, packet.destination, packet)


class _Victims:
    """What a sender could send to the others: each address once, with the names of all who have it."""

    def __init__(self, scene: Scene, sender: str) -> None:
        self._homes = scene.by_name[sender].homes if sender != STRANGER else ()
        having: dict[str, dict[str, None]] = defaultdict(dict)
        disguised: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for victim in scene.victims_of(sender):
            for home in victim.homes:
                having[home.address][victim.name] = None
                for source in _disguises(scene, victim, home):
                    disguised[source, home.address][victim.name] = None
        self._having = _as_tuples(having)
        self._disguised = _as_tuples(disguised)

    def probes(self, door: Door) -> Iterator[Probe]:
        """All of them by one of the sender's doors."""
        for address, names in self._having.items():
            yield from _plain(names, door, address)
            yield from _questions(names, door, address)
        for (source, address), names in self._disguised.items():
            for protocol in ("icmp", "udp"):
                packet = Datagram(protocol, source, address, 5353)
                yield Probe(SPOOFED, door.tenant or STRANGER, names, door, address, packet)
        yield from self._answered_astray(door)

    def _answered_astray(self, door: Door) -> Iterator[Probe]:
        """Whoever of one's own is asked this answers to an address of another tenant."""
        asked = [home for home in self._homes if _is_across(door, home)]
        for own, (source, names) in product(asked, self._having.items()):
            if version(source) == version(own.address):
                packet = Datagram("icmp", source, own.address)
                yield Probe(SPOOFED, door.tenant or STRANGER, names, door, own.address, packet)


def _as_tuples(sets: dict[Key, dict[str, None]]) -> dict[Key, tuple[str, ...]]:
    """With equal tuples being one object: there are many of them, and they are long."""
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    return {key: known.setdefault(tuple(names), tuple(names)) for key, names in sets.items()}


def _plain(targets: tuple[str, ...], door: Door, address: str) -> Iterator[Probe]:
    source = door.source(version(address))
    if source is None:
        return
    for kind, protocol, port in PLAIN[version(address)]:
        packet = Datagram(protocol, source, address, port)
        yield Probe(kind, door.tenant or STRANGER, targets, door, address, packet)


def _questions(targets: tuple[str, ...], door: Door, address: str) -> Iterator[Probe]:
    source = door.source(version(address))
    if door.mac is not None and source is not None:
        kind = ARP if version(address) == 4 else SOLICITATION
        packet = Question(door.mac, source, address)
        yield Probe(kind, door.tenant or STRANGER, targets, door, address, packet)


def _is_across(door: Door, home: Home) -> bool:
    """True if the door is a way to it."""
    return home.routed and home.node != door.node and home.address not in door.beside


def _disguises(scene: Scene, victim: Tenant, home: Home) -> Iterator[str]:
    """Whose address a forger would take: another one of the victim's, or the gateway's own."""
    others = (other.address for other in victim.homes if other != home)
    candidates: Iterable[Iterable[str]] = (others, scene.underlay)
    for addresses in candidates:
        yield from islice((one for one in addresses if version(one) == version(home.address)), 1)


def _to_gateway(scene: Scene, tenant: Tenant, door: Door) -> Iterator[Probe]:
    """To the gateway's own addresses, and to its management ports also by the address that it has for the tenant."""
    within = {place[0] for place in tenant.interfaces}
    for address in scene.underlay:
        yield from _plain((PROVIDER,), door, address)
        yield from _management(tenant.name, (PROVIDER,), door, address)
    for home in tenant.homes:
        if home.node in within:
            yield from _management(tenant.name, (tenant.name,), door, home.address)


def _management(sender: str, targets: tuple[str, ...], door: Door, address: str) -> Iterator[Probe]:
    source = door.source(version(address))
    for port in MANAGEMENT_PORTS if source else ():
        yield Probe(MANAGEMENT, sender, targets, door, address, Datagram("tcp", str(source), address, port))


def _agreed_tunnel(scene: Scene, tenant: Tenant, end: TunnelEnd) -> Iterator[Probe]:
    """What the other end of a tunnel would send, made by hand: by the tenant's own site, or else by a stranger who is
    next to the provider's end and has the right key and the right address.
    """
    for door in scene.outer_doors:
        is_site = door.tenant == tenant.name and door.node == end.site
        if is_site or (end.site is None and door.tenant is None and end.local in door.neighbours):
            for home in tenant.homes:
                inside = _other_home(tenant, door if is_site else None, home)
                if inside is not None and _is_across(door, home):
                    packet = own_in_tunnel(tenant, end, inside, home)
                    yield Probe(IN_TUNNEL[end.encapsulation], tenant.name, (tenant.name,), door, home.address, packet)


def _other_home(tenant: Tenant, door: Door | None, home: Home) -> Home | None:
    """Another home of the tenant's, of the same IP version: one at the site that the door leads away from, if any."""
    candidates = (one for one in tenant.homes if one != home and (door is None or not _is_across(door, one)))
    return next((one for one in candidates if version(one.address) == version(home.address)), None)
