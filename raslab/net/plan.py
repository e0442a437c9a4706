"""From one topology to another: the steps in between, in an order that the kernel accepts.

A network is built by the difference from the empty topology, and changed by the difference from what runs, so
start-up and live changes are the same code. Nothing here touches a kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from raslab.model.mtus import Mtus
from raslab.model.switching import Bridge, Vxlan
from raslab.model.topology import (
    AnyInterface,
    Device,
    Impairment,
    Interface,
    Link,
    NodeKind,
    Topology,
    Tunnel,
    Vlan,
    Vrf,
    everything,
)
from raslab.model.vrfs import Vrfs
from raslab.net import fragments, plugging, steps, tables
from raslab.net.carriers import switched_on
from raslab.net.identity import device_identity, tunnel_identity
from raslab.net.label_settings import label_settings
from raslab.net.port_vlans import PortVlans
from raslab.net.render import command
from raslab.net.routing import Routing
from raslab.net.steps import Step
from raslab.net.sysctls import SYSCTLS_OF

# What arrives in a VRF must not be taken for the node itself because the node has that address outside the VRF too, so
# the table of its own addresses is asked after the VRFs' (Linux, Documentation/networking/vrf.rst): the kernel's rule
# for these has priority 1000, those for marks 2000, that of the main table 32766. A network's own rules come between.
_BEFORE_ALL, _AFTER_VRFS = 0, 3000


@dataclass(frozen=True)
class Plan:
    """Steps in phases. Within a phase the order matters only among the steps of one node."""

    phases: tuple[tuple[Step, ...], ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order."""
        return tuple(step for phase in self.phases for step in phase)

    @cached_property
    def commands(self) -> list[str]:
        """The equivalent command lines. A network asks all its plans for them at each change."""
        return [command(step) for step in self.steps]

    def __str__(self) -> str:
        return "\n".join(self.commands)


def difference(old: Topology, new: Topology) -> Plan:
    """The plan that turns a running `old` into `new`; both must be valid."""
    phases = _Difference(old, new).phases()
    return Plan(tuple(tuple(phase) for phase in phases if phase))


_Member = Interface | Tunnel | Vlan | Bridge | Vxlan
_LinkKey = tuple[tuple[str, str], tuple[str, str]]


def _link_key(link: Link) -> _LinkKey:
    return (link.a.node, link.a.name), (link.b.node, link.b.name)


def _end(interface: AnyInterface) -> tuple[str, str]:
    return interface.node, interface.name


