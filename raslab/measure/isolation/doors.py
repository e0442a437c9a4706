"""By which ways the packets of a node leave: its next hops, with the MAC addresses that they have now."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from ipaddress import ip_address, ip_interface
from typing import Any

from raslab.measure.isolation.scene import Door
from raslab.measure.isolation.tenants import Tenant
from raslab.net import Network, Node
from raslab.net.waiting import look_until

_RESOLVED_S = 3.0
_PAUSE_S = 0.002
_MAIN_TABLE = 254
_DISCARD_PORT = 9
_ETHERNET = 1  # ARPHRD_ETHER
_UNICAST = 1
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


_address, _interface = lru_cache(ip_address), lru_cache(ip_interface)
"""Tenants have many addresses, and most of them the same ones."""


@dataclass(frozen=True)
class _Link:
    """An interface in the kernel; mac is None where packets have no Ethernet header."""

    index: int
    name: str
    mac: bytes | None
    addresses: tuple[str, ...]
    """With prefix lengths, link-local ones left out."""

    def is_neighbour(self, address: str) -> bool:
        one = _address(address)
        return any(one in own.network and own.ip != one for own in map(_interface, self.addresses))


def find_doors(
    network: Network, tenants: Iterable[Tenant], strangers: Iterable[str], gateway_addresses: Iterable[str]
) -> tuple[Door, ...]:
    """The doors of all tenants' nodes and of the strangers.

    gateway_addresses: of the gateway; those on a node's link are next hops too, with a route to them or without.
    A next hop that does not tell its MAC address within three seconds is no door.
    """
    wanted: list[tuple[Node, Tenant | None]] = [(network[name], tenant) for tenant in tenants for name in tenant.nodes]
    wanted += [(network[name], None) for name in strangers]
    hops = tuple(gateway_addresses)
    found: list[Door] = []
    for node, tenant in wanted:
        if not node.kind.is_switch:
            found += _doors_of(node, tenant, hops)
    return tuple(found)


def _doors_of(node: Node, tenant: Tenant | None, gateway_addresses: tuple[str, ...]) -> list[Door]:
    links, hops = node.call(_read, gateway_addresses)
    names = {_kernel(one): one.name for one in node.all_interfaces()}
    known_addresses = [*gateway_addresses, *(tenant.addresses if tenant else ())]
    doors: dict[tuple[str, bytes | None], Door] = {}
    elsewhere = tuple(own.partition("/")[0] for link in links for own in link.addresses)
    for link, next_hop in hops:
        name = names.get(link.name, link.name)
        own = tuple(one.partition("/")[0] for one in link.addresses)
        doors[name, next_hop] = Door(
            node.name,
            name,
            link.mac,
            next_hop,
            (*own, *(one for one in elsewhere if one not in own)),
            frozenset(filter(link.is_neighbour, known_addresses)),
            frozenset(a for a in known_addresses if any(one.is_neighbour(a) for one in links if one != link)),
            tenant.name if tenant else None,
            tenant is not None and (node.name, name) in tenant.outside,
        )
    return list(doors.values())


def _kernel(interface: Any) -> str:
    from raslab.net.names import kernel_name

    return kernel_name(interface.name)


def _read(gateway_addresses: tuple[str, ...]) -> tuple[list[_Link], list[tuple[_Link, bytes | None]]]:
    """The interfaces, and each next hop as an interface and a MAC address; runs in the node's namespace."""
    from pyroute2 import IPRoute

    with IPRoute() as route:
        links = _links(route)
        by_index = {link.index: link for link in links}
        wanted: set[tuple[_Link, str]] = set()
        bare: list[tuple[_Link, bytes | None]] = []
        for one in route.get_routes(table=_MAIN_TABLE):
            link = by_index.get(one.get("oif"))
            if link is None or one["type"] != _UNICAST:
                continue
            if link.mac is None and (link, None) not in bare:
                bare.append((link, None))
            elif link.mac is not None and one.get("gateway"):
                wanted.add((link, one.get("gateway")))
        wanted |= {(link, hop) for link in links if link.mac for hop in gateway_addresses if link.is_neighbour(hop)}
        return links, bare + _resolved(route, sorted(wanted, key=lambda pair: (pair[0].name, pair[1])))


def _links(route: Any) -> list[_Link]:
    addresses: dict[int, list[str]] = {}
    for one in route.get_addr():
        address = one.get("local") or one.get("address")
        if not ip_address(address).is_link_local and not ip_address(address).is_loopback:
            addresses.setdefault(one["index"], []).append(f"{address}/{one['prefixlen']}")
    return [
        _Link(
            link["index"],
            link.get("ifname"),
            bytes.fromhex(link.get("address").replace(":", "")) if link["ifi_type"] == _ETHERNET else None,
            tuple(addresses.get(link["index"], ())),
        )
        for link in route.get_links()
    ]


def _resolved(route: Any, wanted: list[tuple[_Link, str]]) -> list[tuple[_Link, bytes | None]]:
    """Have the kernel ask for the MAC addresses of the next hops, and wait for them."""
    for link, hop in wanted:
        with socket.socket(_FAMILIES[ip_address(hop).version], socket.SOCK_DGRAM) as sock, suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.name.encode())
            sock.sendto(b"", (hop, _DISCARD_PORT))

    def look() -> dict[tuple[int, str], str]:
        return {(one["ifindex"], one.get("dst")): one.get("lladdr") for one in route.get_neighbours()}

    def all_known(macs: dict[tuple[int, str], str]) -> bool:
        return all(macs.get((link.index, hop)) for link, hop in wanted)

    macs = look_until(all_known, look, _RESOLVED_S, partial(time.sleep, _PAUSE_S))
    return [(link, bytes.fromhex(mac.replace(":", ""))) for link, hop in wanted if (mac := macs.get((link.index, hop)))]
