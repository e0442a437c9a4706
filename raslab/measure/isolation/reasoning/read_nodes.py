"""Reads everything of every node, in its namespace, and who is at the other end of which cable."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from raslab.measure.isolation.reasoning.read_ipsec import read_ipsec, read_wireguards
from raslab.measure.isolation.reasoning.read_links import (
    read_addresses,
    read_filters,
    read_links,
    read_neighbours,
    read_vlans,
)
from raslab.measure.isolation.reasoning.read_processes import read_processes
from raslab.measure.isolation.reasoning.read_routes import read_groups, read_labels, read_routes, read_rules
from raslab.measure.isolation.reasoning.state import Link, NodeState, Place, Snapshot
from raslab.net import Network, Node
from raslab.net.names import kernel_name
from raslab.net.netlink import wire
from raslab.net.netlink.connection import Connection

_NETLINK_NETFILTER, _GETTABLE = 12, 10 << 8 | 1
_RTM_GETNSID, _NETNSA_NSID, _NETNSA_FD = 90, 1, 3
_SETTINGS = ("net/ipv4/tcp_l3mdev_accept", "net/ipv4/udp_l3mdev_accept", "net/ipv4/raw_l3mdev_accept")
_OLD_TABLES = ("ip_tables_names", "ip6_tables_names", "arp_tables_names")


def read_network(network: Network, closed: Iterable[str]) -> Snapshot:
    """A snapshot of a running network. closed: tenants' own nodes, of which only interfaces are read, as whatever
    they do with packets is their own affair.
    """
    ends = set(closed)
    states = {node.name: _read_node(node, node.name not in ends) for node in network.values()}
    unread: list[str] = []
    cables = _cables(network, states, unread)
    processes = read_processes({node.name: node.namespace.network_fd for node in network.values()})
    return Snapshot(states, cables, processes, tuple(unread))


def _read_node(node: Node, wholly: bool) -> NodeState:
    state = node.call(_read if wholly else _read_outline, node.name)
    names = {kernel_name(one.name): one.name for one in node.all_interfaces()}
    if wholly and node.call(_has_rules):
        done = node.run(["nft", "-j", "list", "ruleset"])
        if done.status == 0:
            ruleset = tuple(json.loads(done.stdout)["nftables"])
            state = replace(state, ruleset=ruleset)
        else:
            state = replace(state, unread=(*state.unread, f"nft of {node.name} does not tell its rules"))
    known = {one.index: names.get(one.name, one.name) for one in state.links}
    details = [{**one.details, "kernel": one.name} for one in state.links]
    links = [replace(one, name=known[one.index], details=more) for one, more in zip(state.links, details, strict=True)]
    return replace(state, links=tuple(links))


def _read_outline(name: str) -> NodeState:
    with closing(Connection()) as connection:
        return NodeState(name, tuple(read_links(connection)), tuple(read_addresses(connection)))


def _read(name: str) -> NodeState:
    with closing(Connection()) as connection:
        links = [_with_labels(one) for one in read_links(connection)]
        forwarding, proxies = read_neighbours(connection, links)
        associations, policies = read_ipsec()
        return NodeState(
            name,
            tuple(links),
            tuple(read_addresses(connection)),
            tuple(read_rules(connection)),
            tuple(read_routes(connection)),
            tuple(read_labels(connection)),
            tuple(read_groups(connection)),
            tuple(forwarding),
            tuple(proxies),
            tuple(read_vlans(connection, links)),
            tuple(read_filters(connection)),
            tuple(associations),
            tuple(policies),
            tuple(read_wireguards(links)),
            settings={one.rpartition("/")[2]: _read_file(Path("/proc/sys") / one) for one in _SETTINGS},
            unread=tuple(_unread(name)),
        )


def _read_file(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""


def _with_labels(link: Link) -> Link:
    takes = _read_file(Path(f"/proc/sys/net/mpls/conf/{link.name}/input")) == "1" if link.up else False
    return replace(link, takes_labels=True) if takes else link


def _unread(name: str) -> Iterable[str]:
    here = Path("/proc/thread-self/net")
    if any(_read_file(here / one) for one in _OLD_TABLES):
        yield f"{name} has rules of the old iptables, which are not read"
    with suppress(OSError):
        if len((here / "ip_vs").read_text().splitlines()) > 3:
            yield f"{name} has virtual servers (IPVS), which are not read"


def _has_rules() -> bool:
    """True if there is any table of nftables: one message, where `nft` would be a process."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_NETFILTER) as asked:
        asked.send(wire.message(_GETTABLE, wire.DUMP, struct.pack("=BBH", 0, 0, 0)))
        return any(one.type not in (wire.DONE, wire.ERROR) for one in wire.messages(asked.recv(1 << 16)))


# Cables


def _cables(network: Network, states: Mapping[str, NodeState], unread: list[str]) -> dict[Place, Place]:
    """Both ends of all virtual cables, as the kernel knows them."""
    by_index = {name: {one.index: one for one in state.links} for name, state in states.items()}
    expected = _expected(network)
    found: dict[Place, Place] = {}
    for name, state in states.items():
        spaces: dict[int | None, str | None] = {None: name}
        for one in state.links:
            if one.kind != "veth":
                continue
            number = one.peer_namespace
            if number not in spaces:
                first = expected.get((name, one.name))
                spaces[number] = _node_of(network, name, number, first)
            far = spaces[number]
            other = by_index[far].get(one.lower) if far is not None else None
            if far is None or other is None:
                unread.append(f"the cable of {name}:{one.name} leads to a namespace that is no node's")
            else:
                found[name, one.name] = (far, other.name)
    return found


def _expected(network: Network) -> dict[Place, str]:
    topology = network.topology()
    ends = [((link.a.node, link.a.name), (link.b.node, link.b.name)) for link in topology.links]
    return {a: b[0] for a, b in ends} | {b: a[0] for a, b in ends}


def _node_of(network: Network, name: str, number: int | None, first: str | None) -> str | None:
    """Which node's namespace has a number in another one's. first: which one to ask for first."""
    names: list[Any] = [one.name for one in network.values()]
    for candidate in dict.fromkeys([*([first] if first in names else []), *names]):
        if network[name].call(_number_of, network[candidate].namespace.network_fd) == number:
            return str(candidate)
    return None


def _number_of(descriptor: int) -> int:
    """The number that the calling thread's namespace has for another one; -1 if none."""
    with closing(Connection()) as connection:
        body = bytes(4) + wire.u32(_NETNSA_FD, descriptor)
        for one in connection.ask(wire.message(_RTM_GETNSID, 0, body)):
            data = wire.attributes(one.payload[4:])
            return int(struct.unpack("=i", data[_NETNSA_NSID][:4])[0])
    return -1
