"""Packets as bytes, each with a token in it. Pure; ten thousand of them take a moment, which they would not by scapy.

Every checksum is right, so that no receiver has a reason to drop a packet but the one that is looked for.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Literal

from raslab.net.checksum import internet_checksum

Protocol = Literal["icmp", "tcp", "udp"]
Encapsulation = Literal["gre", "nvgre", "vxlan"]

ETHERTYPES = {4: 0x0800, 6: 0x86DD}
ETHERTYPE_ARP = 0x0806
TOKEN_BYTES = 12
"""Of the token in each packet."""
BROADCAST = b"\xff" * 6
SOURCE_PORT = 47_613
"""Of every probe over TCP and UDP, so that an answer is known."""

_ETHERNET_IN_GRE = 0x6558  # RFC 7637 section 3.2: what NVGRE carries
_VXLAN_PORT = 4789
_ICMP, _ICMP6, _TCP, _UDP, _GRE, _ESP = 1, 58, 6, 17, 47, 50
_SYN = 0x02
_FORGED_MAC = bytes.fromhex("02feedfeed01")
_EXPERIMENTAL_OPTION = 253  # of neighbour discovery, RFC 4727 section 5.1.3: what a receiver does not know it skips


@dataclass(frozen=True, slots=True)
class Datagram:
    """An IP packet that asks for something: an echo request, the first segment of a connection, a UDP datagram."""

    protocol: Protocol
    source: str
    destination: str
    port: int = 0
    ttl: int = 64

    @property
    def ethertype(self) -> int:
        """What an Ethernet header says about it."""
        return ETHERTYPES[version(self.source)]

    def encode(self, token: bytes, sequence: int) -> bytes:
        """The packet. sequence: of a TCP segment, 32 bits."""
        pseudo = packed(self.source) + packed(self.destination)
        if self.protocol == "icmp":
            return self._icmp(pseudo, token)
        if self.protocol == "udp":
            head = struct.pack("!HHHH", SOURCE_PORT, self.port, 8 + len(token), 0)
            return self._ip(_UDP, with_checksum(head + token, 6, pseudo, _UDP))
        head = struct.pack("!HHIIBBHHH", SOURCE_PORT, self.port, sequence, 0, 5 << 4, _SYN, 64_240, 0, 0)
        return self._ip(_TCP, with_checksum(head + token, 16, pseudo, _TCP))

    def _icmp(self, pseudo: bytes, token: bytes) -> bytes:
        if version(self.source) == 6:
            request = struct.pack("!BBHHH", 128, 0, 0, SOURCE_PORT, 1) + token
            return self._ip(_ICMP6, with_checksum(request, 2, pseudo, _ICMP6))
        request = struct.pack("!BBHHH", 8, 0, 0, SOURCE_PORT, 1) + token
        return self._ip(_ICMP, put(request, 2, internet_checksum(request)))

    def _ip(self, protocol: int, payload: bytes) -> bytes:
        return ip_packet(self.source, self.destination, protocol, payload, self.ttl)


@dataclass(frozen=True, slots=True)
class Tunnelled:
    """A datagram in a tunnel's packet: GRE (RFC 2784, 2890), NVGRE (RFC 7637) or VXLAN (RFC 7348).

    source, destination: of the outer header. key: of GRE 32 bits, or None for none; of NVGRE too, where its first 24
    bits are the VSID; of VXLAN the 24 bits of the VNI. Frames inside of the latter two are for everybody (broadcast).
    """

    encapsulation: Encapsulation
    source: str
    destination: str
    key: int | None
    inner: Datagram

    @property
    def ethertype(self) -> int:
        """What an Ethernet header says about it."""
        return ETHERTYPES[version(self.source)]

    def encode(self, token: bytes, sequence: int) -> bytes:
        """The packet; `sequence` as of a `Datagram`."""
        inner = self.inner.encode(token, sequence)
        if self.encapsulation == "gre":
            return ip_packet(self.source, self.destination, _GRE, gre(self.inner.ethertype, self.key) + inner)
        frame = BROADCAST + _FORGED_MAC + struct.pack("!H", self.inner.ethertype) + inner
        if self.encapsulation == "nvgre":
            return ip_packet(self.source, self.destination, _GRE, gre(_ETHERNET_IN_GRE, self.key) + frame)
        vxlan = struct.pack("!II", 0x08 << 24, (self.key or 0) << 8) + frame
        udp = struct.pack("!HHHH", SOURCE_PORT, _VXLAN_PORT, 8 + len(vxlan), 0) + vxlan
        pseudo = packed(self.source) + packed(self.destination)
        return ip_packet(self.source, self.destination, _UDP, with_checksum(udp, 6, pseudo, _UDP))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A packet of a tunnel that encrypts, as bytes: ESP (RFC 4303) if port is None, or else UDP (RFC 3948, WireGuard).

    port: from and to which it goes. payload: what follows the header; the token is added if it is `marked`, otherwise
    the packet is known by the number in its IP header.
    """

    source: str
    destination: str
    port: int | None
    payload: bytes
    marked: bool = False

    @property
    def ethertype(self) -> int:
        """What an Ethernet header says about it."""
        return ETHERTYPES[version(self.source)]

    def encode(self, token: bytes, _sequence: int) -> bytes:
        """The packet."""
        payload = self.payload + token if self.marked else self.payload
        number = int.from_bytes(token[-2:])
        if self.port is None:
            return ip_packet(self.source, self.destination, _ESP, payload, number=number)
        udp = struct.pack("!HHHH", self.port, self.port, 8 + len(payload), 0) + payload
        pseudo = packed(self.source) + packed(self.destination)
        return ip_packet(self.source, self.destination, _UDP, with_checksum(udp, 6, pseudo, _UDP), number=number)


