"""Headers between the wire and IP: Ethernet, IEEE 802.2, tags, labels, PPP, ARP. Each says what follows it. Pure."""

from __future__ import annotations

from raslab.measure import header_meanings as words
from raslab.measure.header_fields import Cursor

_BRIDGE_HEADERS = 0x00_00F8  # of SNAP: an Ethernet type as with 0, bridged (RFC 1042, IEEE 802.1H)
_UNNUMBERED = 0x03
_ADDRESS_AND_CONTROL = b"\xff\x03"  # RFC 1662, section 3.1


def ethernet(cursor: Cursor) -> str:
    cursor.take_bytes("destination", 6, words.mac)
    cursor.take_bytes("source", 6, words.mac)
    return _typed(cursor)


def vlan(cursor: Cursor) -> str:
    cursor.take("priority, VLAN id", 2, lambda value: f"{value >> 13}, {value & 0xFFF}")
    return _typed(cursor)


def _typed(cursor: Cursor) -> str:
    """A type, or the length of an IEEE 802.3 frame."""
    if 0 < int.from_bytes(cursor.next_bytes(2)) < words.LENGTH_BELOW:
        length = cursor.take("length", 2)
        cursor.limit(cursor.taken + length)
        return "LLC"
    kind = cursor.take("type", 2, words.ethertype)
    return words.ETHERTYPES.get(kind, words.ethertype(kind))


def llc(cursor: Cursor) -> str:
    """IEEE 802.2; or Novell's IPX without it, which begins with a checksum that is not used."""
    if cursor.next_bytes(2) == b"\xff\xff":
        cursor.is_other = True
        return "IPX"
    to = cursor.take("destination access point", 1, hex)
    by = cursor.take("source access point", 1, hex)
    control = cursor.take("control", 1 if cursor.next_byte & 3 == 3 else 2, words.hexadecimal)
    following = words.SERVICE_ACCESS_POINTS.get(to, "")
    if following == "SNAP" and (by, control) != (to, _UNNUMBERED):
        return "LLC data"
    return following or "LLC data"


def snap(cursor: Cursor) -> str:
    organisation = cursor.take("organisation", 3, words.hexadecimal)
    kind = cursor.take("type", 2, words.ethertype)
    return words.ETHERTYPES.get(kind, words.ethertype(kind)) if organisation in (0, _BRIDGE_HEADERS) else "SNAP data"


def mpls(cursor: Cursor) -> str:
    """What the last label is before is told by nothing but its own first bits."""
    entry = cursor.take("label, class, bottom", 3, lambda value: f"{value >> 4}, {value >> 1 & 7}, {value & 1}")
    cursor.take("TTL", 1)
    return words.IP_VERSIONS.get(cursor.next_byte >> 4, "") if entry & 1 else "MPLS"


def pppoe(cursor: Cursor) -> str:
    cursor.take("version, type", 1, lambda value: f"{value >> 4}, {value & 15}")
    code = cursor.take("code", 1, hex)
    cursor.take("session", 2)
    cursor.limit(6 + cursor.take("length", 2))
    return "" if code else "PPP"


def ppp(cursor: Cursor) -> str:
    """RFC 1661, section 2; address, control and the protocol's first byte may be left out (sections 6.5 and 6.6)."""
    if cursor.next_bytes(2) == _ADDRESS_AND_CONTROL:
        cursor.take("address, control", 2, words.hexadecimal)
    return words.PPP_PROTOCOLS.get(cursor.take("protocol", 1 if cursor.next_byte & 1 else 2, words.hexadecimal), "")


def arp(cursor: Cursor) -> str:
    """RFC 826: addresses have the lengths that the packet says."""
    cursor.take("hardware", 2, lambda value: "Ethernet" if value == 1 else str(value))
    kind = cursor.take("protocol", 2, words.ethertype)
    lengths = cursor.take("lengths", 2, lambda value: f"{value >> 8}, {value & 255}")
    cursor.take("operation", 2, lambda value: {1: "request", 2: "reply"}.get(value, str(value)))
    hardware, protocol = lengths >> 8, lengths & 255
    is_ip = (kind, protocol) == (0x0800, 4)
    for whose in ("sender", "target"):
        cursor.take_bytes(f"{whose} MAC", hardware, words.mac)
        cursor.take_bytes(f"{whose} {'IP' if is_ip else 'address'}", protocol, words.address if is_ip else words.mac)
    return ""


PARSERS = {
    "Ethernet": (ethernet, "IEEE 802.3"),
    "VLAN": (vlan, "IEEE 802.1Q"),
    "LLC": (llc, "IEEE 802.2"),
    "SNAP": (snap, "RFC 1042"),
    "MPLS": (mpls, "RFC 3032"),
    "PPPoE": (pppoe, "RFC 2516"),
    "PPPoE discovery": (pppoe, "RFC 2516"),
    "PPP": (ppp, "RFC 1661"),
    "ARP": (arp, "RFC 826"),
    "RARP": (arp, "RFC 903"),
}
"""What takes each header off, and where that is written."""
