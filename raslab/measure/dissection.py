"""From captured packets to table rows: the headers that matter in a network of tunnels. Pure.

One row per packet. Outer headers are those on the wire; inner ones those of the innermost packet that a tunnel carries
(GRE, VXLAN, VXLAN-GPE, GENEVE, EtherIP, IP in IP), empty without. Ports, TCP flags and ICMP messages are of the
innermost packet, if it can be read; those of packets that ICMP quotes are not shown. Of a packet that was cut (RFC 791,
RFC 8200), only the first fragment has the headers behind that of IP; `fragment_offset` is where its bytes were, empty
for a packet in one piece. What is not there, or not what it says it is, leaves its fields empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from raslab.measure import header_meanings as words
from raslab.measure.capture_files import Packet
from raslab.measure.header_fields import Dissection, Header
from raslab.measure.headers import bytes_before, dissect, levels
from raslab.measure.ip_headers import TUNNELS
from raslab.measure.segments import Segments
from raslab.measure.transport_headers import WITH_PORTS

COLUMNS = (
    "time_s",
    "length_bytes",
    "source",
    "destination",
    "protocol",
    "fragment_offset",
    "gre_protocol",
    "gre_key",
    "inner_source",
    "inner_destination",
    "inner_protocol",
    "inner_fragment_offset",
    "source_port",
    "destination_port",
    "tcp_flags",
    "icmp",
    "tunnel",
    "network_identifier",
    "segments",
)

NUMBER_COLUMNS = (
    "fragment_offset",
    "gre_key",
    "inner_fragment_offset",
    "source_port",
    "destination_port",
    "network_identifier",
    "segments",
)
"""Whole numbers that not every packet has. What a packet does not have of the others is empty text."""
_NO_TEXT = {column: "" for column in COLUMNS if column not in ("time_s", "length_bytes", *NUMBER_COLUMNS)}

PROTOCOL_NAMES = {
    0: "hopopt",
    1: "icmp",
    2: "igmp",
    4: "ipv4",
    6: "tcp",
    17: "udp",
    33: "dccp",
    41: "ipv6",
    43: "ipv6-route",
    44: "ipv6-frag",
    47: "gre",
    50: "esp",
    51: "ah",
    58: "icmpv6",
    59: "ipv6-nonxt",
    60: "ipv6-opts",
    88: "eigrp",
    89: "ospf",
    97: "etherip",
    103: "pim",
    112: "vrrp",
    115: "l2tp",
    132: "sctp",
    136: "udplite",
}
"""IANA's protocol numbers; others are shown as numbers."""
GRE_PROTOCOL_NAMES = {0x0800: "ipv4", 0x86DD: "ipv6", 0x6558: "ethernet"}
"""Ethernet types in the GRE header (RFC 2784 section 2.4); 0x6558 is a bridged frame, as in NVGRE (RFC 7637)."""
_IP = ("IPv4", "IPv6")
_TCP_FLAGS = "FSRPAUECN"
_ICMP_VERSIONS = {"ICMP": 4, "ICMPv6": 6}


def rows(packets: Sequence[Packet]) -> list[dict[str, Any]]:
    """A row per packet; time_s counts from the first one. length_bytes: on the wire; what a capture puts before a
    packet that has no Ethernet header is not counted. segments: how many packets on the wire it stands for, see
    `raslab.measure.segments`.
    """
    segments = Segments()
    found = []
    for packet in packets:
        dissected = dissect(packet.data, packet.link)
        row = {
            "time_s": round((packet.time_ns - packets[0].time_ns) / 1e9, 9),
            "length_bytes": max(packet.length - bytes_before(packet.link), 0),
            "segments": segments.count(dissected),
        }
        found.append(row | _NO_TEXT | headers_of(dissected))
    return found


