"""Headers behind IP: ports, messages, and what UDP carries. Each says what follows it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from raslab.measure import header_meanings as words
from raslab.measure.header_fields import Cursor

_UDP_BYTES = 8
_KEEPALIVE = b"\xff"  # RFC 3948, section 2.3
_NO_ESP = bytes(4)  # RFC 3948, section 2.2


def tcp(cursor: Cursor) -> str:
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


def udp(cursor: Cursor) -> str:
    source, destination = cursor.take_port("source port"), cursor.take_port("destination port")
    length = cursor.take("length", 2)
    cursor.take_varying("checksum", 2, words.hexadecimal)
    if 0 < length < _UDP_BYTES:
        return ""
    if length:  # none in a jumbogram (RFC 2675, section 4)
        cursor.limit(length)
    return _behind_udp(cursor, (source, destination)) if cursor.left else ""


def _behind_udp(cursor: Cursor, ports: tuple[int, int]) -> str:
    if words.IKE_PORT in ports:
        return "IKE"
    if words.NAT_PORT in ports:
        marker = cursor.next_bytes(len(_NO_ESP))
        if marker == _NO_ESP:
            return "Non-ESP Marker"
        return "ESP" if len(marker) == len(_NO_ESP) else ""
    if words.WIREGUARD_PORT in ports:
        begin = cursor.next_bytes(4)
        return "WireGuard" if begin[:1] and begin[0] in words.WIREGUARD_TYPES and begin[1:] == bytes(3) else ""
    return words.UDP_TUNNELS.get(ports[1], "")


def other_ports(cursor: Cursor) -> str:
    """SCTP, DCCP and UDP-Lite begin as TCP and UDP do; of the rest, only its first eight bytes are shown."""
    cursor.take_port("source port")
    cursor.take_port("destination port")
    cursor.take_varying("rest of header", 4, words.hexadecimal)
    return ""


def marker(cursor: Cursor) -> str:
    """Tells IKE from ESP, which has no SPI of 0."""
    cursor.take("marker", 4)
    return "IKE"


def ike(cursor: Cursor) -> str:
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


def wireguard(cursor: Cursor) -> str:
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


def icmp(types: dict[int, str]) -> Callable[[Cursor], str]:
    """ICMP or ICMPv6, by the types that it knows. What an error quotes is payload."""

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


PARSERS: dict[str, tuple[Callable[[Cursor], str], str]] = {
    "TCP": (tcp, "RFC 9293"),
    "UDP": (udp, "RFC 768"),
    "SCTP": (other_ports, "RFC 9260"),
    "DCCP": (other_ports, "RFC 4340"),
    "UDP-Lite": (other_ports, "RFC 3828"),
    "Non-ESP Marker": (marker, "RFC 3948"),
    "IKE": (ike, "RFC 7296"),
    "WireGuard": (wireguard, "the WireGuard paper, section 5.4"),
    "ICMP": (icmp(words.ICMP_TYPES), "RFC 792"),
    "ICMPv6": (icmp(words.ICMP6_TYPES), "RFC 4443"),
}
"""What takes each header off, and where that is written."""

WITH_PORTS = ("TCP", "UDP", "SCTP", "DCCP", "UDP-Lite")
