"""From one topology to another: the steps in between, in an order that the kernel accepts.

A network is built by the difference from the empty topology, and changed by the difference from what runs, so
start-up and live changes are the same code. Nothing here touches a kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_interface
from typing import NamedTuple

from raslab.model.topology import Impairment, Interface, Link, NodeKind, Route, Topology, Tunnel
from raslab.net import steps
from raslab.net.names import fits
from raslab.net.quantities import interfaces, queue_limit, tunnel_mtu
from raslab.net.render import command
from raslab.net.steps import Step

# A new namespace inherits IPv4 settings from the computer it runs on: those that matter are set either way.
_SYSCTLS = (
    ("net.ipv4.conf.all.rp_filter", "0"),
    ("net.ipv4.conf.default.rp_filter", "0"),
    # Taking an address away leaves the others of its subnet.
    ("net.ipv4.conf.all.promote_secondaries", "1"),
    # Addresses are used at once (RFC 4862, 5.4: detection may be off) and outlive `link down`.
    ("net.ipv6.conf.all.accept_dad", "0"),
    ("net.ipv6.conf.default.accept_dad", "0"),
    ("net.ipv6.conf.all.keep_addr_on_down", "1"),
)
_HOST_SYSCTLS = (*_SYSCTLS, ("net.ipv4.ip_forward", "0"))
_ROUTER_SYSCTLS = (*_SYSCTLS, ("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1"))
_SWITCH_SYSCTLS = (("net.ipv6.conf.default.disable_ipv6", "1"),)  # a switch has no addresses and sends nothing
_SYSCTLS_OF = {
    NodeKind.HOST: _HOST_SYSCTLS,
    NodeKind.ROUTER: _ROUTER_SYSCTLS,
    NodeKind.BRIDGE: _SWITCH_SYSCTLS,
    NodeKind.OVS: _SWITCH_SYSCTLS,
}


@dataclass(frozen=True)
class Plan:
    """Steps in phases. Within a phase the order matters only among the steps of one node."""

    phases: tuple[tuple[Step, ...], ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order."""
        return tuple(step for phase in self.phases for step in phase)

    @property
    def commands(self) -> list[str]:
        """The equivalent command lines."""
        return [command(step) for step in self.steps]

    def __str__(self) -> str:
        return "\n".join(self.commands)


def difference(old: Topology, new: Topology) -> Plan:
    """The plan that turns a running `old` into `new`; both must be valid."""
    phases = _Difference(old, new).phases()
    return Plan(tuple(tuple(phase) for phase in phases if phase))


_LinkKey = tuple[tuple[str, str], tuple[str, str]]


def _link_key(link: Link) -> _LinkKey:
    return (link.a.node, link.a.name), (link.b.node, link.b.name)


def _tunnel_identity(tunnel: Tunnel) -> Tunnel:
    """What of a tunnel cannot be changed while it exists. Of what is encrypted the ends can."""
    tunnel = replace(tunnel, mtu=None, addresses=(), up=True)
    return replace(tunnel, local="", remote="") if tunnel.kind in ("xfrm", "wireguard") else tunnel