@dataclass(frozen=True, slots=True)
class Question:
    """Who has an address: an ARP request (RFC 826) or a neighbour solicitation (RFC 4861), to all on the link."""

    mac: bytes
    source: str
    target: str

    @property
    def ethertype(self) -> int:
        """What an Ethernet header says about it."""
        return ETHERTYPE_ARP if version(self.target) == 4 else ETHERTYPES[6]

    @property
    def receivers(self) -> bytes:
        """The MAC address of everybody whom it may concern."""
        return BROADCAST if version(self.target) == 4 else b"\x33\x33\xff" + packed(self.target)[-3:]

    def encode(self, token: bytes, _sequence: int) -> bytes:
        """What follows the Ethernet header; the token is the padding of an ARP request, an option of a solicitation."""
        if version(self.target) == 4:
            head = struct.pack("!HHBBH", 1, ETHERTYPES[4], 6, 4, 1)
            return head + self.mac + packed(self.source) + bytes(6) + packed(self.target) + token.ljust(18, b"\0")
        group = packed("ff02::1:ff00:0")[:13] + packed(self.target)[-3:]
        options = b"\x01\x01" + self.mac + bytes((_EXPERIMENTAL_OPTION, 2)) + token.ljust(14, b"\0")
        message = struct.pack("!BBHI", 135, 0, 0, 0) + packed(self.target) + options
        filled = with_checksum(message, 2, packed(self.source) + group, _ICMP6)
        return _ipv6(packed(self.source), group, _ICMP6, filled, 255)


Packet = Datagram | Tunnelled | Sealed | Question


@lru_cache(maxsize=4096)
def packed(address: str) -> bytes:
    """An address as bytes."""
    return ip_address(address).packed


def version(address: str) -> int:
    """4 or 6."""
    return 6 if ":" in address else 4


def ip_packet(source: str, destination: str, protocol: int, payload: bytes, ttl: int = 64, number: int = 0) -> bytes:
    """An IP packet of the version that its source has; it may not be cut. number: its identification or flow label."""
    if version(source) == 6:
        return _ipv6(packed(source), packed(destination), protocol, payload, ttl, number)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), number, 0x4000, ttl, protocol, 0)
    head += packed(source) + packed(destination)
    return put(head, 10, internet_checksum(head)) + payload


def _ipv6(
    source: bytes, destination: bytes, protocol: int, payload: bytes, hop_limit: int, flow_label: int = 0
) -> bytes:
    return (
        struct.pack("!IHBB", 6 << 28 | flow_label, len(payload), protocol, hop_limit) + source + destination + payload
    )


def gre(carried: int, key: int | None) -> bytes:
    """The header of GRE; carried: an Ethernet type."""
    if key is None:
        return struct.pack("!HH", 0, carried)
    return struct.pack("!HHI", 0x2000, carried, key)


def with_checksum(segment: bytes, offset: int, pseudo: bytes, protocol: int) -> bytes:
    """With the checksum over it and the pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1)."""
    return put(segment, offset, internet_checksum(pseudo + struct.pack("!II", len(segment), protocol) + segment))


def put(data: bytes, offset: int, checksum: int) -> bytes:
    """With 16 bits in place of those at an offset."""
    return data[:offset] + struct.pack("!H", checksum) + data[offset + 2 :]
