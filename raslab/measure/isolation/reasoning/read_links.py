"""Interfaces as the kernel tells of them by rtnetlink; the functions that decode are pure."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any

from raslab.measure.isolation.reasoning.state import Address, Filter, Forwarding, Link, PortVlans, Proxy
from raslab.net.netlink import wire
from raslab.net.netlink.connection import Connection
from raslab.net.netlink.rtnetlink import RTEXT_FILTER_SKIP_STATS, dump_links

AF_BRIDGE = 7
_RTM_GETLINK, _RTM_GETADDR, _RTM_GETNEIGH, _RTM_GETQDISC, _RTM_GETTFILTER = 18, 22, 30, 38, 46
_EXT_MASK, _BRIDGE_VLANS = 29, 2
_IFINFO = struct.Struct("=BxHiII")
_ADDRESS, _IFNAME, _LINK, _MASTER, _LINKINFO, _AF_SPEC, _LINK_NETNSID, _XDP = 1, 3, 5, 10, 18, 26, 37, 43
_UP, _ETHERNET, _LOOPBACK = 1, 1, 772
_GRE_KEY = 0x2000
_TC_INGRESS, _TC_EGRESS, _TC_ANY_INGRESS = 0xFFFFFFF2, 0xFFFFFFF3, 0xFFFF0000


def u32(data: bytes | None) -> int:
    """A number in the computer's byte order; 0 if there is none."""
    return int.from_bytes(data[:4], "little") if data else 0


def text(data: bytes | None) -> str:
    """A zero-terminated string."""
    return (data or b"").split(b"\0")[0].decode(errors="replace")


def address(data: bytes | None) -> str | None:
    """An address, None for none and for that of zeros."""
    return str(ip_address(data)) if data and any(data) else None


def read_links(connection: Connection) -> list[Link]:
    """All interfaces of the namespace."""
    return [link(one.payload) for one in connection.ask(dump_links())]


def link(payload: bytes) -> Link:
    """Decode one interface (linux/if_link.h)."""
    _, hardware, index, flags, _ = _IFINFO.unpack_from(payload)
    found = wire.attributes(payload[_IFINFO.size :])
    info = wire.attributes(found.get(_LINKINFO, b""))
    kind, data = text(info.get(1)), wire.attributes(info.get(2, b""))
    details = dict(_DETAILS[kind](data)) if kind in _DETAILS else {}
    if text(info.get(4)) == "bridge":
        details["isolated"] = bool(u32(wire.attributes(info.get(5, b"")).get(33)) & 0xFF)
    if hardware == _ETHERNET:
        details["mac"] = int.from_bytes(found.get(_ADDRESS, b""))
    families = wire.attributes(found.get(_AF_SPEC, b""))
    four = wire.attributes(families.get(socket.AF_INET, b"")).get(1, b"")
    six = wire.attributes(families.get(socket.AF_INET6, b"")).get(2, b"")
    number = found.get(_LINK_NETNSID)
    return Link(
        index,
        text(found[_IFNAME]),
        kind,
        bool(flags & _UP),
        hardware in (_ETHERNET, _LOOPBACK),
        u32(found.get(_MASTER)),
        u32(found.get(_LINK)),
        None if number is None else struct.unpack("=i", number)[0],
        details,
        # IPV4_DEVCONF_* of linux/ip.h count from 1, DEVCONF_* of linux/ipv6.h from 0.
        (bool(_setting(four, 0)), bool(_setting(six, 0))),
        (bool(_setting(four, 2)), bool(_setting(six, 22))),
        has_program=bool(wire.attributes(found.get(_XDP, b"")).get(2, b"\0")[0]),
    )


def _setting(values: bytes, place: int) -> int:
    return u32(values[4 * place : 4 * place + 4])


