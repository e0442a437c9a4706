"""Requests for links, addresses and routes (linux/rtnetlink.h, if_link.h, if_tunnel.h).

Interfaces are named by index. The kernel lets the creator choose the index of a new interface, so a whole
node can be described without asking for a single answer.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_address

from raslab.net.netlink import wire

RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK = 16, 17, 18
RTM_NEWADDR, RTM_DELADDR = 20, 21
RTM_NEWROUTE, RTM_DELROUTE = 24, 25
RTM_NEWNEIGH = 28
RTM_NEWLINKPROP = 108

IFF_UP = 0x1

IFLA_ADDRESS = 1
IFLA_IFNAME = 3
IFLA_MTU = 4
IFLA_MASTER = 10
IFLA_OPERSTATE = 16
IFLA_LINKINFO = 18
IFLA_NET_NS_FD = 28
IFLA_EXT_MASK = 29
IFLA_PROP_LIST = 52
IFLA_ALT_IFNAME = 53
IFLA_INFO_KIND = 1
IFLA_INFO_DATA = 2
VETH_INFO_PEER = 1
IF_OPER_UP = 6  # RFC 2863, section 6
RTEXT_FILTER_SKIP_STATS = 1 << 3

IFLA_BR_STP_STATE = 5
IFLA_BR_VLAN_FILTERING = 7
IFLA_BR_MCAST_SNOOPING = 23

IFLA_XFRM_IF_ID = 2

IFLA_GRE_IFLAGS = 2
IFLA_GRE_OFLAGS = 3
IFLA_GRE_IKEY = 4
IFLA_GRE_OKEY = 5
IFLA_GRE_LOCAL = 6
IFLA_GRE_REMOTE = 7
IFLA_GRE_TTL = 8
IFLA_GRE_FLAGS = 13
GRE_CSUM = 0x8000
GRE_KEY = 0x2000
IP6_TNL_F_IGN_ENCAP_LIMIT = 0x1

IFA_ADDRESS = 1
IFA_LOCAL = 2
IFA_BROADCAST = 4
IFA_F_NODAD = 0x02

RTA_DST = 1
RTA_OIF = 4
RTA_GATEWAY = 5
RTA_PRIORITY = 6
RTA_MULTIPATH = 9
RTA_TABLE = 15
RT_TABLE_UNSPEC = 0  # of tables whose number needs more than the header's byte
RT_TABLE_MAIN = 254
RTPROT_UNSPEC = 0
RTPROT_STATIC = 4
RT_SCOPE_UNIVERSE = 0
RT_SCOPE_LINK = 253
RT_SCOPE_NOWHERE = 255
RTN_UNSPEC = 0
RTN_UNICAST = 1
RTN_UNREACHABLE = 7
LAST_RESORT_METRIC = 4278198272  # of a VRF's table: above those of routing daemons (Documentation/networking/vrf.rst)

NDA_DST = 1
NDA_LLADDR = 2
NUD_PERMANENT = 0x80

AnyInterface = IPv4Interface | IPv6Interface
AnyNetwork = IPv4Network | IPv6Network

_IFINFOMSG = struct.Struct("=BxHiII")  # family, device type, index, flags, mask of flags to change
_IFADDRMSG = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, index
_RTMSG = struct.Struct("=BBBBBBBBI")  # family, dst len, src len, tos, table, protocol, scope, type, flags
_RTNEXTHOP = struct.Struct("=HBBi")  # length, flags, weight less one, index
_NDMSG = struct.Struct("=BxxxiHBB")  # family, interface index, state, flags, type
_NEW = wire.CREATE | wire.EXCL


def mac_bytes(mac: str) -> bytes:
    """The six bytes of ``02:00:00:00:01:01``."""
    return bytes.fromhex(mac.replace(":", ""))


def _ifinfo(index: int = 0, flags: int = 0, change: int = 0) -> bytes:
    return _IFINFOMSG.pack(socket.AF_UNSPEC, 0, index, flags, change)


def properties(mac: str | None, mtu: int | None) -> bytes:
    """Attributes that any kind of link understands."""
    return (wire.attribute(IFLA_ADDRESS, mac_bytes(mac)) if mac else b"") + (wire.u32(IFLA_MTU, mtu) if mtu else b"")


def add_link(index: int, name: str, general: bytes, kind: str, *data: bytes) -> bytes:
    """Create a link of some kind from the attributes that all kinds have and those of the kind."""
    info = wire.text(IFLA_INFO_KIND, kind) + (wire.nested(IFLA_INFO_DATA, *data) if data else b"")
    body = _ifinfo(index) + wire.text(IFLA_IFNAME, name) + general + wire.nested(IFLA_LINKINFO, info)
    return wire.message(RTM_NEWLINK, _NEW, body)


def add_veth(
    index: int,
    name: str,
    peer_index: int,
    peer_name: str,
    peer_namespace_fd: int,
    *,
    mac: str | None = None,
    mtu: int | None = None,
    peer_mac: str | None = None,
    peer_mtu: int | None = None,
) -> bytes:
    """Create a veth pair with its peer directly in another namespace, named by an open descriptor of it."""
    peer = wire.nested(
        VETH_INFO_PEER,
        _ifinfo(peer_index)
        + wire.text(IFLA_IFNAME, peer_name)
        + properties(peer_mac, peer_mtu)
        + wire.u32(IFLA_NET_NS_FD, peer_namespace_fd),
    )
    return add_link(index, name, properties(mac, mtu), "veth", peer)


def add_bridge(index: int, name: str, *, mac: str | None = None, stp: bool = False, heeds_vlans: bool = False) -> bytes:
    """Create a Linux bridge that forwards all multicast, as a plain switch does."""
    data = wire.u32(IFLA_BR_STP_STATE, int(stp)) + wire.u8(IFLA_BR_MCAST_SNOOPING, 0)
    if heeds_vlans:
        data += wire.u8(IFLA_BR_VLAN_FILTERING, 1)
    return add_link(index, name, properties(mac, None), "bridge", data)


def add_gre(
    index: int,
    name: str,
    kind: str,
    local: str,
    remote: str,
    *,
    key: int | None = None,
    ttl: int = 64,
    mac: str | None = None,
    mtu: int | None = None,
    checksum: bool = False,
) -> bytes:
    """Create a tunnel of kind ``gre`` or ``gretap``; over IPv6 if `local` and `remote` are IPv6 addresses.

    Over IPv6 the tunnel encapsulation limit option (RFC 2473, 4.1.1) is left out: its 8 bytes per packet
    serve against nested encapsulation only.
    """
    outer_local, outer_remote = ip_address(local), ip_address(remote)
    data = (
        wire.attribute(IFLA_GRE_LOCAL, outer_local.packed)
        + wire.attribute(IFLA_GRE_REMOTE, outer_remote.packed)
        + wire.u8(IFLA_GRE_TTL, ttl)
    )
    if flags := GRE_KEY * (key is not None) | GRE_CSUM * checksum:
        data += wire.be16(IFLA_GRE_IFLAGS, flags) + wire.be16(IFLA_GRE_OFLAGS, flags)
    if key is not None:
        data += wire.be32(IFLA_GRE_IKEY, key) + wire.be32(IFLA_GRE_OKEY, key)
    if outer_local.version == 6:
        kind = "ip6" + kind
        data += wire.u32(IFLA_GRE_FLAGS, IP6_TNL_F_IGN_ENCAP_LIMIT)
    return add_link(index, name, properties(mac, mtu), kind, data)


def add_xfrm(index: int, name: str, if_id: int, *, mtu: int | None = None) -> bytes:
    """Create an XFRM interface: it carries what IPsec policies and states with the number `if_id` let through."""
    return add_link(index, name, properties(None, mtu), "xfrm", wire.u32(IFLA_XFRM_IF_ID, if_id))


def add_wireguard(index: int, name: str, *, mtu: int | None = None) -> bytes:
    """Create a WireGuard interface, which has no keys yet and passes nothing."""
    return add_link(index, name, properties(None, mtu), "wireguard")


def delete_link(index: int) -> bytes:
    """Delete a link; of a veth pair both ends go."""
    return wire.message(RTM_DELLINK, 0, _ifinfo(index))


def add_alternative_name(index: int, name: str) -> bytes:
    """Give a link a second name, which may have up to 127 characters."""
    body = _ifinfo(index) + wire.nested(IFLA_PROP_LIST, wire.text(IFLA_ALT_IFNAME, name))
    return wire.message(RTM_NEWLINKPROP, _NEW, body)


def set_link(
    index: int,
    *,
    up: bool | None = None,
    mtu: int | None = None,
    mac: str | None = None,
    master: int | None = None,
    namespace_fd: int | None = None,
) -> bytes:
    """Change a link; None leaves a property as it is. master: 0 for none. namespace_fd: where it is to go."""
    flags, change = (IFF_UP if up else 0, IFF_UP if up is not None else 0)
    body = _ifinfo(index, flags, change) + properties(mac, mtu)
    if master is not None:
        body += wire.u32(IFLA_MASTER, master)
    if namespace_fd is not None:
        body += wire.u32(IFLA_NET_NS_FD, namespace_fd)
    return wire.message(RTM_NEWLINK, 0, body)


def change_link(index: int, kind: str, *data: bytes) -> bytes:
    """Change what links of some kind have of their own."""
    info = wire.text(IFLA_INFO_KIND, kind) + wire.nested(IFLA_INFO_DATA, *data)
    return wire.message(RTM_NEWLINK, 0, _ifinfo(index) + wire.nested(IFLA_LINKINFO, info))


def get_link(name: str) -> bytes:
    """Ask for one link by name; answered by a link message."""
    return wire.message(RTM_GETLINK, 0, _ifinfo() + wire.text(IFLA_IFNAME, name))


@dataclass(frozen=True, slots=True)
class LinkState:
    """What the kernel says about a link.

    operational: it is on and has a carrier (RFC 2863). kind: as `ip link` calls it, such as ``vrf``; empty if none.
    """

    index: int
    name: str
    kind: str
    operational: bool


def dump_links() -> bytes:
    """Ask for all links of the namespace, without their counters."""
    body = _ifinfo() + wire.u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS)
    return wire.message(RTM_GETLINK, wire.DUMP, body)


def link_state(answer: wire.Message) -> LinkState:
    """Decode one link of an answer."""
    _, _, index, _, _ = _IFINFOMSG.unpack_from(answer.payload)
    found = wire.attributes(answer.payload[_IFINFOMSG.size :])
    info = wire.attributes(found.get(IFLA_LINKINFO, b""))
    name, kind = (one.rstrip(b"\0").decode() for one in (found[IFLA_IFNAME], info.get(IFLA_INFO_KIND, b"")))
    return LinkState(index, name, kind, found.get(IFLA_OPERSTATE, b"\0")[0] == IF_OPER_UP)


def _address(kind: int, flags: int, index: int, address: AnyInterface) -> bytes:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    no_detection = IFA_F_NODAD if address.version == 6 else 0
    body = _IFADDRMSG.pack(family, address.network.prefixlen, no_detection, RT_SCOPE_UNIVERSE, index)
    packed = address.ip.packed
    body += wire.attribute(IFA_LOCAL, packed) + wire.attribute(IFA_ADDRESS, packed)
    if isinstance(address, IPv4Interface) and address.network.prefixlen < 31:  # RFC 3021: a /31 has no broadcast
        body += wire.attribute(IFA_BROADCAST, address.network.broadcast_address.packed)
    return wire.message(kind, flags, body)


def add_address(index: int, address: AnyInterface) -> bytes:
    """Give a link an address, at once usable: IPv6 without duplicate address detection (RFC 4862, 5.4)."""
    return _address(RTM_NEWADDR, wire.CREATE | wire.REPLACE, index, address)


def delete_address(index: int, address: AnyInterface) -> bytes:
    """Take an address from a link."""
    return _address(RTM_DELADDR, 0, index, address)


def _route(
    kind: int,
    flags: int,
    header: tuple[int, int, int],
    destination: AnyNetwork,
    rest: bytes,
    via: str | None = None,
    table: int | None = None,
) -> bytes:
    protocol, scope, route_type = header
    family = socket.AF_INET if destination.version == 4 else socket.AF_INET6
    number = RT_TABLE_MAIN if table is None else RT_TABLE_UNSPEC
    body = _RTMSG.pack(family, destination.prefixlen, 0, 0, number, protocol, scope, route_type, 0)
    if destination.prefixlen:
        body += wire.attribute(RTA_DST, destination.network_address.packed)
    if via is not None:
        body += wire.attribute(RTA_GATEWAY, ip_address(via).packed)
    if table is not None:
        body += wire.u32(RTA_TABLE, table)
    return wire.message(kind, flags, body + rest)


def _route_options(index: int | None, metric: int | None) -> bytes:
    return (wire.u32(RTA_OIF, index) if index is not None else b"") + (
        wire.u32(RTA_PRIORITY, metric) if metric is not None else b""
    )


def add_route(
    destination: AnyNetwork,
    *,
    via: str | None = None,
    index: int | None = None,
    metric: int | None = None,
    table: int | None = None,
    encapsulation: bytes = b"",
    unreachable: bool = False,
) -> bytes:
    """Add a route to a table (None: the main one), or replace the one with the same destination and metric.

    encapsulation: attributes that say what goes before the packets. unreachable: it leads nowhere.
    """
    on_link = via is None and destination.version == 4 and not unreachable
    scope = RT_SCOPE_LINK if on_link else RT_SCOPE_UNIVERSE
    header = (RTPROT_STATIC, scope, RTN_UNREACHABLE if unreachable else RTN_UNICAST)
    flags = wire.CREATE | wire.REPLACE
    return _route(RTM_NEWROUTE, flags, header, destination, _route_options(index, metric) + encapsulation, via, table)


def add_paths(
    destination: AnyNetwork,
    hops: Iterable[tuple[str | None, int | None, bytes]],
    *,
    metric: int | None = None,
    table: int | None = None,
) -> bytes:
    """Add a route with several next hops, or replace the one with the same destination and metric.

    hops: address, index of the interface and encapsulation of each, as of `add_route`. Flows are spread over them.
    """
    header = (RTPROT_STATIC, RT_SCOPE_UNIVERSE, RTN_UNICAST)
    paths = wire.attribute(RTA_MULTIPATH, b"".join(_path(*hop) for hop in hops))
    options = _route_options(None, metric) + paths
    return _route(RTM_NEWROUTE, wire.CREATE | wire.REPLACE, header, destination, options, table=table)


def _path(via: str | None, index: int | None, encapsulation: bytes) -> bytes:
    gateway = wire.attribute(RTA_GATEWAY, ip_address(via).packed) if via is not None else b""
    length = _RTNEXTHOP.size + len(gateway) + len(encapsulation)
    return _RTNEXTHOP.pack(length, 0, 0, index or 0) + gateway + encapsulation


def delete_route(
    destination: AnyNetwork,
    *,
    via: str | None = None,
    index: int | None = None,
    metric: int | None = None,
    table: int | None = None,
    unreachable: bool = False,
) -> bytes:
    """Delete the route of a table (None: the main one) that has these properties."""
    header = (RTPROT_UNSPEC, RT_SCOPE_NOWHERE, RTN_UNREACHABLE if unreachable else RTN_UNSPEC)
    return _route(RTM_DELROUTE, 0, header, destination, _route_options(index, metric), via, table)


_EVERYTHING: dict[int, AnyNetwork] = {4: IPv4Network("0.0.0.0/0"), 6: IPv6Network("::/0")}


def add_unreachable(version: int, table: int) -> bytes:
    """Have a table say that what it has no other route for is unreachable."""
    header = (RTPROT_STATIC, RT_SCOPE_UNIVERSE, RTN_UNREACHABLE)
    metric = _route_options(None, LAST_RESORT_METRIC)
    return _route(RTM_NEWROUTE, _NEW, header, _EVERYTHING[version], metric, table=table)


def delete_unreachable(version: int, table: int) -> bytes:
    """Take back `add_unreachable`."""
    header = (RTPROT_UNSPEC, RT_SCOPE_NOWHERE, RTN_UNREACHABLE)
    metric = _route_options(None, LAST_RESORT_METRIC)
    return _route(RTM_DELROUTE, 0, header, _EVERYTHING[version], metric, table=table)


def add_neighbour(index: int, address: str, mac: str) -> bytes:
    """Note for good, or note anew, which MAC address an IP address on a link has."""
    neighbour = ip_address(address)
    family = socket.AF_INET if neighbour.version == 4 else socket.AF_INET6
    body = _NDMSG.pack(family, index, NUD_PERMANENT, 0, 0)
    body += wire.attribute(NDA_DST, neighbour.packed) + wire.attribute(NDA_LLADDR, mac_bytes(mac))
    return wire.message(RTM_NEWNEIGH, wire.CREATE | wire.REPLACE, body)
