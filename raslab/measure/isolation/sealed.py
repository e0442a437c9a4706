"""Packets of tunnels that encrypt, IPsec and WireGuard: those of somebody else, and genuine ones sent again. Pure.

Nobody can make what such a tunnel takes, so there are two things to try. Packets that nobody agreed upon must get
nowhere. And a genuine packet, heard on the way, with a probe inside that has arrived already, must not come out again:
not at its own tenant's, as its sequence number is used up, and not at another one's either, whose outside address it is
sent from, whose SPI it is given, or to whose port it goes.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address

from raslab.measure.isolation.listening import Heard
from raslab.measure.isolation.scene import Door, Scene
from raslab.measure.isolation.sights import network_packet
from raslab.measure.isolation.tenants import STRANGER, SealedEnd, Tenant
from raslab.measure.isolation.wire import TOKEN_BYTES, Sealed, version

FOREIGN_ESP, FOREIGN_UDP, STRANGE_IKE = "ESP", "ESP in UDP", "IKE_SA_INIT"
REPLAYED = "genuine packet again"
KEPT = 4
"""How many packets of a tunnel are kept to be sent again."""
Carriers = Mapping[SealedEnd, deque[Sealed]]
"""Genuine packets that were heard of each tunnel, from its far end."""

_ESP, _UDP = 50, 17
_IKE_PORT, _NAT_PORT = 500, 4500  # RFC 3948
_STRANGE_SPI = 0x5EA1ED00
_LATER = 1 << 16  # added to a sequence number, so that it is none that was used
_MESSAGES = {bytes((kind, 0, 0, 0)) for kind in (1, 2, 3, 4)}  # WireGuard's


def read_sealed(heard: Heard) -> Sealed | None:
    """The packet as one that encrypts, if it looks like one."""
    _, packet = network_packet(heard)
    if packet[:1] and packet[0] >> 4 == 6 and len(packet) >= 40:
        ends, protocol = (packet[8:24], packet[24:40]), packet[6]
        inner = packet[40 : 40 + int.from_bytes(packet[4:6])]
    elif packet[:1] and packet[0] >> 4 == 4 and len(packet) >= 20:
        ends, protocol = (packet[12:16], packet[16:20]), packet[9]
        inner = packet[(packet[0] & 15) * 4 : int.from_bytes(packet[2:4])]
    else:
        return None
    if protocol not in (_ESP, _UDP) or len(inner) < 16:
        return None
    source, destination = (str(ip_address(one)) for one in ends)
    if protocol == _ESP:
        return Sealed(source, destination, None, inner)
    port, payload = int.from_bytes(inner[2:4]), inner[8:]
    is_esp = port == _NAT_PORT and payload[:4] != bytes(4)
    return Sealed(source, destination, port, payload) if is_esp or payload[:4] in _MESSAGES else None


def foreign(scene: Scene, sender: str, door: Door) -> Iterator[tuple[str, Tenant, Sealed]]:
    """ESP with an SPI that nobody agreed upon, from the sender's and from the tunnel's far end; a stranger's first
    message of IKE. Each with its kind and the tenant whose tunnel it is for.
    """
    for victim, end in _ends(scene, sender, door):
        own = door.source(version(end.local))
        esp = struct.pack("!II", _STRANGE_SPI, 1) + bytes(48)
        for source in dict.fromkeys((own, end.remote)):
            if source is not None:
                yield FOREIGN_ESP, victim, Sealed(source, end.local, None, esp, marked=True)
                yield FOREIGN_UDP, victim, Sealed(source, end.local, _NAT_PORT, esp, marked=True)
        if sender == STRANGER and own is not None:
            yield STRANGE_IKE, victim, Sealed(own, end.local, _IKE_PORT, _ike_sa_init(), marked=True)


def again(scene: Scene, sender: str, door: Door, carriers: Carriers) -> Iterator[tuple[Tenant, Sealed]]:
    """Genuine packets once more, as they were and altered, each with the tenant whose they are."""
    own = [one for end in _own_ends(scene, sender) for one in carriers.get(end, ())]
    for victim, end in _ends(scene, sender, door):
        for packet in carriers.get(end, ()):
            for source in dict.fromkeys((packet.source, door.source(version(end.local)))):
                if source is not None:
                    disguised = replace(packet, source=source)
                    yield from ((victim, one) for one in (disguised, *_altered(disguised, own)))


def _altered(packet: Sealed, own: list[Sealed]) -> Iterator[Sealed]:
    """ESP in UDP, or out of it; and as if it was for the sender's own tunnel, by its SPI or its port."""
    if packet.port in (None, _NAT_PORT):
        yield replace(packet, port=_NAT_PORT if packet.port is None else None)
    for other in own[-1:]:
        if packet.port in (None, _NAT_PORT) and other.port == packet.port:
            sequence = (int.from_bytes(other.payload[4:8]) + _LATER) & 0xFFFFFFFF
            yield replace(packet, payload=other.payload[:4] + sequence.to_bytes(4) + packet.payload[8:])
        elif packet.port != other.port and None not in (packet.port, other.port):
            yield replace(packet, port=other.port)


def _own_ends(scene: Scene, sender: str) -> tuple[SealedEnd, ...]:
    return scene.by_name[sender].sealed if sender != STRANGER else ()


def _ends(scene: Scene, sender: str, door: Door) -> Iterator[tuple[Tenant, SealedEnd]]:
    """The tunnels of those that a sender must not reach, if his door is on the provider's network."""
    for victim in scene.next_victims_of(sender) if door.is_outer else ():
        for end in victim.sealed:
            yield victim, end


def _ike_sa_init() -> bytes:
    """A stranger's first message of IKE (RFC 7296 section 1.2), up to the token, which is the end of its nonce."""
    transforms = [
        struct.pack("!BBHBBHHH", 3, 0, 12, 1, 0, 12, 0x800E, 256),  # AES-CBC with 256 bits
        struct.pack("!BBHBBH", 3, 0, 8, 2, 0, 5),  # PRF_HMAC_SHA2_256
        struct.pack("!BBHBBH", 3, 0, 8, 3, 0, 12),  # AUTH_HMAC_SHA2_256_128
        struct.pack("!BBHBBH", 0, 0, 8, 4, 0, 14),  # the group of 2048 bits
    ]
    proposal = b"".join(transforms)
    proposal = struct.pack("!BBHBBBB", 0, 0, 8 + len(proposal), 1, 1, 0, len(transforms)) + proposal
    association = struct.pack("!BBH", 34, 0, 4 + len(proposal)) + proposal
    exchange = struct.pack("!BBHHH", 40, 0, 8 + 256, 14, 0) + b"Z" * 256
    nonce = struct.pack("!BBH", 0, 0, 4 + 20 + TOKEN_BYTES) + bytes(20)
    payloads = association + exchange + nonce
    head = struct.pack("!8s8sBBBBII", b"stranger", bytes(8), 33, 0x20, 34, 0x08, 0, 28 + len(payloads) + TOKEN_BYTES)
    return head + payloads
