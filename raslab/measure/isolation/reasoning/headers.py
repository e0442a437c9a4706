"""The fields by which rules tell packets apart, as a space of packets. Pure.

Addresses of both IP versions are numbers of one field, as `family` says which they are. What only the node knows about
a packet (its mark, its zone, what conntrack says about its connection) is a field like those on the wire.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from raslab.measure.isolation.reasoning.space import Packets, Range, Space

IPV4, IPV6, ARP, LABELLED, OTHER = 4, 6, 1, 2, 3
"""Families: IP, ARP, MPLS (whose label is in `dst`), and whatever else there is on an Ethernet."""
NEW, ESTABLISHED, RELATED, INVALID, UNTRACKED = range(5)
"""What conntrack may say about a packet's connection; an attacker can bring all of it about."""
SOURCE_TRANSLATED, DESTINATION_TRANSLATED = 1, 2
"""Bits of `nat`: the packet belongs to a connection whose source or destination is translated."""
WHOLE, FIRST_PART, LATER_PART = range(3)
"""Of a packet that has been cut, or not."""
ICMP, TCP, UDP, GRE, ESP, AH, ICMP6, SCTP = 1, 6, 17, 47, 50, 51, 58, 132

FIELDS = {
    "family": 7,
    "dst": (1 << 128) - 1,
    "src": (1 << 128) - 1,
    "proto": 255,
    "dport": 0xFFFF,
    "sport": 0xFFFF,
    "key": 1 << 32,  # of a tunnel: 0 for none, else one more than the number
    "mark": 0xFFFFFFFF,
    "vlan": 4095,  # 0 for no tag
    "icmp": 255,
    "tos": 255,
    "ttl": 255,
    "length": 0xFFFF,
    "fragment": 2,
    "flags": 255,  # TCP's
    "options": 1,  # 1: an IPv6 extension header or IPv4 options
    "ct": 4,
    "reply": 1,
    "nat": 3,
    "zone": 0xFFFF,
    "smac": (1 << 48) - 1,
    "dmac": (1 << 49) - 1,  # with the bit for groups in front of the rest once more
}
_GROUP = 1 << 48
_FIRST_OCTETS_BIT = 1 << 40


def mac_number(mac: str) -> int:
    """A destination's MAC address as `dmac` has it: those of groups are the larger half."""
    number = int(mac.replace(":", ""), 16)
    return number | _GROUP if number & _FIRST_OCTETS_BIT else number


class Headers:
    """A space of packets, and the sets that rules speak of."""

    def __init__(self) -> None:
        self.space = space = Space(FIELDS)
        self.nothing, self.everything = space.nothing, space.everything
        self.groups = space.among("dmac", [(_GROUP, 2 * _GROUP - 1)])
        self.ip = {4: self._ip(IPV4, 32), 6: self._ip(IPV6, 128)}
        self.any_ip = self.ip[4] | self.ip[6]
        rest = space.among("family", [(ARP, OTHER)])
        self.frames = self.any_ip | rest
        """All that can come by a wire."""
        fresh = space.value("mark", 0) & space.value("nat", 0) & space.value("zone", 0)
        self.arriving = self.frames & fresh
        """What nobody on the node has noted anything about yet."""

    def _ip(self, family: int, bits: int) -> Packets:
        every = [(0, (1 << bits) - 1)]
        return self.space.value("family", family) & self.space.among("dst", every) & self.space.among("src", every)

    def protocol(self, *numbers: int) -> Packets:
        """IP packets of these protocols."""
        return self.any_ip & self.space.among("proto", [(one, one) for one in numbers])

    def prefix(self, name: str, prefix: str) -> Packets:
        """IP packets whose `src` or `dst` is within a prefix or is an address; ``first-last`` is a range."""
        version, ranges = address_range(prefix)
        return self.space.value("family", version) & self.space.among(name, [ranges])


def address_range(text: str) -> tuple[int, Range]:
    """The IP version and the first and last number of an address, a prefix, or a range ``first-last``."""
    first, dash, last = text.partition("-")
    if dash:
        return ip_address(first).version, (int(ip_address(first)), int(ip_address(last)))
    return network_range(ip_network(text, strict=False))


def network_range(network: IPv4Network | IPv6Network) -> tuple[int, Range]:
    """The IP version and the first and last number of a prefix."""
    return network.version, (int(network.network_address), int(network.broadcast_address))


def masked(value: int, mask: int, bits: int, most: int = 4096) -> list[Range] | None:
    """The numbers of so many bits that are `value` where `mask` has ones; None if that are more than `most` ranges."""
    low = 0
    while low < bits and not mask >> low & 1:
        low += 1
    free = [bit for bit in range(low, bits) if not mask >> bit & 1]
    if 1 << len(free) > most:
        return None
    wanted = value & mask
    result = []
    for number in range(1 << len(free)):
        base = wanted
        for place, bit in enumerate(free):
            base |= (number >> place & 1) << bit
        result.append((base, base + (1 << low) - 1))
    return result
