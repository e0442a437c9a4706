"""Headers of IP, its extensions and what tunnels through it. Each says what follows it. Pure."""

from __future__ import annotations

from raslab.measure import header_meanings as words
from raslab.measure.header_fields import Cursor

_SHORTEST = 5  # words of four bytes, RFC 791
_FIXED = 40  # bytes, RFC 8200
_MORE = 0x0001
_JUMBO = b"\xc2"  # the hop-by-hop option that tells a jumbogram's length (RFC 2675, section 2)
_ETHERIP_VERSION = 3


def ipv4(cursor: Cursor) -> str:
    if cursor.left and (cursor.next_byte >> 4 != 4 or cursor.next_byte & 15 < _SHORTEST):
        cursor.is_other = True
        return "IPv4"
    first = cursor.take("version, length", 1, lambda value: f"{value >> 4}, {(value & 15) * 4} bytes")
    cursor.take("DSCP, ECN", 1, lambda value: f"{value >> 2}, {value & 3}")
    total = cursor.take("total length", 2)
    cursor.take_varying("identification", 2)
    fragment = cursor.take("flags, offset", 2, words.fragment)
    cursor.take("TTL", 1)
    protocol = cursor.take("protocol", 1, words.protocol)
    cursor.take_varying("checksum", 2, words.hexadecimal)
    cursor.take_bytes("source", 4, words.address)
    cursor.take_bytes("destination", 4, words.address)
    length = (first & 15) * 4
    if length > _SHORTEST * 4:
        cursor.take_bytes("options", length - _SHORTEST * 4, words.octets)
    if total:  # none where the sender's card cuts the packet up
        cursor.limit(total)
    following = words.IP_PROTOCOLS.get(protocol, "")
    return "" if fragment & 0x1FFF or following in words.IPV6_ONLY else following


def ipv6(cursor: Cursor) -> str:
    if cursor.left and cursor.next_byte >> 4 != 6:
        cursor.is_other = True
        return "IPv6"
    cursor.take_varying("version, class, flow", 4, words.ipv6_flow, digits=5, steadily=words.ipv6_class)
    length = cursor.take("payload length", 2)
    protocol = cursor.take("next header", 1, words.protocol)
    cursor.take("hop limit", 1)
    cursor.take_bytes("source", 16, words.address)
    cursor.take_bytes("destination", 16, words.address)
    if length or protocol or cursor.next_bytes(3)[2:] != _JUMBO:
        cursor.limit(_FIXED + length)
    return words.IP_PROTOCOLS.get(protocol, "")


def options(cursor: Cursor) -> str:
    """Hop-by-hop options, destination options and routing headers: all say in their second byte how long they are."""
    protocol = cursor.take("next header", 1, words.protocol)
    length = cursor.take("length", 1, lambda value: f"{(value + 1) * 8} bytes")
    cursor.take_bytes("content", length * 8 + 6, words.octets)
    return words.IP_PROTOCOLS.get(protocol, "")


def fragment(cursor: Cursor) -> str:
    """Only the first fragment has the headers behind this one."""
    protocol = cursor.take("next header", 1, words.protocol)
    cursor.take("reserved", 1)
    place = cursor.take("offset, flags", 2, lambda value: f"{'MF, ' if value & _MORE else ''}{value & 0xFFF8}")
    cursor.take_varying("identification", 4, words.hexadecimal)
    return "" if place & 0xFFF8 else words.IP_PROTOCOLS.get(protocol, "")


def ah(cursor: Cursor) -> str:
    """What follows is readable: it is authenticated, not encrypted."""
    protocol = cursor.take("next header", 1, words.protocol)
    length = cursor.take("length", 1, lambda value: f"{(value + 2) * 4} bytes")
    cursor.take("reserved", 2)
    cursor.take_varying("SPI", 4, words.hexadecimal)
    cursor.take("sequence", 4)
    value = (length + 2) * 4 - 12
    cursor.take_varying("check value", max(value, 0), words.hexadecimal)
    return words.IP_PROTOCOLS.get(protocol, "")


def esp(cursor: Cursor) -> str:
    """What follows is encrypted."""
    cursor.take_varying("SPI", 4, words.hexadecimal)
    cursor.take("sequence", 4)
    return ""