def headers_of(found: Dissection) -> dict[str, Any]:
    """The columns that a packet has, without time and length."""
    within = levels(found.headers)
    row = _network(within[0]) or {"protocol": _name(found)}
    row |= _tunnel(found.headers, within)
    inner = next((network for level in reversed(within[1:]) if (network := _network(level))), {})
    row |= {f"inner_{column}": value for column, value in inner.items()}
    if len(within) > 1 and not inner and within[-1] and found.carries not in _IP:
        row["inner_protocol"] = _name(found)  # a frame of something else
    return row | _transport(within[-1])


def _name(found: Dissection) -> str:
    """Of what is neither IP nor ARP, or not to be read as such: what it was said to be."""
    last = found.headers[-1].protocol if found.headers else ""
    return (found.carries or last).lower()


def _network(level: Iterable[Header]) -> dict[str, Any]:
    """Who sends to whom, and what; empty if that is not to be read."""
    headers = iter(level)
    for header in headers:
        if header.protocol in ("ARP", "RARP"):
            ends = {"source": _address(header, "sender IP"), "destination": _address(header, "target IP")}
            return ends | {"protocol": header.protocol.lower()}
        if header.protocol in _IP:
            if header.data("destination") is None:
                return {}
            ends = {name: _address(header, name) for name in ("source", "destination")}
            return ends | _carried(header, headers)
    return {}


def _carried(ip: Header, behind: Iterable[Header]) -> dict[str, Any]:
    """What an IP packet carries, behind IPv6 extension headers if there are any, and where its bytes were."""
    number = ip.number("protocol" if ip.protocol == "IPv4" else "next header")
    offset = None
    if ip.protocol == "IPv4" and (place := ip.number("flags, offset") or 0) & 0x3FFF:
        offset = (place & 0x1FFF) * 8
    for header in behind:
        if header.protocol not in words.IPV6_ONLY:
            break
        place = header.number("offset, flags") or 0
        if header.protocol == "Fragment" and place & 0xFFF9:  # else it is whole all the same (RFC 6946)
            offset = place & 0xFFF8
        number = header.number("next header") or 0
    return {"protocol": PROTOCOL_NAMES.get(number or 0, str(number)), "fragment_offset": offset}


def _address(header: Header, field: str) -> str:
    data = header.data(field)
    return "" if data is None else words.address(data)


def _tunnel(headers: Iterable[Header], within: Sequence[Sequence[Header]]) -> dict[str, Any]:
    """Of the outermost tunnel what it is; of the outermost GRE header what it says."""
    if len(within) == 1:
        return {}
    first = within[0][-1].protocol if within[0][-1].protocol in (*TUNNELS, "MPLS") else "IP"
    row: dict[str, Any] = {"tunnel": first.lower()}
    for header in headers:
        if "network_identifier" not in row and (number := header.number("network identifier")) is not None:
            row["network_identifier"] = number
        kind = header.number("protocol")
        if header.protocol == "GRE" and "gre_protocol" not in row and kind is not None:
            row["gre_protocol"] = GRE_PROTOCOL_NAMES.get(kind, f"{kind:#06x}")
            row["gre_key"] = header.number("key")
    return row


def _transport(level: Iterable[Header]) -> dict[str, Any]:
    for header in level:
        if header.protocol in WITH_PORTS:
            found: dict[str, Any] = {
                name.replace(" ", "_"): header.number(name) for name in ("source port", "destination port")
            }
            return found | ({"tcp_flags": _flags(header)} if header.protocol == "TCP" else {})
        if header.protocol in _ICMP_VERSIONS:
            kind, code = header.number("type"), header.number("code")
            if kind is None or code is None:
                return {}
            return {"icmp": words.icmp_message(_ICMP_VERSIONS[header.protocol], kind, code)}
    return {}


def _flags(tcp: Header) -> str:
    """A letter for each flag that is set, as scapy writes them; N is the one before the others (RFC 9768)."""
    low, high = tcp.number("flags"), tcp.number("header length") or 0
    if low is None:
        return ""
    flags = low | (high & 1) << 8
    return "".join(letter for bit, letter in enumerate(_TCP_FLAGS) if flags >> bit & 1)
