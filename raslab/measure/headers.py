"""The bytes of a packet as headers within headers, each field with its name, its place and its meaning. Pure.

Knows Ethernet, VLAN tags, MPLS labels, IPv4, IPv6, GRE with its optional fields, VXLAN, ESP, WireGuard, TCP, UDP, IKE,
ICMP, ICMPv6 and ARP. What follows the last header that it knows is the payload. Fields that senders choose anew, or
compute from such ones, are marked as varying: the same experiment gives the same bytes but for these.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from raslab.measure import header_meanings as words
from raslab.measure.header_fields import Cursor, Dissection, Header

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
        first = words.ETHERTYPES.get(int.from_bytes(packet[_COOKED_BYTES - 2 : _COOKED_BYTES]), "")
        packet = packet[_COOKED_BYTES:]
    elif link != LINK_ETHERNET:
        first = "IPv6" if packet[:1] and packet[0] >> 4 == 6 else "IPv4"
    headers, rest = _walk(packet, first)
    return Dissection(_placed(headers), rest)


def _walk(data: bytes, protocol: str) -> tuple[list[Header], bytes]:
    headers: list[Header] = []
    offset = 0
    while protocol in _PARSERS:
        cursor = Cursor(data, offset)
        following = _PARSERS[protocol](cursor)
        if cursor.is_short:
            break  # cut off in the middle of a header: what is there of it is payload
        headers.append(Header(protocol, _SOURCES[protocol], tuple(cursor.fields)))
        offset = cursor.offset
        protocol = following
    return headers, data[offset:]


def _placed(headers: list[Header]) -> tuple[Header, ...]:
    """Tell headers of one kind apart that are around a tunnel."""
    tunnels = [number for number, header in enumerate(headers) if header.protocol in ("GRE", "VXLAN")]
    if not tunnels:
        return tuple(headers)
    return tuple(
        header
        if header.protocol not in _LAYERS_TWICE
        else replace(header, place="outer" if n < tunnels[0] else "inner")
        for n, header in enumerate(headers)
    )


_LAYERS_TWICE = ("Ethernet", "IPv4", "IPv6")


def _ethernet(cursor: Cursor) -> str:
    cursor.take_bytes("destination", 6, words.mac)
    cursor.take_bytes("source", 6, words.mac)
    return words.ETHERTYPES.get(cursor.take("type", 2, words.ethertype), "")


def _vlan(cursor: Cursor) -> str:
    cursor.take("priority, VLAN id", 2, lambda value: f"{value >> 13}, {value & 0xFFF}")
    return words.ETHERTYPES.get(cursor.take("type", 2, words.ethertype), "")


def _mpls(cursor: Cursor) -> str:
    """What the last label is before is told by nothing but its own first bits."""
    entry = cursor.take("label, class, bottom", 3, lambda value: f"{value >> 4}, {value >> 1 & 7}, {value & 1}")
    cursor.take("TTL", 1)
    return words.IP_VERSIONS.get(cursor.next_byte >> 4, "") if entry & 1 else "MPLS"


def _ipv4(cursor: Cursor) -> str:
    first = cursor.take("version, length", 1, lambda value: f"{value >> 4}, {(value & 15) * 4} bytes")
    cursor.take("DSCP, ECN", 1, lambda value: f"{value >> 2}, {value & 3}")
    cursor.take("total length", 2)
    cursor.take_varying("identification", 2)
    fragment = cursor.take("flags, offset", 2, words.fragment)
    cursor.take("TTL", 1)
    protocol = cursor.take("protocol", 1, words.protocol)
    cursor.take_varying("checksum", 2, words.hexadecimal)
    cursor.take_bytes("source", 4, words.address)
    cursor.take_bytes("destination", 4, words.address)
    options = (first & 15) * 4 - 20
    if options > 0:
        cursor.take_bytes("options", options, lambda data: f"{len(data)} bytes")
    return "" if fragment & 0x1FFF else words.IP_PROTOCOLS.get(protocol, "")


def _ipv6(cursor: Cursor) -> str:
    cursor.take_varying("version, class, flow", 4, words.ipv6_flow, digits=5, steadily=words.ipv6_class)
    cursor.take("payload length", 2)
    protocol = cursor.take("next header", 1, words.protocol)
    cursor.take("hop limit", 1)
    cursor.take_bytes("source", 16, words.address)
    cursor.take_bytes("destination", 16, words.address)
    return words.IP_PROTOCOLS.get(protocol, "")


def _gre(cursor: Cursor) -> str:
    flags = cursor.take("flags, version", 2, words.gre_flags)
    carried = cursor.take("protocol", 2, words.ethertype)
    if flags & words.GRE_CHECKSUM:
        cursor.take_varying("checksum", 2, words.hexadecimal)
        cursor.take("reserved", 2)
    if flags & words.GRE_KEY:
        cursor.take("key", 4, words.nvgre_key if carried == words.BRIDGED else str)
    if flags & words.GRE_SEQUENCE:
        cursor.take("sequence", 4)
    return words.ETHERTYPES.get(carried, "")


def _vxlan(cursor: Cursor) -> str:
    cursor.take("flags", 1, words.vxlan_flags)
    cursor.take("reserved", 3)
    cursor.take("network identifier", 3)
    cursor.take("reserved", 1)
    return "Ethernet"


def _esp(cursor: Cursor) -> str:
    """What follows is encrypted."""
    cursor.take_varying("SPI", 4, words.hexadecimal)
    cursor.take("sequence", 4)
    return ""


def _tcp(cursor: Cursor) -> str:
    cursor.take_port("source port")
    cursor.take_port("destination port")
    cursor.take_varying("sequence", 4)
    cursor.take_varying("acknowledgement", 4)
    offset = cursor.take("header length", 1, lambda value: f"{(value >> 4) * 4} bytes")
    cursor.take("flags", 1, words.tcp_flags)
    cursor.take("window", 2)
    cursor.take_varying("checksum", 2, words.hexadecimal)
    cursor.take("urgent", 2)
    options = (offset >> 4) * 4 - 20
    if options > 0:
        # Time stamps vary (RFC 7323), what the options are does not.
        cursor.take_varying("options", options, words.tcp_options(options), steadily=words.tcp_options(options))
    return ""


def _udp(cursor: Cursor) -> str:
    ports = cursor.take_port("source port"), cursor.take_port("destination port")
    cursor.take("length", 2)
    cursor.take_varying("checksum", 2, words.hexadecimal)
    return next((words.UDP_PORTS[port] for port in ports if port in words.UDP_PORTS), "")


def _ike(cursor: Cursor) -> str:
    """The header only: the payloads after it have a form of their own, and most are encrypted."""
    cursor.take_varying("initiator's SPI", 8, words.hexadecimal)
    answered = cursor.take_varying("responder's SPI", 8, words.hexadecimal)
    if not answered and not cursor.is_short:
        cursor.fields[-1] = replace(cursor.fields[-1], meaning="none yet", varying_digits=0)
    cursor.take("next payload", 1)
    cursor.take("version", 1, lambda value: f"{value >> 4}.{value & 15}")
    cursor.take("exchange", 1, lambda value: words.IKE_EXCHANGES.get(value, str(value)))
    cursor.take("flags", 1, words.ike_flags)
    cursor.take("message ID", 4)
    cursor.take("length", 4)
    return ""


def _wireguard(cursor: Cursor) -> str:
    """What follows is encrypted, but for the keys of a handshake. Numbers are little-endian."""
    kind = cursor.take("type", 1, lambda value: words.WIREGUARD_TYPES.get(value, str(value)))
    cursor.take("reserved", 3)
    name = words.WIREGUARD_TYPES.get(kind, "")
    if "handshake" in name:
        cursor.take_varying("sender's index", 4, words.hexadecimal)
    if name != "handshake initiation":
        cursor.take_varying("receiver's index", 4, words.hexadecimal)
    if name == "data":
        cursor.take_bytes("counter", 8, lambda data: str(int.from_bytes(data, "little")))
    return ""


def _icmp(types: dict[int, str]) -> Callable[[Cursor], str]:
    def parse(cursor: Cursor) -> str:
        kind = cursor.take("type", 1, lambda value: types.get(value, str(value)))
        code = cursor.take("code", 1, lambda value: words.icmp_code(types.get(kind, ""), value))
        cursor.take_varying("checksum", 2, words.hexadecimal)
        if types.get(kind, "").startswith("echo"):
            cursor.take_varying("identifier", 2)
            cursor.take("sequence", 2)
        elif types is words.ICMP_TYPES and (kind, code) == words.FRAGMENTATION_NEEDED:  # RFC 1191 section 4
            cursor.take("unused", 2)
            cursor.take("next-hop MTU", 2)
        elif types is words.ICMP6_TYPES and (kind, code) == words.PACKET_TOO_BIG:
            cursor.take("MTU", 4)
        else:
            cursor.take("rest of header", 4, words.hexadecimal)
        return ""

    return parse


def _arp(cursor: Cursor) -> str:
    cursor.take("hardware", 2, lambda value: "Ethernet" if value == 1 else str(value))
    cursor.take("protocol", 2, words.ethertype)
    cursor.take("lengths", 2, lambda value: f"{value >> 8}, {value & 255}")
    cursor.take("operation", 2, lambda value: {1: "request", 2: "reply"}.get(value, str(value)))
    cursor.take_bytes("sender MAC", 6, words.mac)
    cursor.take_bytes("sender IP", 4, words.address)
    cursor.take_bytes("target MAC", 6, words.mac)
    cursor.take_bytes("target IP", 4, words.address)
    return ""


_PARSERS: dict[str, Callable[[Cursor], str]] = {
    "Ethernet": _ethernet,
    "VLAN": _vlan,
    "MPLS": _mpls,
    "IPv4": _ipv4,
    "IPv6": _ipv6,
    "GRE": _gre,
    "VXLAN": _vxlan,
    "ESP": _esp,
    "TCP": _tcp,
    "UDP": _udp,
    "IKE": _ike,
    "WireGuard": _wireguard,
    "ICMP": _icmp(words.ICMP_TYPES),
    "ICMPv6": _icmp(words.ICMP6_TYPES),
    "ARP": _arp,
}
_SOURCES = {
    "Ethernet": "IEEE 802.3",
    "VLAN": "IEEE 802.1Q",
    "MPLS": "RFC 3032",
    "IPv4": "RFC 791",
    "IPv6": "RFC 8200",
    "GRE": "RFC 2784, RFC 2890",
    "VXLAN": "RFC 7348",
    "ESP": "RFC 4303",
    "TCP": "RFC 9293",
    "UDP": "RFC 768",
    "IKE": "RFC 7296",
    "WireGuard": "the WireGuard paper, section 5.4",
    "ICMP": "RFC 792",
    "ICMPv6": "RFC 4443",
    "ARP": "RFC 826",
}
