"""Packets that a forger might think of: random addresses, keys, protocols and tunnels, by a seed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

from raslab.measure.isolation.probes import KEYS, Door, Probe, Scene
from raslab.measure.isolation.tenants import STRANGER, Tenant
from raslab.measure.isolation.wire import Datagram, Encapsulation, Packet, Protocol, Tunnelled, version

FORGED = "forged at random"
_PROTOCOLS: tuple[Protocol, ...] = ("icmp", "tcp", "udp")
_ENCAPSULATIONS: tuple[Encapsulation, ...] = ("gre", "nvgre", "vxlan")
_PORTS = (22, 53, 80, 179, 443, 500, 2605, 3784, 4500, 4789, 5353)
_TTLS = (1, 2, 64, 255)


def forgeries(scene: Scene, count: int, seed: int) -> Iterator[Probe]:
    """`count` forged packets, none of which is what a tenant has agreed upon with its gateway."""
    doors = [door for door in scene.doors if any(scene.victims_of(door.tenant or STRANGER))]
    return islice(_endless(scene, doors, Random(seed)), count) if doors else iter(())


def _endless(scene: Scene, doors: list[Door], chance: Random) -> Iterator[Probe]:
    while True:
        door = chance.choice(doors)
        sender = door.tenant or STRANGER
        victim = chance.choice(list(scene.victims_of(sender)))
        inner = _datagram(scene, victim, door, chance)
        if inner is None:
            continue
        packet: Packet | None = inner
        if door.outside or chance.random() < 0.5:
            packet = _tunnelled(scene, victim, door, inner, chance)
        if packet is not None:
            yield Probe(FORGED, sender, victim.name, door, inner.destination, packet)


def _datagram(scene: Scene, victim: Tenant, door: Door, chance: Random) -> Datagram | None:
    """To an address of the victim's, from anybody's address."""
    if not victim.homes:
        return None
    destination = chance.choice(victim.homes).address
    anybody = [home.address for tenant in scene.tenants for home in tenant.homes]
    sources = [one for one in (*anybody, *scene.underlay, *door.sources) if version(one) == version(destination)]
    protocol, port, ttl = chance.choice(_PROTOCOLS), chance.choice(_PORTS), chance.choice(_TTLS)
    return Datagram(protocol, chance.choice(sources), destination, port, ttl)


def _tunnelled(scene: Scene, victim: Tenant, door: Door, inner: Datagram, chance: Random) -> Tunnelled | None:
    """In a tunnel to where one of the tenants' ends, or to the gateway, with somebody's address and somebody's key."""
    ends = [end for tenant in scene.tenants for end in tenant.tunnels]
    encapsulation = chance.choice([*(end.encapsulation for end in victim.tunnels), *_ENCAPSULATIONS])
    locals_ = [*(end.local for end in ends), *scene.underlay]
    if not locals_:
        return None
    local = chance.choice(locals_)
    sources = [one for one in (*(end.remote for end in ends), *door.sources) if version(one) == version(local)]
    if not sources:
        return None
    source = chance.choice(sources)
    known = [end.key for end in ends if end.key is not None]
    key = chance.choice([*known, chance.randrange(KEYS[encapsulation]), None])
    if encapsulation == "vxlan":
        key = (key or 0) % KEYS[encapsulation]
    if scene.is_let_out(door) and scene.is_agreed(source, local, key):
        return None
    return Tunnelled(encapsulation, source, local, key, inner)
