"""What encryption adds to a packet, to the byte, and tunnels as layers of headers: the theory of encrypted tunnels.

`raslab.model.encapsulation` counts IPsec at its largest, for the MTU; here it is counted as sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from raslab.model.encapsulation import (
    ETHERNET_HEADER_BYTES,
    IP_HEADER_BYTES,
    TRANSPORT_HEADER_BYTES,
    UDP_HEADER_BYTES,
    IpVersion,
)


@dataclass(frozen=True)
class Encryption:
    """How an algorithm wraps a packet.

    header_bytes: what comes before it, the initialisation vector included; trailer_bytes: what is encrypted with it;
    both together are padded to whole blocks of block_bytes; check_bytes: the check value after that.
    """

    header_bytes: int
    block_bytes: int
    check_bytes: int
    trailer_bytes: int = 0

    def sealed_bytes(self, inner_bytes: int) -> int:
        """Bytes that a packet of `inner_bytes` becomes."""
        blocks = -(-(inner_bytes + self.trailer_bytes) // self.block_bytes)
        return self.header_bytes + blocks * self.block_bytes + self.check_bytes


AES_CBC_SHA256 = Encryption(header_bytes=8 + 16, block_bytes=16, check_bytes=16, trailer_bytes=2)
"""ESP (RFC 4303, section 2) with AES-CBC (RFC 3602) of any key length and HMAC-SHA-256-128 (RFC 4868)."""
AES_GCM = Encryption(header_bytes=8 + 8, block_bytes=4, check_bytes=16, trailer_bytes=2)
"""ESP with AES-GCM (RFC 4106) of any key length."""
CHACHA20_POLY1305 = Encryption(header_bytes=8 + 8, block_bytes=4, check_bytes=16, trailer_bytes=2)
"""ESP with ChaCha20-Poly1305 (RFC 7634)."""
WIREGUARD = Encryption(header_bytes=16, block_bytes=16, check_bytes=16)
"""WireGuard's transport data message (the WireGuard paper, section 5.4.6). Its padding never exceeds the MTU."""


class Layer(Protocol):
    """One tunnel on the way. Encapsulation is one too."""

    def inner_mtu(self, link_mtu: int) -> int:
        """Largest inner packet, bytes, over something that carries packets of `link_mtu` bytes."""
        ...

    def packet_bytes(self, inner_bytes: int) -> int:
        """Bytes of the outer packet that carries an inner one."""
        ...


@dataclass(frozen=True)
class Encrypted:
    """An encrypted tunnel.

    reserved_bytes: by which the MTU inside is smaller, as the gateway sets it; in_udp: whether UDP is around it.
    """

    encryption: Encryption
    reserved_bytes: int
    in_udp: bool = False
    outer_ip_version: IpVersion = 4

    def inner_mtu(self, link_mtu: int) -> int:
        """Largest inner packet, bytes."""
        return link_mtu - self.reserved_bytes

    def packet_bytes(self, inner_bytes: int) -> int:
        """Bytes of the outer packet."""
        udp = UDP_HEADER_BYTES if self.in_udp else 0
        return IP_HEADER_BYTES[self.outer_ip_version] + udp + self.encryption.sealed_bytes(inner_bytes)


@dataclass(frozen=True)
class FullSegment:
    """A TCP segment as large as it can be inside of tunnels. inner_bytes, outer_bytes: the IP packets; all in bytes."""

    payload_bytes: int
    inner_bytes: int
    outer_bytes: int

    @property
    def overhead_bytes(self) -> int:
        """What the tunnels add to it."""
        return self.outer_bytes - self.inner_bytes

    @property
    def efficiency(self) -> float:
        """User data over bytes of the Ethernet frame, 0 to 1: the most that a saturated link can deliver."""
        return self.payload_bytes / (self.outer_bytes + ETHERNET_HEADER_BYTES)


def full_segment(layers: Sequence[Layer], link_mtu: int, ip_version: IpVersion = 4) -> FullSegment:
    """The largest TCP segment through tunnels, the innermost first, over a link of `link_mtu` bytes."""
    inner = link_mtu
    for layer in reversed(layers):
        inner = layer.inner_mtu(inner)
    outer = inner
    for layer in layers:
        outer = layer.packet_bytes(outer)
    return FullSegment(inner - IP_HEADER_BYTES[ip_version] - TRANSPORT_HEADER_BYTES["tcp"], inner, outer)
