"""The bytes of a packet as headers within headers, each field with its name, its place and its meaning. Pure.

What follows the last header that is known is the payload; bytes behind the end that a header tells of are padding, and
not taken for anything else. A header in which the packet ends has the fields that are there. Fields that senders choose
anew, or compute from such ones, are marked as varying: the same experiment gives the same bytes but for these. Any
bytes at all can be dissected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from raslab.measure import header_meanings as words
from raslab.measure import ip_headers, link_headers, transport_headers
from raslab.measure.header_fields import Cursor, Dissection, Header

LINK_NULL, LINK_ETHERNET, LINK_PPP, LINK_RAW, LINK_LOOP, LINK_COOKED, LINK_COOKED_2 = 0, 1, 9, 101, 108, 113, 276
"""LINKTYPE_* of a capture file (draft-ietf-opsawg-pcaplinktype); tcpdump writes cooked captures of tunnels."""
_RAW = {12: "", 14: "", LINK_RAW: "", 228: "IPv4", 229: "IPv6"}
_BEFORE = {LINK_COOKED: 16, LINK_COOKED_2: 20, LINK_NULL: 4, LINK_LOOP: 4}
LINKS = (*_RAW, *_BEFORE, LINK_ETHERNET, LINK_PPP)
"""Those that are read."""
_IPV4_FAMILY, _IPV6_FAMILIES = 2, (10, 23, 24, 28, 30)  # of sockets, on systems of all kinds
_BEGINNINGS = ("Ethernet", "IPv4", "IPv6")  # of packets within IP
_NAMED_TWICE = ("Ethernet", "IPv4", "IPv6")
_PARSERS = {**link_headers.PARSERS, **ip_headers.PARSERS, **transport_headers.PARSERS}


def bytes_before(link: int) -> int:
    """How many bytes a capture of that link type puts before what was on the wire."""
    return _BEFORE.get(link, 0)


def dissect(packet: bytes, link: int = LINK_ETHERNET) -> Dissection:
    """The headers of a captured packet. Offsets count from its first byte on the wire: what a cooked capture puts
    before that is left out.
    """
    first = _first(packet, link)
    headers, payload, padding, carries = _walk(packet[bytes_before(link) :], first)
    return Dissection(_placed(headers), payload, carries, padding)


def levels(headers: Sequence[Header]) -> list[list[Header]]:
    """The headers of each packet within the other: one, and one more for each tunnel."""
    found: list[list[Header]] = [[]]
    for header in headers:
        if header.protocol in _BEGINNINGS and any(one.protocol in words.IP_VERSIONS.values() for one in found[-1]):
            found.append([])
        found[-1].append(header)
        if header.protocol in ip_headers.TUNNELS:
            found.append([])
    return found


def _first(packet: bytes, link: int) -> str:
    """The name of the first header."""
    if link == LINK_ETHERNET:
        return "Ethernet"
    if link == LINK_PPP:
        return "PPP"
    if link in _RAW:
        return _RAW[link] or words.IP_VERSIONS.get(packet[0] >> 4 if packet else 0, "")
    if link == LINK_COOKED:
        return _cooked(packet[14:16])
    if link == LINK_COOKED_2:
        return _cooked(packet[0:2])
    if link in (LINK_NULL, LINK_LOOP):
        families = {int.from_bytes(packet[:4], order) for order in ("big", "little")}
        if _IPV4_FAMILY in families:
            return "IPv4"
        return "IPv6" if families.intersection(_IPV6_FAMILIES) else ""
    return f"link type {link}"


def _cooked(protocol: bytes) -> str:
    kind = int.from_bytes(protocol)
    if kind == 0x0004:
        return "LLC"
    return words.ETHERTYPES.get(kind, words.ethertype(kind) if kind >= words.TYPE_FROM else "")


def _walk(data: bytes, protocol: str) -> tuple[list[Header], bytes, bytes, str]:
    """Headers, payload, padding, and the name of what follows the last header."""
    headers: list[Header] = []
    offset, end = 0, len(data)
    while protocol in _PARSERS:
        parse, source = _PARSERS[protocol]
        cursor = Cursor(data, offset, end)
        following = parse(cursor)
        if cursor.is_other:
            break
        if cursor.fields:
            headers.append(Header(protocol, source, tuple(cursor.fields), cut=cursor.is_short))
        offset, end = cursor.offset, cursor.end
        if cursor.is_short:
            break
        protocol = following
    return headers, data[offset:end], data[end:], protocol


def _placed(headers: list[Header]) -> tuple[Header, ...]:
    """Tell headers of one kind apart that are around a tunnel."""
    found = levels(headers)
    if len(found) == 1:
        return tuple(headers)
    names = ["outer", *["middle"] * (len(found) - 2), "inner"]
    if not found[-1]:
        names = ["outer", *["middle"] * (len(found) - 3), *["inner"] * (len(found) > 2), ""]
    return tuple(
        replace(header, place=name) if header.protocol in _NAMED_TWICE else header
        for name, level in zip(names, found, strict=True)
        for header in level
    )