def gre(cursor: Cursor) -> str:
    flags = cursor.take("flags, version", 2, words.gre_flags)
    carried = cursor.take("protocol", 2, words.ethertype)
    if flags & words.GRE_VERSION == 1:
        return _pptp(cursor, flags, carried)
    if flags & words.GRE_VERSION:
        return ""
    if flags & (words.GRE_CHECKSUM | words.GRE_ROUTING):
        cursor.take_varying("checksum", 2, words.hexadecimal)
        cursor.take("offset" if flags & words.GRE_ROUTING else "reserved", 2)
    if flags & words.GRE_KEY:
        cursor.take("key", 4, words.nvgre_key if carried == words.BRIDGED else str)
    if flags & words.GRE_SEQUENCE:
        cursor.take("sequence", 4)
    if flags & words.GRE_ROUTING:
        _routing(cursor)
    return words.ETHERTYPES.get(carried, "")


def _routing(cursor: Cursor) -> None:
    """RFC 1701: entries of a family, an offset, a length and that many bytes, up to one that is empty."""
    while not cursor.is_short:
        entry = cursor.take("routing entry", 4, words.hexadecimal)
        cursor.take_bytes("route", entry & 0xFF, words.octets)
        if not entry & 0xFFFF00FF:
            return


def _pptp(cursor: Cursor, flags: int, carried: int) -> str:
    """RFC 2637, section 4.1: the key is a length and the number of a call."""
    cursor.take("payload length", 2)
    cursor.take("call", 2)
    has_payload = flags & words.GRE_SEQUENCE
    if has_payload:
        cursor.take("sequence", 4)
    if flags & words.GRE_ACKNOWLEDGEMENT:
        cursor.take("acknowledgement", 4)
    return words.ETHERTYPES.get(carried, "") if has_payload else ""


def vxlan(cursor: Cursor) -> str:
    if cursor.left and cursor.next_byte & ~words.VXLAN_EXTENDED != words.VXLAN_HAS_IDENTIFIER:
        cursor.is_other = True
        return ""
    cursor.take("flags", 1, words.vxlan_flags)
    cursor.take("reserved", 3)
    cursor.take("network identifier", 3)
    cursor.take("reserved", 1)
    return "Ethernet"


def vxlan_gpe(cursor: Cursor) -> str:
    if cursor.left and cursor.next_byte & ~words.GPE_FLAGS != words.VXLAN_HAS_IDENTIFIER:
        cursor.is_other = True
        return ""
    flags = cursor.take("flags", 1, hex)
    cursor.take("reserved", 2)
    protocol = cursor.take("next protocol", 1, lambda value: words.GPE_PROTOCOLS.get(value, str(value)))
    cursor.take("network identifier", 3)
    cursor.take("reserved", 1)
    return words.GPE_PROTOCOLS.get(protocol, "") if flags & words.GPE_HAS_PROTOCOL else "Ethernet"


def geneve(cursor: Cursor) -> str:
    if cursor.next_byte >> 6:
        cursor.is_other = True
        return ""
    length = cursor.take("version, options", 1, lambda value: f"{value >> 6}, {(value & 63) * 4} bytes")
    cursor.take("flags", 1, hex)
    carried = cursor.take("protocol", 2, words.ethertype)
    cursor.take("network identifier", 3)
    cursor.take("reserved", 1)
    cursor.take_bytes("options", (length & 63) * 4, words.octets)
    return words.ETHERTYPES.get(carried, "")


def etherip(cursor: Cursor) -> str:
    version = cursor.take("version", 2, lambda value: str(value >> 12))
    return "Ethernet" if version >> 12 == _ETHERIP_VERSION else ""


PARSERS = {
    "IPv4": (ipv4, "RFC 791"),
    "IPv6": (ipv6, "RFC 8200"),
    "Hop-by-Hop": (options, "RFC 8200"),
    "Routing": (options, "RFC 8200"),
    "Destination Options": (options, "RFC 8200"),
    "Fragment": (fragment, "RFC 8200"),
    "AH": (ah, "RFC 4302"),
    "ESP": (esp, "RFC 4303"),
    "GRE": (gre, "RFC 2784, RFC 2890"),
    "VXLAN": (vxlan, "RFC 7348"),
    "VXLAN-GPE": (vxlan_gpe, "draft-ietf-nvo3-vxlan-gpe"),
    "GENEVE": (geneve, "RFC 8926"),
    "EtherIP": (etherip, "RFC 3378"),
}
"""What takes each header off, and where that is written."""

TUNNELS = ("GRE", "VXLAN", "VXLAN-GPE", "GENEVE", "EtherIP")
"""Headers behind which another packet begins."""
