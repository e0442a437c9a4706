"""Packets in tunnels without encryption: forged ones, and one that the tenant's own site could have sent. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.measure.isolation.scene import Door, Scene, is_same_network
from raslab.measure.isolation.tenants import STRANGER, Home, Tenant, TunnelEnd
from raslab.measure.isolation.wire import Datagram, Tunnelled, version

KEYS = {"gre": 1 << 32, "nvgre": 1 << 32, "vxlan": 1 << 24}
"""How many keys there are."""
_PORT = 5353


def own_in_tunnel(tenant: Tenant, end: TunnelEnd, inside: Home, home: Home) -> Tunnelled:
    """A tunnel's packet made by hand at the tenant's own site, which is as good as one by its kernel."""
    inner = Datagram("udp", inside.address, home.address, _PORT)
    return Tunnelled(end.encapsulation, end.remote, end.local, end.key, inner)


def forged_in_tunnels(scene: Scene, sender: str, door: Door) -> Iterator[tuple[Tenant, Tunnelled]]:
    """Packets for the tunnels of those that a sender must not reach, each with the tenant whose tunnel it is."""
    for victim in scene.next_victims_of(sender):
        for end in victim.tunnels:
            for source, key in _outer(scene, sender, end, door):
                for inner in _inner(victim):
                    yield victim, Tunnelled(end.encapsulation, source, end.local, key, inner)


def _outer(scene: Scene, sender: str, end: TunnelEnd, door: Door) -> Iterator[tuple[str, int | None]]:
    """Sources and keys: its key and none from one's own address; its own, wrong keys and none from its address.

    With the right key and the right address it would be the victim's own packet: GRE cannot tell. From within a
    tenant's network that has no other way out even that must not get anywhere.
    """
    others = _other_keys(scene, sender, end)
    none = () if end.encapsulation == "vxlan" else (None,)
    outer = [(door.source(version(end.local)), key) for key in (end.key, *none)]
    outer += [(end.remote, key) for key in (end.key, *others)]
    for source, key in dict.fromkeys(outer):
        if source is not None and not (scene.is_let_out(door) and scene.is_agreed(source, end.local, key)):
            yield source, key


def _inner(victim: Tenant) -> Iterator[Datagram]:
    """From one address of the victim's to another, of each IP version: wherever it is for, the tunnel shows it."""
    for number in (4, 6):
        homes = [home for home in victim.homes if version(home.address) == number]
        homes.sort(key=lambda home: home.node not in victim.nodes or not home.routed)
        if homes:
            yield Datagram("udp", homes[-1].address, homes[0].address, _PORT)


def _other_keys(scene: Scene, sender: str, end: TunnelEnd) -> list[int | None]:
    """Keys that are not this tunnel's: those beside it, those of the sender's own tunnels, and none."""
    own = {other.key for other in scene.by_name[sender].tunnels} if sender != STRANGER else set()
    if end.key is None:
        return sorted(own - {None}, key=str)
    step = 1 << 8 if end.encapsulation == "nvgre" else 1
    known = {key for key in own if key is not None} | {(end.key + step) % KEYS[end.encapsulation], end.key ^ step}
    others = [key for key in sorted(known) if not is_same_network(end, key)]
    return [*others, *([None] if end.encapsulation != "vxlan" else [])]