class _Difference:
    """Works out one difference.

    `kept` are the names of nodes that stay as they are, `kept_interfaces` the interfaces that are not made anew,
    `moved` those of them that get another master. What is moved is switched off and on by the kernel, which drops
    its routes, and its addresses stay behind in the tables that they were in: they are taken away before.
    """

    def __init__(self, old: Topology, new: Topology) -> None:
        self.old, self.new = old, new
        self.kept = {node.name for node in set(old.nodes) & set(new.nodes)}
        self.nodes = {node.name: node for node in new.nodes}
        self.old_links = {_link_key(link): link for link in old.links}
        new_links = {_link_key(link) for link in new.links}
        self.kept_links = {
            key for key in self.old_links.keys() & new_links if all(node in self.kept for node, _ in key)
        }
        self.old_tunnels = {_end(tunnel): tunnel for tunnel in old.tunnels if tunnel.node in self.kept}
        identities = {tunnel_identity(tunnel) for tunnel in new.tunnels}
        self.kept_tunnels = {key for key, tunnel in self.old_tunnels.items() if tunnel_identity(tunnel) in identities}
        self.kept_interfaces = {(node, "lo") for node in self.kept} | self.kept_tunnels
        self.kept_interfaces.update(end for key in self.kept_links for end in key)
        self.plugged = plugging.moves(old, new, self.kept)
        self.kept_interfaces.update(_end(now.a) for _, now in self.plugged)
        self._devices()
        self.moved = set(self._moved())
        self.routing = Routing(old, new, self.kept)
        self.old_mtus, self.mtus = Mtus.of_topology(old), Mtus.of_topology(new)
        self.port_vlans = PortVlans(old, new, self.kept)
        self.old_vrfs, self.vrfs = Vrfs(old), Vrfs(new)
        self.was_on = {_end(one) for one in switched_on(old)} & self.kept_interfaces
        self.on = {_end(one) for one in switched_on(new)}
        self.bridge_ports = tables.bridge_ports(new)
        self.port_steps = tables.port_steps(old, new, self.kept_interfaces - self.moved)

    def _devices(self) -> None:
        """A VLAN is lost with the interface that it is on."""
        self.old_devices = {_end(device): device for device in self.old.devices if device.node in self.kept}
        identities = {device_identity(device) for device in self.new.devices}
        staying = {key: one for key, one in self.old_devices.items() if device_identity(one) in identities}
        self.kept_devices = {
            key
            for key, one in staying.items()
            if not isinstance(one, Vlan) or (one.node, one.parent) in self.kept_interfaces
        }
        self.kept_interfaces |= self.kept_devices

    def _moved(self) -> Iterator[tuple[str, str]]:
        masters = {_end(one): one.master for one in everything(self.old) if not isinstance(one, Vrf)}
        for one in everything(self.new):
            if not isinstance(one, Vrf) and _end(one) in self.kept_interfaces:
                anew = one.master is not None and (one.node, one.master) not in self.kept_devices
                if anew or masters[_end(one)] != one.master:
                    yield _end(one)

    def phases(self) -> list[list[Step]]:
        """Removals, namespaces, links, settings."""
        return [list(self._removals()), list(self._namespaces()), list(self._links()), list(self._settings())]

    def _removals(self) -> Iterator[Step]:
        for rule in self.old.rules:
            if rule not in self.new.rules and rule.node in self.kept:
                yield steps.DeleteRule(rule.node, rule)
        yield from self.routing.removals()
        gone = [device for key, device in self.old_devices.items() if key not in self.kept_devices]
        yield from (steps.DeleteLink(*_end(device)) for device in gone if not isinstance(device, Vrf))
        for key in self.old_tunnels.keys() - self.kept_tunnels:
            yield steps.DeleteLink(*key)
        moving = {_link_key(before) for before, _ in self.plugged}
        for link_key in self.old_links:
            if link_key not in self.kept_links and link_key not in moving:
                for end_node, end in link_key:
                    if end_node in self.kept and self.nodes[end_node].kind is NodeKind.OVS:
                        yield steps.DeleteOvsPort(end_node, end)
                # One end is enough; a removed namespace would take its end away too, but only later.
                node, name = next((end for end in link_key if end[0] in self.kept), link_key[0])
                if node in self.kept:
                    yield steps.DeleteLink(node, name)
        for device in gone:
            if isinstance(device, Vrf):
                yield from fragments.mark_rules(device, None)
                yield from (steps.DeleteLastResort(device.node, device.table, version) for version in (4, 6))
                yield steps.DeleteLink(*_end(device))
        for name in _with_vrfs(self.old) - _with_vrfs(self.new):
            if name in self.kept:
                yield from fragments.local_table_at(name, _BEFORE_ALL, _AFTER_VRFS)
        for node_ in self.old.nodes:
            if node_.name not in self.kept:
                yield steps.DeleteNamespace(node_.name)

    def _namespaces(self) -> Iterator[Step]:
        for node in self.new.nodes:
            if node.name not in self.kept:
                yield steps.AddNamespace(node.name, node.private_folders)
                yield steps.SetUp(node.name, "lo", True)
                for key, value in SYSCTLS_OF[node.kind]:
                    yield steps.SetSysctl(node.name, key, value)

    def _links(self) -> Iterator[Step]:
        for node in self.new.nodes:
            if node.name not in self.kept and node.kind is NodeKind.BRIDGE:
                yield steps.AddBridge(node.name, node.name, node.stp, self.port_vlans.heeded_by(node.name))
        moving = {_link_key(now) for _, now in self.plugged}
        for link in self.new.links:
            if _link_key(link) not in self.kept_links and _link_key(link) not in moving:
                yield steps.AddVeth(link.a.node, link.a, link.b)
        for before, now in self.plugged:
            yield steps.MoveInterface(before.b.node, before.b.name, now.b.node)
        for one in (*self.new.tunnels, *self.new.devices):
            if _end(one) in self.bridge_ports and _end(one) not in self.kept_interfaces:
                yield from self._made(one)

    def _settings(self) -> Iterator[Step]:
        yield from tables.silence(self.old, self.new, self.kept_interfaces)
        for node in self.new.nodes:
            if node.name not in self.kept and node.kind is NodeKind.BRIDGE:
                yield from fragments.names(node.name, node.name)
                yield steps.SetUp(node.name, node.name, True)
            elif node.name not in self.kept and node.kind is NodeKind.OVS:
                yield steps.AddOvsBridge(node.name, node.name)
        yield from self.port_vlans.begin()
        yield from label_settings(self.old, self.new, self.kept, self.kept_interfaces)
        yield from self._vrfs()
        for device in self.new.devices:
            if isinstance(device, Bridge):
                yield from self._device(device)
        plugged = {_link_key(now): before.a for before, now in self.plugged}
        for link in self.new.links:
            old = self.old_links[_link_key(link)] if _link_key(link) in self.kept_links else None
            if (before := plugged.get(_link_key(link))) is not None:
                yield from self._interface(before, link.a)
                yield from self._interface(None, link.b, named=True)
                continue
            for position, end in enumerate(link.ends):
                yield from self._interface(old.ends[position] if old else None, end)
        yield from self.port_vlans.end()
        for tunnel in self.new.tunnels:
            yield from self._tunnel(tunnel)
        for device in self.new.devices:
            if isinstance(device, Vlan | Vxlan):
                yield from self._device(device)
        yield from self._routes()
        for rule in self.new.rules:
            if rule.node not in self.kept or rule not in self.old.rules:
                yield steps.AddRule(rule.node, rule)
        steady = self.kept_interfaces - self.moved
        yield from tables.entry_steps(self.old, self.new, self.kept_interfaces, steady)

    def _made(self, one: Tunnel | Device) -> Iterator[Step]:
        mtu = None if isinstance(one, Vrf) else self.mtus.of(one)
        if isinstance(one, Tunnel):
            yield steps.AddTunnel(one.node, one, mtu or 0)
        else:
            yield steps.AddDevice(one.node, one, mtu)
        yield from fragments.names(*_end(one))

    def _vrfs(self) -> Iterator[Step]:
        before = _with_vrfs(self.old) & self.kept
        for node in self.new.nodes:
            if node.name in _with_vrfs(self.new) - before:
                yield from fragments.local_table_at(node.name, _AFTER_VRFS, _BEFORE_ALL)
        for vrf in self.new.devices:
            if not isinstance(vrf, Vrf):
                continue
            old = self.old_devices[_end(vrf)] if _end(vrf) in self.kept_devices else None
            if old is None:
                yield steps.AddDevice(vrf.node, vrf)
                yield from fragments.names(*_end(vrf))
                yield from (steps.AddLastResort(vrf.node, vrf.table, version) for version in (4, 6))
            assert old is None or isinstance(old, Vrf)  # its identity is that of one
            yield from fragments.mark_rules(old, vrf)
            yield from fragments.addresses(*_end(vrf), old.addresses if old else (), vrf.addresses)
            if vrf.up != (old.up if old else False):
                yield steps.SetUp(*_end(vrf), vrf.up)

    def _interface(self, old: Interface | None, new: Interface, named: bool = False) -> Iterator[Step]:
        where = (new.node, new.name)
        if old is None:
            yield from fragments.names(*where) if not named else ()
            yield from self._port(new)
        else:
            if new.mtu != old.mtu:
                yield steps.SetMtu(*where, new.mtu)
            if new.mac != old.mac and new.mac is not None:
                yield steps.SetMac(*where, new.mac)
        yield from self.port_vlans.of(old, new)
        yield from self._membership(old, new)
        yield from fragments.impairment(*where, old.impairment if old else Impairment(), new.impairment)
        if new.up != (old.up if old else False):
            yield steps.SetUp(*where, new.up)

    def _membership(self, old: _Member | None, new: _Member) -> Iterator[Step]:
        """The master, how it behaves as its port, and addresses, in the table of the VRF that it is in by then."""
        known = old.addresses if old else ()
        if _end(new) in self.moved:
            yield from fragments.addresses(*_end(new), known, ())
            known = ()
        if _end(new) in self.moved or (old is None and new.master is not None):
            yield steps.SetMaster(*_end(new), new.master)
        if (port := self.port_steps.get(_end(new))) is not None:
            yield port
        yield from fragments.addresses(*_end(new), known, new.addresses)

    def _port(self, interface: Interface) -> Iterator[Step]:
        kind = self.nodes[interface.node].kind
        if kind is NodeKind.BRIDGE:
            yield steps.SetMaster(interface.node, interface.name, interface.node)
        elif kind is NodeKind.OVS:
            yield steps.AddOvsPort(interface.node, interface.name)

    def _tunnel(self, new: Tunnel) -> Iterator[Step]:
        where = (new.node, new.name)
        mtu = self.mtus.of(new)
        old = self.old_tunnels[where] if where in self.kept_tunnels else None
        if old is None:
            yield from () if _end(new) in self.bridge_ports else self._made(new)
        elif mtu != self.old_mtus.of(old):
            yield steps.SetMtu(*where, mtu)
        yield from self._membership(old, new)
        if new.up != (old.up if old else False):
            yield steps.SetUp(*where, new.up)

    def _device(self, new: Vlan | Bridge | Vxlan) -> Iterator[Step]:
        where = _end(new)
        mtu = self.mtus.of(new)
        old = self.old_devices[where] if where in self.kept_devices else None
        assert not isinstance(old, Vrf)  # its identity is that of `new`
        if old is None:
            yield from () if _end(new) in self.bridge_ports else self._made(new)
        elif mtu != self.old_mtus.of(old):
            yield steps.SetMtu(*where, mtu)
        yield from self._membership(old, new)
        if not isinstance(new, Vlan):
            if new.up != (old.up if old else False):
                yield steps.SetUp(*where, new.up)
            return
        parent = (new.node, new.parent)
        # The kernel switches VLANs off with the interface below, and all of them on with it, but not at once: routes
        # that come next need them on.
        raised = parent in self.on and (parent not in self.was_on or parent in self.moved)
        by_now = old is not None and parent in self.on and (raised or where in self.was_on)
        if (where in self.on) != by_now or (raised and where in self.on):
            yield steps.SetUp(*where, new.up)

    def _routes(self) -> Iterator[Step]:
        """New routes, and those that the kernel has dropped because what carried them was off or is made anew."""
        steady = self.kept_interfaces - self.moved
        steady -= {
            _end(one) for one in self.new.devices if isinstance(one, Vlan) and (one.node, one.parent) in self.moved
        }
        yield from self.routing.additions(steady)


def _with_vrfs(topology: Topology) -> set[str]:
    return {device.node for device in topology.devices if isinstance(device, Vrf)}
