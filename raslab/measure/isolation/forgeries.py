"""Packets that a forger might think of: random addresses, keys, protocols and tunnels, by a seed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

from raslab.measure.isolation.forged_tunnels import KEYS
from raslab.measure.isolation.probes import Probe
from raslab.measure.isolation.scene import Door, Scene
from raslab.measure.isolation.tenants import STRANGER, Tenant
from raslab.measure.isolation.wire import Datagram, Encapsulation, Packet, Protocol, Tunnelled, version

FORGED = "forged at random"
_PROTOCOLS: tuple[Protocol, ...] = ("icmp", "tcp", "udp")
_ENCAPSULATIONS: tuple[Encapsulation, ...] = ("gre", "nvgre", "vxlan")
_PORTS = (22, 53, 80, 179, 443, 500, 2605, 3784, 4500, 4789, 5353)
_TTLS = (1, 2, 64, 255)


def forgeries(scene: Scene, count: int, seed: int) -> Iterator[Probe]:
    """`count` forged packets, none of which is what a tenant has agreed upon with its gateway."""
    return islice(_Forger(scene, Random(seed)).probes(), count)


class _Forger:
    """Chooses from what there is in a scene."""

    def __init__(self, scene: Scene, chance: Random) -> None:
        self._scene = scene
        self._chance = chance
        self._ends = [end for tenant in scene.tenants for end in tenant.tunnels]
        self._locals = [*(end.local for end in self._ends), *scene.underlay]
        self._keys = [end.key for end in self._ends if end.key is not None]
        anybody = [*(home.address for tenant in scene.tenants for home in tenant.homes), *scene.underlay]
        self._anybody = {number: [one for one in anybody if version(one) == number] for number in (4, 6)}
        senders = dict.fromkeys(map(_sender, scene.doors))
        self._victims = {sender: [one for one in scene.victims_of(sender) if one.homes] for sender in senders}
        # From outside everything has to come in a tunnel.
        self._doors = [one for one in scene.doors if self._victims[_sender(one)] and (self._locals or not one.outside)]

    def probes(self) -> Iterator[Probe]:
        """Forged packets without end, or none at all."""
        chance = self._chance
        while self._doors:
            door = chance.choice(self._doors)
            victim = chance.choice(self._victims[_sender(door)])
            inner = self._datagram(victim, door)
            packet: Packet | None = inner
            if door.outside or (self._locals and chance.random() < 0.5):
                packet = self._tunnelled(victim, door, inner)
            if packet is not None:
                yield Probe(FORGED, _sender(door), (victim.name,), door, inner.destination, packet)

    def _datagram(self, victim: Tenant, door: Door) -> Datagram:
        """To an address of the victim's, from anybody's address."""
        chance = self._chance
        destination = chance.choice(victim.homes).address
        own = [one for one in door.sources if version(one) == version(destination)]
        protocol, port, ttl = chance.choice(_PROTOCOLS), chance.choice(_PORTS), chance.choice(_TTLS)
        return Datagram(protocol, chance.choice(self._anybody[version(destination)] + own), destination, port, ttl)

    def _tunnelled(self, victim: Tenant, door: Door, inner: Datagram) -> Tunnelled | None:
        """To where a tunnel ends, or to the gateway, with somebody's address and somebody's key; None if it is real."""
        chance = self._chance
        encapsulation = chance.choice([*(end.encapsulation for end in victim.tunnels), *_ENCAPSULATIONS])
        local = chance.choice(self._locals)
        candidates = (*(end.remote for end in self._ends), *self._scene.underlay, *door.sources)
        source = chance.choice([one for one in candidates if version(one) == version(local)] or [local])
        key = chance.choice([*self._keys, chance.randrange(KEYS[encapsulation]), None])
        if encapsulation == "vxlan":
            key = (key or 0) % KEYS[encapsulation]
        if self._scene.is_let_out(door) and self._scene.is_agreed(source, local, key):
            return None
        return Tunnelled(encapsulation, source, local, key, inner)


def _sender(door: Door) -> str:
    return door.tenant or STRANGER
