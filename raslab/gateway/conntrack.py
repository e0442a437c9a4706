"""The kernel's table of connections (conntrack) of a node. Tenants have a zone each, of their number."""

from __future__ import annotations

from socket import AF_INET
from typing import Any

from raslab.net import Node


def dump(node: Node, zone: int) -> list[Any]:
    """What conntrack knows of IPv4 in a zone, as pyroute2 reads it."""

    def inside() -> list[Any]:
        from pyroute2 import NFCTSocket

        with NFCTSocket() as conntrack:
            return list(conntrack.dump(zone=zone))

    return [message for message in node.call(inside) if zone_of(message) == zone]  # Linux 6.8 chooses by itself


def forget(node: Node, zone: int) -> None:
    """Remove all connections of a zone."""
    known = dump(node, zone)

    def inside() -> None:
        from pyroute2 import NetlinkError, NFCTSocket
        from pyroute2.netlink.nfnetlink.nfctsocket import NFCTAttrTuple

        with NFCTSocket() as conntrack:
            for message in known:
                there = NFCTAttrTuple.from_netlink(AF_INET, message.get("CTA_TUPLE_ORIG"))
                try:
                    conntrack.entry("del", tuple_orig=there, zone=zone)
                except NetlinkError:  # it has gone by itself
                    continue

    if known:
        node.call(inside)


def zone_of(message: Any) -> int:
    """The zone of a connection; 0 is that of no tenant."""
    return int(message.get("CTA_ZONE") or 0)
