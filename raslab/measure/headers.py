"""The bytes of a packet as headers within headers, each field with its name, its place and its meaning. Pure.

Knows Ethernet, IPv4, IPv6, GRE with its optional fields, TCP, UDP, ICMP, ICMPv6 and ARP. What follows the last header
that it knows is the payload.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address

ETHERTYPES = {0x0800: "IPv4", 0x86DD: "IPv6", 0x0806: "ARP", 0x6558: "Ethernet"}
IP_PROTOCOLS = {1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP", 47: "GRE", 50: "ESP", 58: "ICMPv6", 89: "OSPF"}
_ICMP_TYPES = {0: "echo reply", 3: "destination unreachable", 8: "echo request", 11: "time exceeded"}
_ICMP6_TYPES = {
    1: "destination unreachable",
    2: "packet too big",
    3: "time exceeded",
    128: "echo request",
    129: "echo reply",
    133: "router solicitation",
    134: "router advertisement",
    135: "neighbour solicitation",
    136: "neighbour advertisement",
}
_TCP_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
_GRE_CHECKSUM, _GRE_KEY, _GRE_SEQUENCE = 0x8000, 0x2000, 0x1000


@dataclass(frozen=True, slots=True)
class Field:
    """Some bytes of a header. `offset` counts from the first byte of the packet."""

    name: str
    offset: int
    data: bytes
    meaning: str


@dataclass(frozen=True, slots=True)
class Header:
    """A header: its protocol, ``inner`` or ``outer`` where there are several of its kind, its source, its fields."""

    protocol: str
    source: str
    fields: tuple[Field, ...]
    place: str = ""

    @property
    def title(self) -> str:
        """``Outer IPv4``."""
        return f"{self.place.capitalize()} {self.protocol}".strip()

    @property
    def length(self) -> int:
        """Bytes."""
        return sum(len(field.data) for field in self.fields)


@dataclass(frozen=True, slots=True)
class Dissection:
    """The headers of a packet from the outside in, and what they carry."""

    headers: tuple[Header, ...]
    payload: bytes

    def __str__(self) -> str:
        parts = [f"{header.title} {header.length}" for header in self.headers]
        return " | ".join([*parts, f"payload {len(self.payload)}"])


LINK_ETHERNET, LINK_RAW, LINK_COOKED = 1, 101, 113
"""LINKTYPE_* of a capture file (draft-ietf-opsawg-pcaplinktype); tcpdump writes cooked captures of tunnels."""
_COOKED_BYTES = 16


def link_type(pcap: bytes) -> int:
    """The link type of a capture file (draft-ietf-opsawg-pcap, section 4), as tcpdump writes it on this machine."""
    return int.from_bytes(pcap[20:24], sys.byteorder) & 0xFFFF


def dissect(packet: bytes, link: int = LINK_ETHERNET) -> Dissection:
    """The headers of a captured packet. Offsets count from its first byte on the wire: what a cooked capture puts
    before that is left out.
    """
    first = "Ethernet"
    if link == LINK_COOKED:
        first = ETHERTYPES.get(int.from_bytes(packet[_COOKED_BYTES - 2 : _COOKED_BYTES]), "")
        packet = packet[_COOKED_BYTES:]
    elif link != LINK_ETHERNET:
        first = "IPv6" if packet[:1] and packet[0] >> 4 == 6 else "IPv4"
    headers, rest = _walk(packet, first)
    return Dissection(_placed(headers), rest)


def _walk(data: bytes, protocol: str) -> tuple[list[Header], bytes]:
    headers: list[Header] = []
    offset = 0
    while protocol in _PARSERS:
        cursor = _Cursor(data, offset)
        following = _PARSERS[protocol](cursor)
        if cursor.is_short:
            break  # cut off in the middle of a header: what is there of it is payload
        headers.append(Header(protocol, _SOURCES[protocol], tuple(cursor.fields)))
        offset = cursor.offset
        protocol = following
    return headers, data[offset:]


def _placed(headers: list[Header]) -> tuple[Header, ...]:
    """Tell headers of one kind apart that are around a tunnel."""
    tunnels = [number for number, header in enumerate(headers) if header.protocol == "GRE"]
    if not tunnels:
        return tuple(headers)
    return tuple(
        header
        if header.protocol not in _LAYERS_TWICE
        else replace(header, place="outer" if n < tunnels[0] else "inner")
        for n, header in enumerate(headers)
    )


_LAYERS_TWICE = ("Ethernet", "IPv4", "IPv6")


class _Cursor:
    """Takes fields off the front of some bytes."""

    def __init__(self, data: bytes, offset: int) -> None:
        self.offset = offset
        self.fields: list[Field] = []
        self.is_short = False
        self._data = data

    def take(self, name: str, length: int, meaning: Callable[[int], str] = str) -> int:
        """The next `length` bytes as a number, noted under `name` with what they mean."""
        return int.from_bytes(self.take_bytes(name, length, lambda data: meaning(int.from_bytes(data))))

    def take_bytes(self, name: str, length: int, meaning: Callable[[bytes], str]) -> bytes:
        """The next `length` bytes."""
        data = self._data[self.offset : self.offset + length]
        if len(data) < length:
            self.is_short = True
        else:
            self.fields.append(Field(name, self.offset, data, meaning(data)))
        self.offset += length
        return data.ljust(length, b"\0")


def _ethernet(cursor: _Cursor) -> str:
    cursor.take_bytes("destination", 6, _mac)
    cursor.take_bytes("source", 6, _mac)
    return ETHERTYPES.get(cursor.take("type", 2, _ethertype), "")


def _ipv4(cursor: _Cursor) -> str:
    first = cursor.take("version, length", 1, lambda value: f"{value >> 4}, {(value & 15) * 4} bytes")
    cursor.take("DSCP, ECN", 1, lambda value: f"{value >> 2}, {value & 3}")
    cursor.take("total length", 2)
    cursor.take("identification", 2)
    fragment = cursor.take("flags, offset", 2, _fragment)
    cursor.take("TTL", 1)
    protocol = cursor.take("protocol", 1, _protocol)
    cursor.take("checksum", 2, _hex)
    cursor.take_bytes("source", 4, _address)
    cursor.take_bytes("destination", 4, _address)
    options = (first & 15) * 4 - 20
    if options > 0:
        cursor.take_bytes("options", options, lambda data: f"{len(data)} bytes")
    return "" if fragment & 0x1FFF else IP_PROTOCOLS.get(protocol, "")


def _ipv6(cursor: _Cursor) -> str:
    cursor.take("version, class, flow", 4, lambda value: f"{value >> 28}, {value >> 20 & 255}, {value & 0xFFFFF:#x}")
    cursor.take("payload length", 2)
    protocol = cursor.take("next header", 1, _protocol)
    cursor.take("hop limit", 1)
    cursor.take_bytes("source", 16, _address)
    cursor.take_bytes("destination", 16, _address)
    return IP_PROTOCOLS.get(protocol, "")


def _gre(cursor: _Cursor) -> str:
    flags = cursor.take("flags, version", 2, _gre_flags)
    carried = cursor.take("protocol", 2, _ethertype)
    if flags & _GRE_CHECKSUM:
        cursor.take("checksum", 2, _hex)
        cursor.take("reserved", 2)
    if flags & _GRE_KEY:
        cursor.take("key", 4)
    if flags & _GRE_SEQUENCE:
        cursor.take("sequence", 4)
    return ETHERTYPES.get(carried, "")


def _tcp(cursor: _Cursor) -> str:
    cursor.take("source port", 2)
    cursor.take("destination port", 2)
    cursor.take("sequence", 4)
    cursor.take("acknowledgement", 4)
    offset = cursor.take("header length", 1, lambda value: f"{(value >> 4) * 4} bytes")
    cursor.take("flags", 1, _tcp_flags)
    cursor.take("window", 2)
    cursor.take("checksum", 2, _hex)
    cursor.take("urgent", 2)
    options = (offset >> 4) * 4 - 20
    if options > 0:
        cursor.take_bytes("options", options, lambda data: ", ".join(_tcp_options(data)))
    return ""


def _udp(cursor: _Cursor) -> str:
    cursor.take("source port", 2)
    cursor.take("destination port", 2)
    cursor.take("length", 2)
    cursor.take("checksum", 2, _hex)
    return ""


def _icmp(types: dict[int, str]) -> Callable[[_Cursor], str]:
    def parse(cursor: _Cursor) -> str:
        kind = cursor.take("type", 1, lambda value: types.get(value, str(value)))
        cursor.take("code", 1)
        cursor.take("checksum", 2, _hex)
        if types.get(kind, "").startswith("echo"):
            cursor.take("identifier", 2)
            cursor.take("sequence", 2)
        else:
            cursor.take("rest of header", 4, _hex)
        return ""

    return parse


def _arp(cursor: _Cursor) -> str:
    cursor.take("hardware", 2, lambda value: "Ethernet" if value == 1 else str(value))
    cursor.take("protocol", 2, _ethertype)
    cursor.take("lengths", 2, lambda value: f"{value >> 8}, {value & 255}")
    cursor.take("operation", 2, lambda value: {1: "request", 2: "reply"}.get(value, str(value)))
    cursor.take_bytes("sender MAC", 6, _mac)
    cursor.take_bytes("sender IP", 4, _address)
    cursor.take_bytes("target MAC", 6, _mac)
    cursor.take_bytes("target IP", 4, _address)
    return ""


_PARSERS: dict[str, Callable[[_Cursor], str]] = {
    "Ethernet": _ethernet,
    "IPv4": _ipv4,
    "IPv6": _ipv6,
    "GRE": _gre,
    "TCP": _tcp,
    "UDP": _udp,
    "ICMP": _icmp(_ICMP_TYPES),
    "ICMPv6": _icmp(_ICMP6_TYPES),
    "ARP": _arp,
}
_SOURCES = {
    "Ethernet": "IEEE 802.3",
    "IPv4": "RFC 791",
    "IPv6": "RFC 8200",
    "GRE": "RFC 2784, RFC 2890",
    "TCP": "RFC 9293",
    "UDP": "RFC 768",
    "ICMP": "RFC 792",
    "ICMPv6": "RFC 4443",
    "ARP": "RFC 826",
}


# Meanings


def _hex(value: int) -> str:
    return f"{value:#06x}"


def _mac(data: bytes) -> str:
    return data.hex(":")


def _address(data: bytes) -> str:
    return str(ip_address(data))


def _ethertype(value: int) -> str:
    return ETHERTYPES.get(value, f"{value:#06x}")


def _protocol(value: int) -> str:
    return f"{value}, {IP_PROTOCOLS[value]}" if value in IP_PROTOCOLS else str(value)


def _fragment(value: int) -> str:
    flags = [name for bit, name in ((0x4000, "DF"), (0x2000, "MF")) if value & bit]
    return ", ".join([*flags, str((value & 0x1FFF) * 8)])


def _gre_flags(value: int) -> str:
    names = {_GRE_CHECKSUM: "checksum", _GRE_KEY: "key", _GRE_SEQUENCE: "sequence"}
    return ", ".join([*(name for bit, name in names.items() if value & bit), f"version {value & 7}"])


def _tcp_flags(value: int) -> str:
    return " ".join(name for bit, name in enumerate(_TCP_FLAGS) if value >> bit & 1) or "none"


def _tcp_options(data: bytes) -> Iterator[str]:
    """Options by RFC 9293 section 3.1, RFC 7323 and RFC 2018."""
    while data:
        kind = data[0]
        if kind == 0:
            return
        if kind == 1:
            data = data[1:]
            continue
        length = data[1] if len(data) > 1 else 0
        if length < 2:
            return
        yield _tcp_option(kind, data[2:length])
        data = data[length:]


def _tcp_option(kind: int, value: bytes) -> str:
    number = int.from_bytes(value)
    known = {2: f"MSS {number}", 3: f"window × {2 ** min(number, 14)}", 4: "SACK permitted", 5: "SACK", 8: "timestamps"}
    return known.get(kind, f"option {kind}")
