"""Telling the neighbours at once that an address is somewhere else now.

Who has talked with an address keeps its MAC address for a while, and talks to a station that does not answer any more.
Linux announces the addresses of an interface that is switched on or gets another MAC address, if it is asked to
(arp_notify, ndisc_notify), but not an address that is added to an interface that is on already. So each address that
comes to a running network is announced here, once: by an ARP announcement (RFC 5227, section 3) or an unsolicited
neighbour advertisement (RFC 4861, section 7.2.6). Switches on the way learn from it, too. Nothing is announced when a
network starts: nobody knows anything wrong then.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_interface

from raslab.model.topology import NodeKind, Topology, Tunnel, Vrf, everything
from raslab.net import steps
from raslab.net.carriers import switched_on
from raslab.net.checksum import internet_checksum
from raslab.net.names import kernel_name
from raslab.net.namespaces import Namespace
from raslab.net.plan import Plan
from raslab.net.threads import in_own_thread

_BROADCAST, _ALL_NODES_MAC = b"\xff" * 6, bytes.fromhex("333300000001")  # RFC 2464, section 7
_ALL_NODES = IPv6Address("ff02::1")
_ARP, _IPV6 = 0x0806, 0x86DD
_ARP_REQUEST = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1)  # of IPv4 addresses on Ethernet
_ICMPV6, _NEIGHBOUR_ADVERTISEMENT, _TARGET_LINK_LAYER_ADDRESS = 58, 136, 2
_ROUTER, _OVERRIDE = 0x80000000, 0x20000000
_HOP_LIMIT = 255  # RFC 4861, section 7.1.2: others have come from afar, and are ignored
_ARPHRD_ETHER = 1


@dataclass(frozen=True, slots=True)
class Announcement:
    """An address, without prefix length, of an interface. is_router: of a node that forwards, which IPv6 tells too."""

    node: str
    interface: str
    address: IPv4Address | IPv6Address
    is_router: bool


def announcements(plan: Plan, old: Topology, new: Topology) -> list[Announcement]:
    """What is to be announced when `plan` has turned a running `old` into `new`: each address that has come to an
    interface that is on, or has another MAC address there. Pure.

    An address that stays elsewhere too, with the same MAC address, has not moved: such are the routers of virtual
    networks, which are on each host.
    """
    if not old.nodes or not any(isinstance(step, steps.AddAddress | steps.SetMac) for step in plan.steps):
        return []
    before, now = set(_placed(old)), list(_placed(new))
    staying = {(one.address, one.mac) for one in before.intersection(now)}
    on = {(one.node, one.name) for one in switched_on(new)}
    routers = {node.name for node in new.nodes if node.kind is NodeKind.ROUTER}
    return [
        Announcement(one.node, one.interface, ip_interface(one.address).ip, one.node in routers)
        for one in now
        if one not in before and (one.address, one.mac) not in staying and (one.node, one.interface) in on
    ]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an address is. mac: as far as the topology says it."""

    node: str
    interface: str
    address: str
    mac: str


def _placed(topology: Topology) -> Iterator[_Place]:
    for one in everything(topology):
        if not isinstance(one, Vrf) and not (isinstance(one, Tunnel) and one.kind != "gretap"):
            for address in one.addresses:
                yield _Place(one.node, one.name, address, one.mac or f"{one.node}:{one.name}")


def announce(wanted: Iterable[Announcement], namespaces: Mapping[str, Namespace]) -> None:
    """Send announcements, each from its node. An interface that is no Ethernet, or that somebody has switched off or
    taken away, sends none.
    """
    if known := [one for one in wanted if one.node in namespaces]:
        in_own_thread(_announce_here, known, namespaces)


def _announce_here(wanted: list[Announcement], namespaces: Mapping[str, Namespace]) -> None:
    inside: str | None = None
    for one in wanted:
        if one.node != inside:
            namespaces[one.node].enter()
            inside = one.node
        with suppress(OSError), socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as sender:
            sender.bind((kernel_name(one.interface), 0))
            _, _, _, kind, mac = sender.getsockname()
            if kind == _ARPHRD_ETHER:
                sender.send(frame(one, mac))


def frame(one: Announcement, mac: bytes) -> bytes:
    """The Ethernet frame of an announcement, from the interface's MAC address. Pure."""
    if isinstance(one.address, IPv4Address):
        return arp_announcement(mac, one.address)
    return neighbour_advertisement(mac, one.address, is_router=one.is_router)


def arp_announcement(mac: bytes, address: IPv4Address) -> bytes:
    """A request of an address for itself, to everybody: nobody answers, and all note who asks."""
    question = _ARP_REQUEST + mac + address.packed + bytes(6) + address.packed
    return _BROADCAST + mac + struct.pack("!H", _ARP) + question


def neighbour_advertisement(mac: bytes, address: IPv6Address, *, is_router: bool) -> bytes:
    """An advertisement to all nodes that takes the place of what they know."""
    flags = _OVERRIDE | (_ROUTER if is_router else 0)
    option = struct.pack("!BB", _TARGET_LINK_LAYER_ADDRESS, 1) + mac
    rest = struct.pack("!I", flags) + address.packed + option
    length = 4 + len(rest)
    pseudo_header = address.packed + _ALL_NODES.packed + struct.pack("!II", length, _ICMPV6)  # RFC 8200, section 8.1
    checksum = internet_checksum(pseudo_header + struct.pack("!BBH", _NEIGHBOUR_ADVERTISEMENT, 0, 0) + rest)
    header = struct.pack("!IHBB", 6 << 28, length, _ICMPV6, _HOP_LIMIT) + address.packed + _ALL_NODES.packed
    message = struct.pack("!BBH", _NEIGHBOUR_ADVERTISEMENT, 0, checksum) + rest
    return _ALL_NODES_MAC + mac + struct.pack("!H", _IPV6) + header + message