def _gre(data: Mapping[int, bytes]) -> dict[str, Any]:
    """IFLA_GRE_* of linux/if_tunnel.h; of a key None if there is none."""
    has_key = [int.from_bytes(data.get(one, b"\0\0")) & _GRE_KEY for one in (2, 3)]
    keys = [int.from_bytes(data.get(one, b"")) if flag else None for one, flag in zip((4, 5), has_key, strict=True)]
    return {
        "local": address(data.get(6)),
        "remote": address(data.get(7)),
        "in_key": keys[0],
        "out_key": keys[1],
        "under": u32(data.get(1)),
        "mark": u32(data.get(20)),
        "external": 18 in data,
    }


def _ip_tunnel(data: Mapping[int, bytes]) -> dict[str, Any]:
    """IFLA_IPTUN_*."""
    return {
        "local": address(data.get(2)),
        "remote": address(data.get(3)),
        "under": u32(data.get(1)),
        "mark": u32(data.get(20)),
        "external": 19 in data,
    }


def _vti(data: Mapping[int, bytes]) -> dict[str, Any]:
    return {"local": address(data.get(4)), "remote": address(data.get(5)), "in_key": int.from_bytes(data.get(2, b""))}


def _vxlan(data: Mapping[int, bytes]) -> dict[str, Any]:
    """IFLA_VXLAN_*: the port is in network byte order."""
    return {
        "vni": u32(data.get(1)),
        "remote": address(data.get(2)) or address(data.get(16)),
        "under": u32(data.get(3)),
        "local": address(data.get(4)) or address(data.get(17)),
        "port": int.from_bytes(data.get(15, b"")),
        "external": bool(data.get(25, b"\0")[0]),
    }


_DETAILS: dict[str, Callable[[Mapping[int, bytes]], dict[str, Any]]] = {
    "gre": _gre,
    "gretap": _gre,
    "ip6gre": _gre,
    "ip6gretap": _gre,
    "ipip": _ip_tunnel,
    "sit": _ip_tunnel,
    "ip6tnl": _ip_tunnel,
    "vti": _vti,
    "vti6": _vti,
    "vxlan": _vxlan,
    "vlan": lambda data: {"vlan": u32(data.get(1)) & 0xFFFF},
    "vrf": lambda data: {"table": u32(data.get(1))},
    "xfrm": lambda data: {"if_id": u32(data.get(2)), "external": 3 in data},
    "bridge": lambda data: {"heeds_vlans": bool(data.get(7, b"\0")[0])},
    "macvlan": lambda data: {"mode": u32(data.get(1))},
}


def read_addresses(connection: Connection) -> list[Address]:
    """All addresses of the namespace."""
    found = []
    for one in connection.ask(wire.message(_RTM_GETADDR, wire.DUMP, bytes(8))):
        data = wire.attributes(one.payload[8:])
        if known := address(data.get(2) or data.get(1)):
            found.append(Address(u32(one.payload[4:8]), known))
    return found


def read_neighbours(connection: Connection, links: list[Link]) -> tuple[list[Forwarding], list[Proxy]]:
    """Where VXLANs' frames go, and for whom the node answers."""
    forwarding: list[Forwarding] = []
    if any(one.kind == "vxlan" for one in links):
        body = _IFINFO.pack(AF_BRIDGE, 0, 0, 0, 0)
        for one in connection.ask(wire.message(_RTM_GETNEIGH, wire.DUMP, body)):
            data = wire.attributes(one.payload[12:])
            if remote := address(data.get(1)):
                vni = u32(data[7]) if 7 in data else None
                forwarding.append(Forwarding(u32(one.payload[4:8]), remote, vni))
    proxies: list[Proxy] = []
    for family in (socket.AF_INET, socket.AF_INET6):
        body = struct.pack("=BxxxiHBB", family, 0, 0, 8, 0)  # NTF_PROXY
        proxies += [
            Proxy(u32(one.payload[4:8]), known)
            for one in connection.ask(wire.message(_RTM_GETNEIGH, wire.DUMP, body))
            if one.payload[10] & 8 and (known := address(wire.attributes(one.payload[12:]).get(1)))
        ]
    return forwarding, proxies


