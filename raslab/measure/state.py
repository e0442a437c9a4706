"""What the kernel says about one node: interfaces, addresses, routes, neighbours, tunnels, settings, as frames.

Columns are fixed, rows are in a fixed order and nothing is told that differs from run to run of the same network:
no interface index, no process number. Link-local IPv6 addresses, which every interface gives itself, are left out
unless asked for.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pandas as pd

from raslab.errors import NoSuchSettingError, UnknownInterfaceError
from raslab.measure.frame import measured
from raslab.model.topology import Vrf
from raslab.net import Node
from raslab.net.names import kernel_name

INTERFACE_COLUMNS = ("interface", "kind", "state", "mtu", "mac")
ADDRESS_COLUMNS = ("interface", "family", "address", "scope")
ROUTE_COLUMNS = ("destination", "via", "interface", "source", "metric", "protocol")
NEIGHBOUR_COLUMNS = ("interface", "address", "mac", "state")
TUNNEL_COLUMNS = ("interface", "kind", "local", "remote", "key", "ttl", "mtu", "state")
SETTING_COLUMNS = ("setting", "value")

USUAL_SETTINGS = (
    "net.ipv4.ip_forward",
    "net.ipv6.conf.all.forwarding",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.ip_no_pmtu_disc",
    "net.ipv4.tcp_mtu_probing",
    "net.ipv4.fwmark_reflect",
)
"""What decides whether and how a node forwards."""

_FAMILIES = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
_SCOPES = {0: "global", 200: "site", 253: "link", 254: "host"}
_PROTOCOLS = {2: "kernel", 3: "boot", 4: "static", 9: "ra", 11: "zebra", 16: "dhcp", 186: "bgp", 188: "ospf"}
"""RTPROT_* of linux/rtnetlink.h."""
_NEIGHBOUR_STATES = {
    1: "incomplete",
    2: "reachable",
    4: "stale",
    8: "delay",
    16: "probe",
    32: "failed",
    128: "permanent",
}
"""NUD_* of linux/neighbour.h; entries without resolution (multicast, point to point) are left out."""
_MAIN_TABLE = 254
_UNICAST = 1
_LEARNT = 0x200  # RTM_F_CLONED: no route but an exception to one, such as a path MTU
_UP = 1
_GRE_KEY = 0x2000
_GRE_KINDS = ("gre", "gretap", "ip6gre", "ip6gretap")
_EVERY_NAMESPACE_HAS = frozenset(
    ("tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0")
)
"""Fallback devices that the kernel makes by itself; they are told of only when they are up."""

_Rows = list[dict[str, Any]]


def interfaces(node: Node) -> pd.DataFrame:
    """All interfaces: state is ``up``, ``no carrier`` or ``down``; mtu in bytes."""
    rows = _ask(node, lambda route, names: [_interface(link, names) for link in _links(route)])
    return measured(_in_order(node, rows), INTERFACE_COLUMNS, node, [f"ip -n {node.name} link show"])


def addresses(node: Node, *, link_local: bool = False) -> pd.DataFrame:
    """Addresses with prefix lengths, those of the loopback interface left out."""

    def read(route: Any, names: dict[int, str]) -> _Rows:
        return [
            {
                "interface": names[one["index"]],
                "family": _FAMILIES[one["family"]],
                "address": f"{one.get('local') or one.get('address')}/{one['prefixlen']}",
                "scope": _SCOPES.get(one["scope"], str(one["scope"])),
            }
            for one in route.get_addr()
            if one["index"] in names and names[one["index"]] != "lo"
        ]

    rows = [row for row in _ask(node, read) if link_local or row["scope"] != "link"]
    rows.sort(key=lambda row: (row["family"], ip_network(row["address"], strict=False), row["address"]))
    return measured(_in_order(node, rows), ADDRESS_COLUMNS, node, [f"ip -n {node.name} address show"])


def routes(node: Node, *, vrf: str | None = None, link_local: bool = False) -> pd.DataFrame:
    """The main routing table, or that of a VRF; source is the address preferred for what the node itself sends.

    Raises UnknownInterfaceError if the node has no such VRF.
    """
    number = _MAIN_TABLE if vrf is None else _table_of(node, vrf)

    def read(route: Any, names: dict[int, str]) -> _Rows:
        return [
            _route(one, names)
            for family in _FAMILIES
            for one in route.get_routes(family=family, table=number)
            if one["type"] == _UNICAST and not one["flags"] & _LEARNT
        ]

    rows = [row for row in _ask(node, read) if link_local or not row["destination"].startswith("fe80:")]
    rows.sort(key=lambda row: (*_route_order(row["destination"]), row["metric"] or 0, row["interface"]))
    table = "" if vrf is None else f" table {number}"
    commands = [f"ip -n {node.name} {family} route show{table}" for family in ("-4", "-6")]
    frame = measured(rows, ROUTE_COLUMNS, node, commands)
    return frame.astype({"metric": "Int64"})


def _table_of(node: Node, vrf: str) -> int:
    found = node.device_interfaces.get(vrf)
    if found is None or not isinstance(found.spec, Vrf):
        known = [name for name, one in node.device_interfaces.items() if isinstance(one.spec, Vrf)]
        raise UnknownInterfaceError(node.name, vrf, known, "VRF")
    return found.spec.table


def neighbours(node: Node, *, link_local: bool = False) -> pd.DataFrame:
    """Which MAC address the node has learnt for which IP address, by ARP (RFC 826) and ND (RFC 4861)."""

    def read(route: Any, names: dict[int, str]) -> _Rows:
        return [
            {
                "interface": names[one["ifindex"]],
                "address": one.get("dst"),
                "mac": one.get("lladdr") or "",
                "state": _NEIGHBOUR_STATES[one["state"]],
            }
            for one in route.get_neighbours()
            if one["ifindex"] in names and one["state"] in _NEIGHBOUR_STATES
        ]

    rows = [row for row in _ask(node, read) if link_local or not ip_address(row["address"]).is_link_local]
    rows.sort(key=lambda row: _address_order(row["address"]))
    return measured(_in_order(node, rows), NEIGHBOUR_COLUMNS, node, [f"ip -n {node.name} neighbor show"])


def tunnels(node: Node) -> pd.DataFrame:
    """GRE tunnels: key is empty without one (RFC 2890), mtu is that inside, bytes."""
    rows = _ask(
        node, lambda route, names: [_tunnel(link, names) for link in _links(route) if _kind(link) in _GRE_KINDS]
    )
    frame = measured(_in_order(node, rows), TUNNEL_COLUMNS, node, [f"ip -n {node.name} -d link show"])
    return frame.astype({"key": "Int64"})


def settings(node: Node, *patterns: str) -> pd.DataFrame:
    """Kernel settings as sysctl(8) names them; patterns may hold ``*`` and ``?``. Without any: USUAL_SETTINGS.

    Raises NoSuchSettingError for a pattern that nothing fits.
    """
    wanted = patterns or USUAL_SETTINGS
    found = node.call(_read_settings, wanted)
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for name, _ in found):
            raise NoSuchSettingError(node.name, pattern)
    rows = [{"setting": name, "value": value} for name, value in found]
    command = f"ip netns exec {node.name} sysctl {' '.join(name for name, _ in found)}"
    return measured(rows, SETTING_COLUMNS, node, [command])


# Inside the node's namespace


def _ask(node: Node, read: Callable[[Any, dict[int, str]], _Rows]) -> _Rows:
    """Run `read` with a netlink connection and the names of the interfaces by index, as their user gave them."""
    typed = {kernel_name(interface.name): interface.name for interface in node.all_interfaces()}

    def inside() -> _Rows:
        from pyroute2 import IPRoute

        with IPRoute() as route:
            names = {link["index"]: typed.get(link.get("ifname"), link.get("ifname")) for link in _links(route)}
            return read(route, names)

    return node.call(inside)


def _links(route: Any) -> list[Any]:
    return [link for link in route.get_links() if link["flags"] & _UP or link.get("ifname") not in _EVERY_NAMESPACE_HAS]


def _read_settings(patterns: Iterable[str]) -> list[tuple[str, str]]:
    # The namespace's own settings: /proc/sys/net follows the thread that reads.
    found: dict[str, str] = {}
    for pattern in patterns:
        for file in sorted(Path("/proc/sys").glob(pattern.replace(".", "/"))):
            if file.is_file():
                found[".".join(file.parts[3:])] = " ".join(file.read_text().split())
    return sorted(found.items(), key=lambda item: _first_fit(item[0], patterns))


def _first_fit(name: str, patterns: Iterable[str]) -> tuple[int, str]:
    return next((number, name) for number, pattern in enumerate(patterns) if fnmatchcase(name, pattern))


# Rows


def _interface(link: Any, names: dict[int, str]) -> dict[str, Any]:
    has_mac = link["ifi_type"] == _ETHERNET and _kind(link) != "vrf"  # a VRF's is random, and nobody hears of it
    return {
        "interface": names[link["index"]],
        "kind": _kind(link),
        "state": _state(link),
        "mtu": link.get("mtu"),
        "mac": link.get("address") if has_mac else "",
    }


_ETHERNET = 1  # ARPHRD_ETHER; of tunnels the address is that of the end point


def _kind(link: Any) -> str:
    info = link.get("linkinfo")
    return (info.get("kind") if info else None) or ("loopback" if link.get("ifname") == "lo" else "device")


def _state(link: Any) -> str:
    if not link["flags"] & _UP:
        return "down"
    return "up" if link.get("carrier") else "no carrier"


def _route(one: Any, names: dict[int, str]) -> dict[str, Any]:
    is_default = not one["dst_len"]
    return {
        "destination": _default(one["family"]) if is_default else f"{one.get('dst')}/{one['dst_len']}",
        "via": one.get("gateway") or "",
        "interface": names.get(one.get("oif"), ""),
        "source": one.get("prefsrc") or "",
        "metric": one.get("priority"),
        "protocol": _PROTOCOLS.get(one["proto"], str(one["proto"])),
    }


def _default(family: int) -> str:
    return "0.0.0.0/0" if family == socket.AF_INET else "::/0"


def _tunnel(link: Any, names: dict[int, str]) -> dict[str, Any]:
    kind = _kind(link)
    data = link.get("linkinfo").get("data")
    prefix = "ip6gre" if kind.startswith("ip6") else "gre"
    return {
        "interface": names[link["index"]],
        "kind": kind,
        "local": data.get(f"{prefix}_local"),
        "remote": data.get(f"{prefix}_remote"),
        "key": data.get(f"{prefix}_okey") if data.get(f"{prefix}_oflags") & _GRE_KEY else None,
        "ttl": data.get(f"{prefix}_ttl"),
        "mtu": link.get("mtu"),
        "state": _state(link),
    }


# Order


def _in_order(node: Node, rows: _Rows) -> _Rows:
    """Rows by interface: the loopback first, then as the node was built, then what programs made."""
    order = ["lo", *(interface.name for interface in node.all_interfaces())]
    rank = {name: number for number, name in enumerate(order)}
    return sorted(rows, key=lambda row: (rank.get(row["interface"], len(rank)), _if_unknown(row["interface"], rank)))


def _if_unknown(name: str, rank: dict[str, int]) -> str:
    return "" if name in rank else name


def _route_order(destination: str) -> tuple[int, int, int]:
    network = ip_network(destination)
    return network.version, int(network.network_address), network.prefixlen


def _address_order(address: str) -> tuple[int, int]:
    parsed = ip_address(address)
    return parsed.version, int(parsed)
