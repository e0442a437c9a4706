"""Requests for the interfaces that a node has by itself (linux/if_link.h)."""

from __future__ import annotations

from raslab.net.netlink import rtnetlink, wire

IFLA_LINK = 5
IFLA_VRF_TABLE = 1
IFLA_VLAN_ID = 1


def add_vrf(index: int, name: str, table: int) -> bytes:
    """Create a VRF device: what belongs to it is routed by this table."""
    return rtnetlink.add_link(index, name, b"", "vrf", wire.u32(IFLA_VRF_TABLE, table))


def add_vlan(
    index: int, name: str, parent: int, vlan_id: int, *, mac: str | None = None, mtu: int | None = None
) -> bytes:
    """Create an interface for the frames of another one that carry a VLAN tag."""
    properties = wire.u32(IFLA_LINK, parent) + rtnetlink.properties(mac, mtu)
    return rtnetlink.add_link(index, name, properties, "vlan", wire.u16(IFLA_VLAN_ID, vlan_id))