def read_vlans(connection: Connection, links: list[Link]) -> list[PortVlans]:
    """The VLANs of bridges' ports (struct bridge_vlan_info of linux/if_bridge.h)."""
    if not any(one.details.get("heeds_vlans") for one in links):
        return []
    body = _IFINFO.pack(AF_BRIDGE, 0, 0, 0, 0) + wire.u32(_EXT_MASK, _BRIDGE_VLANS | RTEXT_FILTER_SKIP_STATS)
    found = []
    for one in connection.ask(wire.message(_RTM_GETLINK, wire.DUMP, body)):
        _, _, index, _, _ = _IFINFO.unpack_from(one.payload)
        members: set[int] = set()
        bare: set[int] = set()
        inbound: int | None = None
        for kind, value in _each(wire.attributes(one.payload[_IFINFO.size :]).get(_AF_SPEC, b"")):
            if kind == 2:
                flags, vlan = struct.unpack("=HH", value[:4])
                members.add(vlan)
                inbound = vlan if flags & 2 else inbound
                bare |= {vlan} if flags & 4 else set()
        found.append(PortVlans(index, frozenset(members), inbound, frozenset(bare)))
    return found


def _each(data: bytes) -> list[tuple[int, bytes]]:
    """All attributes in order, of which several may have one type."""
    found = []
    offset = 0
    while offset + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, offset)
        if length < 4:
            break
        found.append((kind & wire.TYPE_MASK, data[offset + 4 : offset + length]))
        offset += wire.aligned(length)
    return found


_FILTER_ACTIONS = {"matchall": 2, "flower": 3, "u32": 7, "fw": 4, "basic": 3, "bpf": 1, "cgroup": 1, "route": 6}
"""Where each kind of filter has its actions (linux/pkt_cls.h)."""


def read_filters(connection: Connection) -> list[Filter]:
    """Filters of traffic control, of all queueing disciplines that can have some."""
    found: dict[tuple[int, bool, bytes], Filter] = {}
    for one in connection.ask(wire.message(_RTM_GETQDISC, wire.DUMP, bytes(20))):
        _, index, handle, _parent, _ = struct.unpack_from("=BxxxiIII", one.payload)
        kind = text(wire.attributes(one.payload[20:]).get(1))
        if kind in ("ingress", "clsact"):
            parents = [(_TC_INGRESS if kind == "clsact" else _TC_ANY_INGRESS, True)]
            parents += [(_TC_EGRESS, False)] if kind == "clsact" else []
        elif kind in ("noqueue", "netem", "tbf", "pfifo_fast", "pfifo", "bfifo", "fq", "fq_codel", "codel", "mq"):
            continue
        else:
            parents = [(handle, False)]
        for where, inward in parents:
            body = struct.pack("=BxxxiIII", 0, index, 0, where, 0)
            for answer in connection.ask(wire.message(_RTM_GETTFILTER, wire.DUMP, body)):
                data = wire.attributes(answer.payload[20:])
                kind = text(data.get(1))
                options = wire.attributes(data.get(2, b""))
                acts = [_action(value) for _, value in _each(options.get(_FILTER_ACTIONS.get(kind, 0), b""))]
                if 2 in data and (acts or kind in ("bpf", "matchall")):
                    one_filter = Filter(index, inward, kind, kind == "matchall", tuple(acts))
                    found[index, inward, bytes(data[2])] = one_filter
    return list(found.values())


def _action(data: bytes) -> tuple[str, Any]:
    """The kind of an action, and of `mirred` what it does (linux/tc_act/tc_mirred.h) and the interface."""
    attributes = wire.attributes(data)
    kind = text(attributes.get(1))
    parameters = wire.attributes(attributes.get(2, b"")).get(2, b"")
    if kind == "mirred" and len(parameters) >= 28:
        return kind, struct.unpack_from("=iI", parameters, 20)
    if kind == "gact" and len(parameters) >= 12:
        return kind, struct.unpack_from("=i", parameters, 8)[0]
    return kind, None
