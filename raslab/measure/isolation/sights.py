"""Which probe a packet is, and the way that it went. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from raslab.measure.isolation.listening import Heard
from raslab.measure.isolation.tenants import Place
from raslab.measure.isolation.wire import SOURCE_PORT
from raslab.model.topology import Topology

_MAGIC = b"rasl"
_STEP = 64  # between the sequence numbers of two probes: more than their data, so that an answer tells which it is for
_ETHERNET_BYTES = 14
_IPV4, _IPV6, _ARP = 0x0800, 0x86DD, 0x0806
_TCP, _ICMP6 = 6, 58
_ADVERTISEMENT = 136


class Tokens:
    """Numbers of probes as the bytes and sequence numbers that packets carry. run: four bytes, different each time."""

    def __init__(self, run: bytes) -> None:
        self._prefix = _MAGIC + run
        self._first = int.from_bytes(run)

    def token(self, number: int) -> bytes:
        """What a probe carries."""
        return self._prefix + number.to_bytes(4)

    def sequence(self, number: int) -> int:
        """The sequence number of a TCP segment."""
        return (self._first + number * _STEP) & 0xFFFFFFFF

    def number_in(self, data: bytes) -> int | None:
        """Which probe a packet is, or quotes; None if it is another packet."""
        start = data.find(self._prefix)
        number = data[start + 8 : start + 12]
        return int.from_bytes(number) if start >= 0 and len(number) == 4 else None

    def number_acknowledged(self, acknowledgement: int) -> int:
        """Which probe over TCP is answered by a segment with that acknowledgement number."""
        return ((acknowledgement - 1 - self._first) & 0xFFFFFFFF) // _STEP


@dataclass(frozen=True, slots=True)
class Answer:
    """A packet that belongs to a probe, be it an answer or not: that depends on who sent it to whom."""

    number: int
    source: bytes
    destination: bytes
    accepts: bool = False
    """True for the second segment of a TCP handshake: the port is open."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An ARP reply or neighbour advertisement: somebody says that an address is there."""

    address: bytes


def read_answer(heard: Heard, tokens: Tokens) -> Answer | Claim | None:
    """What a packet that comes in says in answer to a probe, if anything."""
    ethertype, packet = network_packet(heard)
    if ethertype == _ARP:
        return Claim(packet[14:18]) if packet[6:8] == b"\0\2" else None
    if ethertype == _IPV4 and len(packet) >= 20:
        ends, protocol, inner = (packet[12:16], packet[16:20]), packet[9], packet[(packet[0] & 15) * 4 :]
    elif ethertype == _IPV6 and len(packet) >= 40:
        ends, protocol, inner = (packet[8:24], packet[24:40]), packet[6], packet[40:]
        if protocol == _ICMP6 and inner[:1] == bytes((_ADVERTISEMENT,)):
            return Claim(inner[8:24])
    else:
        return None
    number = tokens.number_in(packet)
    if number is not None:
        return Answer(number, *ends)
    if protocol == _TCP and len(inner) >= 20 and int.from_bytes(inner[2:4]) == SOURCE_PORT:
        number = tokens.number_acknowledged(int.from_bytes(inner[8:12]))
        return Answer(number, *ends, accepts=inner[13] & 0x12 == 0x12)
    return None


def network_packet(heard: Heard) -> tuple[int, bytes]:
    """The type of a packet by Ethernet's numbers, and the packet from its own header on."""
    if heard.has_ethernet:
        return int.from_bytes(heard.data[12:14]), heard.data[_ETHERNET_BYTES:]
    return (_IPV6 if heard.data[:1] and heard.data[0] >> 4 == 6 else _IPV4), heard.data


def far_ends(topology: Topology) -> dict[Place, Place]:
    """The other end of each link."""
    ends = [((link.a.node, link.a.name), (link.b.node, link.b.name)) for link in topology.links]
    return dict(ends) | {b: a for a, b in ends}


def in_order(sights: Iterable[Heard], start: str, links: Mapping[Place, Place]) -> list[Heard]:
    """The sights of one probe as it went, from node `start` on.

    Each node's own are given in order. Between nodes time cannot tell, as none passes on a perfect wire: what leaves
    by a link is followed to the other end of it.
    """
    waiting: dict[str, deque[Heard]] = defaultdict(deque)
    for sight in sights:
        waiting[sight.node].append(sight)
    path: list[Heard] = []
    node = start
    while waiting:
        if node not in waiting:
            node = min(waiting, key=lambda name: waiting[name][0].time_ns)
        sight = waiting[node].popleft()
        if not waiting[node]:
            del waiting[node]
        path.append(sight)
        other = links.get((sight.node, sight.interface)) if sight.outgoing else None
        if other is not None and other[0] in waiting and waiting[other[0]][0].interface == other[1]:
            node = other[0]
    return path


def summary(heard: Heard) -> str:
    """A packet in scapy's words, ports as numbers: their names are not the same on every computer."""
    from scapy.config import conf
    from scapy.layers import inet, inet6, l2, vxlan  # noqa: F401 - they tell the reader what the bytes are

    first = l2.Ether if heard.has_ethernet else inet6.IPv6 if network_packet(heard)[0] == _IPV6 else inet.IP
    ports = (inet.TCP.sport, inet.TCP.dport, inet.UDP.sport, inet.UDP.dport)
    conf.noenum.add(*ports)
    try:
        return str(first(heard.data).summary())
    finally:
        conf.noenum.remove(*ports)
