"""Requests for bridges and VXLAN interfaces within nodes, their ports and tables (linux/if_link.h, neighbour.h)."""

from __future__ import annotations

import socket
import struct
from ipaddress import ip_address

from raslab.net.netlink import wire
from raslab.net.netlink.rtnetlink import (
    IFLA_BR_MCAST_SNOOPING,
    IFLA_BR_VLAN_FILTERING,
    NDA_DST,
    NDA_LLADDR,
    NUD_PERMANENT,
    add_link,
    change_link,
    mac_bytes,
    properties,
)

RTM_DELLINK, RTM_SETLINK = 17, 19
RTM_NEWNEIGH, RTM_DELNEIGH = 28, 29

IFLA_PROTINFO = 12
IFLA_AF_SPEC = 26
IFLA_BRIDGE_VLAN_INFO = 2
IFLA_BR_VLAN_DEFAULT_PVID = 39
IFLA_BRPORT_LEARNING = 8
IFLA_BRPORT_UNICAST_FLOOD = 9
IFLA_BRPORT_MCAST_FLOOD = 27
IFLA_BRPORT_BCAST_FLOOD = 30
IFLA_BRPORT_NEIGH_SUPPRESS = 32
IFLA_BRPORT_ISOLATED = 33
IFLA_BRPORT_LOCKED = 39

IFLA_VXLAN_ID = 1
IFLA_VXLAN_LOCAL = 4
IFLA_VXLAN_LEARNING = 7
IFLA_VXLAN_PORT = 15
IFLA_VXLAN_LOCAL6 = 17
IFLA_VXLAN_UDP_CSUM = 18
IFLA_VXLAN_DF = 29
VXLAN_DF_SET = 1

BRIDGE_VLAN_INFO_PVID, BRIDGE_VLAN_INFO_UNTAGGED = 0x02, 0x04

NTF_SELF, NTF_MASTER = 0x02, 0x04
NUD_NOARP = 0x40

_IFINFOMSG = struct.Struct("=BxHiII")  # family, device type, index, flags, mask of flags to change
_BRIDGE_VLAN_INFO = struct.Struct("=HH")  # flags, VLAN
_NDMSG = struct.Struct("=BxxxiHBB")  # family, interface index, state, flags, type


def add_plain_bridge(index: int, name: str, *, mac: str | None = None, mtu: int | None = None) -> bytes:
    """Create a bridge without VLANs that forwards all multicast."""
    data = wire.u8(IFLA_BR_MCAST_SNOOPING, 0) + wire.u16(IFLA_BR_VLAN_DEFAULT_PVID, 0)
    return add_link(index, name, properties(mac, mtu), "bridge", data)


def add_vxlan(
    index: int, name: str, vni: int, local: str, port: int, *, mac: str | None = None, mtu: int | None = None
) -> bytes:
    """Create a VXLAN interface that learns nothing.

    Its outer packets have no UDP checksum and are not fragmented, as RFC 7348 wants it (sections 5 and 4.3).
    """
    outer = ip_address(local)
    data = (
        wire.u32(IFLA_VXLAN_ID, vni)
        + wire.attribute(IFLA_VXLAN_LOCAL if outer.version == 4 else IFLA_VXLAN_LOCAL6, outer.packed)
        + wire.u8(IFLA_VXLAN_LEARNING, 0)
        + wire.be16(IFLA_VXLAN_PORT, port)
        + wire.u8(IFLA_VXLAN_UDP_CSUM, 0)
        + wire.u8(IFLA_VXLAN_DF, VXLAN_DF_SET)
    )
    return add_link(index, name, properties(mac, mtu), "vxlan", data)


def set_port(
    index: int,
    *,
    learning: bool,
    floods_unknown: bool,
    floods_groups: bool,
    answers_for: bool,
    isolated: bool,
    locked: bool,
) -> bytes:
    """Say how an interface behaves as a port of its bridge, see `raslab.model.switching.PortSettings`."""
    settings = {
        IFLA_BRPORT_LEARNING: learning,
        IFLA_BRPORT_UNICAST_FLOOD: floods_unknown,
        IFLA_BRPORT_MCAST_FLOOD: floods_groups,
        IFLA_BRPORT_BCAST_FLOOD: floods_groups,
        IFLA_BRPORT_NEIGH_SUPPRESS: answers_for,
        IFLA_BRPORT_ISOLATED: isolated,
        IFLA_BRPORT_LOCKED: locked,
    }
    body = _IFINFOMSG.pack(socket.AF_BRIDGE, 0, index, 0, 0)
    body += wire.nested(IFLA_PROTINFO, *(wire.u8(kind, int(value)) for kind, value in settings.items()))
    return wire.message(RTM_SETLINK, 0, body)


def set_vlan_filtering(index: int, on: bool) -> bytes:
    """Have a bridge heed VLANs, or pass all frames whatever their tag."""
    return change_link(index, "bridge", wire.u8(IFLA_BR_VLAN_FILTERING, int(on)))


def add_port_vlan(index: int, vlan_id: int, *, untagged: bool) -> bytes:
    """Put a port into a VLAN. untagged: frames of that VLAN go there without a tag, and those without one are its."""
    flags = BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED if untagged else 0
    return _port_vlan(RTM_SETLINK, index, flags, vlan_id)


def delete_port_vlan(index: int, vlan_id: int) -> bytes:
    """Take a port out of a VLAN."""
    return _port_vlan(RTM_DELLINK, index, 0, vlan_id)


def _port_vlan(kind: int, index: int, flags: int, vlan_id: int) -> bytes:
    info = wire.attribute(IFLA_BRIDGE_VLAN_INFO, _BRIDGE_VLAN_INFO.pack(flags, vlan_id))
    return wire.message(kind, 0, _IFINFOMSG.pack(socket.AF_BRIDGE, 0, index, 0, 0) + wire.nested(IFLA_AF_SPEC, info))


def add_forwarding(index: int, mac: str, remote: str | None) -> bytes:
    """Note for good, or note anew, where a MAC address is: behind a port, or behind a VXLAN interface at `remote`."""
    return _forwarding(RTM_NEWNEIGH, wire.CREATE | wire.REPLACE, index, mac, remote)


def delete_forwarding(index: int, mac: str, remote: str | None) -> bytes:
    """Forget where a MAC address is."""
    return _forwarding(RTM_DELNEIGH, 0, index, mac, remote)


def _forwarding(kind: int, flags: int, index: int, mac: str, remote: str | None) -> bytes:
    # The permanent entries of a bridge are its own addresses.
    state, table = (NUD_NOARP, NTF_MASTER) if remote is None else (NUD_PERMANENT, NTF_SELF)
    body = _NDMSG.pack(socket.AF_BRIDGE, index, state, table, 0) + wire.attribute(NDA_LLADDR, mac_bytes(mac))
    if remote is not None:
        body += wire.attribute(NDA_DST, ip_address(remote).packed)
    return wire.message(kind, flags, body)


def delete_neighbour(index: int, address: str) -> bytes:
    """Forget which MAC address an IP address has."""
    neighbour = ip_address(address)
    family = socket.AF_INET if neighbour.version == 4 else socket.AF_INET6
    body = _NDMSG.pack(family, index, 0, 0, 0) + wire.attribute(NDA_DST, neighbour.packed)
    return wire.message(RTM_DELNEIGH, 0, body)
