"""From captured packets to table rows: the headers that matter in a network of tunnels.

One row per packet. Outer headers are those on the wire; inner ones what a GRE tunnel or VXLAN carries, empty without.
Ports, TCP flags and ICMP messages are of the innermost packet. Of a packet that was cut (RFC 791), only the first
fragment has the headers behind that of IP; `fragment_offset` is where its bytes were, empty for a packet in one
piece. scapy is imported when there is something to dissect: it takes a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from raslab.measure.header_meanings import icmp_message

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
)

NUMBER_COLUMNS = ("fragment_offset", "gre_key", "inner_fragment_offset", "source_port", "destination_port")
"""Whole numbers that not every packet has. What a packet does not have of the others is empty text."""
_NO_TEXT = {column: "" for column in COLUMNS if column not in ("time_s", "length_bytes", *NUMBER_COLUMNS)}

PROTOCOL_NAMES = {1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 41: "ipv6", 47: "gre", 50: "esp", 58: "icmpv6", 89: "ospf"}
"""IANA's protocol numbers; others are shown as numbers."""
_COOKED_BYTES = 16  # LINKTYPE_LINUX_SLL, draft-ietf-opsawg-pcaplinktype
GRE_PROTOCOL_NAMES = {0x0800: "ipv4", 0x86DD: "ipv6", 0x6558: "ethernet"}
"""Ethernet types in the GRE header (RFC 2784 section 2.4); 0x6558 is a bridged frame, as in NVGRE (RFC 7637)."""


def rows(packets: Sequence[Any]) -> list[dict[str, Any]]:
    """A row per scapy packet; time_s counts from the first packet."""
    if not packets:
        return []
    start = float(packets[0].time)
    return [
        {"time_s": round(float(packet.time) - start, 9), "length_bytes": _length(packet)} | _NO_TEXT | _headers(packet)
        for packet in packets
    ]


def _length(packet: Any) -> int:
    """Bytes on the wire; what tcpdump writes in front of a packet that has no Ethernet header is not counted."""
    from scapy.layers.l2 import CookedLinux

    written: int = packet.wirelen
    return written - _COOKED_BYTES if isinstance(packet, CookedLinux) else written


def _headers(packet: Any) -> dict[str, Any]:
    from scapy.layers.l2 import ARP, GRE
    from scapy.layers.vxlan import VXLAN

    if ARP in packet and VXLAN not in packet:
        return {"source": packet[ARP].psrc, "destination": packet[ARP].pdst, "protocol": "arp"}
    outer = _ip(packet)
    if outer is None:
        return {"protocol": packet.lastlayer().name.lower()}
    found: dict[str, Any] = {
        "source": outer.src,
        "destination": outer.dst,
        "protocol": _protocol(outer),
        "fragment_offset": _fragment_offset(outer),
    }
    innermost: Any = outer
    if GRE in outer and found["protocol"] == "gre":
        gre = outer[GRE]
        found["gre_protocol"] = GRE_PROTOCOL_NAMES.get(gre.proto, f"{gre.proto:#06x}")
        found["gre_key"] = gre.key if gre.key_present else None
        innermost = _ip(gre.payload)
    elif VXLAN in outer:
        innermost = _ip(outer[VXLAN].payload)
    if innermost is not None and innermost is not outer:
        found |= {
            "inner_source": innermost.src,
            "inner_destination": innermost.dst,
            "inner_protocol": _protocol(innermost),
            "inner_fragment_offset": _fragment_offset(innermost),
        }
    return found if innermost is None else found | _ports(innermost) | _icmp(innermost)


def _ip(packet: Any) -> Any:
    """The first IP header, IPv4 or IPv6, or None."""
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6

    layer = packet
    while layer:
        if isinstance(layer, (IP, IPv6)):
            return layer
        layer = layer.payload
    return None


def _protocol(ip: Any) -> str:
    """Name of what an IP packet carries, behind IPv6 extension headers if there are any."""
    number = ip.proto if ip.version == 4 else ip.nh
    layer = ip.payload
    while ip.version == 6 and type(layer).__name__.startswith("IPv6ExtHdr"):
        number, layer = layer.nh, layer.payload
    return PROTOCOL_NAMES.get(number, str(number))


def _fragment_offset(ip: Any) -> int | None:
    """Of the first byte of an IPv4 fragment in the packet that was cut; None for a whole packet."""
    is_fragment = ip.version == 4 and (ip.frag or ip.flags.MF)
    return ip.frag * 8 if is_fragment else None


def _icmp(ip: Any) -> dict[str, Any]:
    """What an ICMP message is; nothing for a later fragment of one."""
    if _protocol(ip) not in ("icmp", "icmpv6") or _fragment_offset(ip):
        return {}
    layer = ip.payload
    while type(layer).__name__.startswith("IPv6ExtHdr"):
        layer = layer.payload
    kind, code = bytes(layer)[:2]
    return {"icmp": icmp_message(ip.version, kind, code)}


def _ports(ip: Any) -> dict[str, Any]:
    from scapy.layers.inet import TCP, UDP

    for layer in (TCP, UDP):
        if layer in ip and not _is_quoted(ip, layer):
            header = ip[layer]
            flags = {"tcp_flags": str(header.flags)} if layer is TCP else {}
            return {"source_port": header.sport, "destination_port": header.dport} | flags
    return {}


def _is_quoted(ip: Any, layer: Any) -> bool:
    """True if the header belongs to a packet that an ICMP error quotes: `TCPerror`, `UDPerror`."""
    return type(ip[layer]).__name__.endswith("error")