class _Difference:
    """Works out one difference. `kept` are the names of nodes that stay as they are."""

    def __init__(self, old: Topology, new: Topology) -> None:
        self.old, self.new = old, new
        self.kept = {node.name for node in set(old.nodes) & set(new.nodes)}
        self.nodes = {node.name: node for node in new.nodes}
        self.old_links = {_link_key(link): link for link in old.links}
        new_links = {_link_key(link) for link in new.links}
        self.kept_links = {
            key for key in self.old_links.keys() & new_links if all(node in self.kept for node, _ in key)
        }
        self.old_tunnels = {(tunnel.node, tunnel.name): tunnel for tunnel in old.tunnels if tunnel.node in self.kept}
        identities = {_tunnel_identity(tunnel) for tunnel in new.tunnels}
        self.kept_tunnels = {key for key, tunnel in self.old_tunnels.items() if _tunnel_identity(tunnel) in identities}
        self.kept_interfaces = {(node, "lo") for node in self.kept} | self.kept_tunnels
        self.kept_interfaces.update(end for key in self.kept_links for end in key)

    def phases(self) -> list[list[Step]]:
        """Removals, namespaces, links, settings."""
        return [list(self._removals()), list(self._namespaces()), list(self._links()), list(self._settings())]

    def _removals(self) -> Iterator[Step]:
        staying = set(self.new.routes)
        for route in self.old.routes:
            if route not in staying and route.node in self.kept:
                yield steps.DeleteRoute(route.node, route)
        for key in self.old_tunnels.keys() - self.kept_tunnels:
            yield steps.DeleteLink(*key)
        for link_key in self.old_links:
            if link_key not in self.kept_links:
                for end_node, end in link_key:
                    if end_node in self.kept and self.nodes[end_node].kind is NodeKind.OVS:
                        yield steps.DeleteOvsPort(end_node, end)
                # One end is enough; a removed namespace would take its end away too, but only later.
                node, name = next((end for end in link_key if end[0] in self.kept), link_key[0])
                if node in self.kept:
                    yield steps.DeleteLink(node, name)
        for node_ in self.old.nodes:
            if node_.name not in self.kept:
                yield steps.DeleteNamespace(node_.name)

    def _namespaces(self) -> Iterator[Step]:
        for node in self.new.nodes:
            if node.name not in self.kept:
                yield steps.AddNamespace(node.name, node.private_folders)
                yield steps.SetUp(node.name, "lo", True)
                for key, value in _SYSCTLS_OF[node.kind]:
                    yield steps.SetSysctl(node.name, key, value)

    def _links(self) -> Iterator[Step]:
        for node in self.new.nodes:
            if node.name not in self.kept and node.kind is NodeKind.BRIDGE:
                yield steps.AddBridge(node.name, node.name, node.stp)
        for link in self.new.links:
            if _link_key(link) not in self.kept_links:
                yield steps.AddVeth(link.a.node, link.a, link.b)

    def _settings(self) -> Iterator[Step]:
        for node in self.new.nodes:
            if node.name not in self.kept and node.kind is NodeKind.BRIDGE:
                yield from _names(node.name, node.name)
                yield steps.SetUp(node.name, node.name, True)
            elif node.name not in self.kept and node.kind is NodeKind.OVS:
                yield steps.AddOvsBridge(node.name, node.name)
        for link in self.new.links:
            old = self.old_links[_link_key(link)] if _link_key(link) in self.kept_links else None
            for position, end in enumerate(link.ends):
                yield from self._interface(old.ends[position] if old else None, end)
        for tunnel in self.new.tunnels:
            yield from self._tunnel(tunnel)
        yield from self._routes()

    def _interface(self, old: Interface | None, new: Interface) -> Iterator[Step]:
        where = (new.node, new.name)
        if old is None:
            yield from _names(*where)
            yield from self._port(new)
        else:
            if new.mtu != old.mtu:
                yield steps.SetMtu(*where, new.mtu)
            if new.mac != old.mac and new.mac is not None:
                yield steps.SetMac(*where, new.mac)
        yield from _addresses(*where, old.addresses if old else (), new.addresses)
        yield from _impairment(*where, old.impairment if old else Impairment(), new.impairment)
        if new.up != (old.up if old else False):
            yield steps.SetUp(*where, new.up)

    def _port(self, interface: Interface) -> Iterator[Step]:
        kind = self.nodes[interface.node].kind
        if kind is NodeKind.BRIDGE:
            yield steps.SetMaster(interface.node, interface.name, interface.node)
        elif kind is NodeKind.OVS:
            yield steps.AddOvsPort(interface.node, interface.name)

    def _tunnel(self, new: Tunnel) -> Iterator[Step]:
        where = (new.node, new.name)
        mtu = tunnel_mtu(new, self.new)
        old = self.old_tunnels[where] if where in self.kept_tunnels else None
        if old is None:
            yield steps.AddTunnel(new.node, new, mtu)
            yield from _names(*where)
        elif mtu != tunnel_mtu(old, self.old):
            yield steps.SetMtu(*where, mtu)
        yield from _addresses(*where, old.addresses if old else (), new.addresses)
        if new.up != (old.up if old else False):
            yield steps.SetUp(*where, new.up)

    def _routes(self) -> Iterator[Step]:
        """New routes, and those that the kernel has dropped because what carried them was off or is made anew."""
        before = _carriers(self.old)
        for route, carrier in _carriers(self.new).items():
            if before.get(route) != carrier or (route.node, carrier.interface) not in self.kept_interfaces:
                yield steps.AddRoute(route.node, route)


def _names(node: str, interface: str) -> Iterator[Step]:
    if not fits(interface):
        yield steps.AddName(node, interface)


def _addresses(node: str, interface: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Step]:
    for address in old:
        if address not in new:
            yield steps.DeleteAddress(node, interface, address)
    for address in new:
        if address not in old:
            yield steps.AddAddress(node, interface, address)


def _impairment(node: str, interface: str, old: Impairment, new: Impairment) -> Iterator[Step]:
    if new == old:
        return
    if not new.is_perfect:
        yield steps.SetImpairment(node, interface, new, queue_limit(new))
    elif not old.is_perfect:
        yield steps.DeleteImpairment(node, interface)


class _Carrier(NamedTuple):
    """The interface, and its address, by which a next hop is reached."""

    interface: str
    address: str


def _carriers(topology: Topology) -> dict[Route, _Carrier]:
    """The routes that the kernel takes, those whose interface is up, each with what carries it."""
    by_node: dict[str, list[Interface | Tunnel]] = {route.node: [] for route in topology.routes}
    everything: list[Interface | Tunnel] = [*interfaces(topology), *topology.tunnels]
    for interface in everything:
        if interface.up and interface.node in by_node:
            by_node[interface.node].append(interface)
    found = ((route, _carrier(route, by_node[route.node])) for route in topology.routes)
    return {route: carrier for route, carrier in found if carrier is not None}


def _carrier(route: Route, present: list[Interface | Tunnel]) -> _Carrier | None:
    if route.dev is not None:
        if route.dev == "lo" or any(interface.name == route.dev for interface in present):
            return _Carrier(route.dev, "")
        return None
    if route.via is None:
        return None
    hop = ip_address(route.via)
    return next(
        (
            _Carrier(interface.name, address)
            for interface in present
            for address in interface.addresses
            if hop in ip_interface(address).network
        ),
        None,
    )
