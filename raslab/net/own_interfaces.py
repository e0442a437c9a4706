"""The verbs for interfaces that a node has by itself: tunnels, VRFs and VLANs, before and while the network runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import count
from typing import Any

from raslab.errors import TopologyError, UnknownInterfaceError
from raslab.model import addresses as written
from raslab.model import sentences
from raslab.model.topology import Device, Route, Tunnel, Vlan, Vrf
from raslab.net.link import DeviceIntf, TunnelIntf
from raslab.net.parameters import addresses

FIRST_TABLE = 1001  # of VRFs whose user does not choose: far from the numbers that the kernel and programs reserve


class OwnInterfaces(ABC):
    """The part of a network's verbs that concerns tunnels and devices."""

    routes: list[Route]

    @abstractmethod
    def changing(self) -> AbstractContextManager[None]:
        """All that is done inside is one change."""

    @abstractmethod
    def node(self, node: Any) -> Any:
        """A node from its name, or the node itself."""

    @abstractmethod
    def _drop_dead_entries(self) -> None:
        """Forget routes whose next hop, and entries whose interface, is not there any more."""

    # Tunnels

    def addTunnel(
        self,
        node: Any,
        name: str,
        *,
        local: str,
        remote: str,
        kind: str = "gre",
        key: int | None = None,
        ttl: int = 64,
        mtu: int | None = None,
        ips: Sequence[str] = (),
        master: str | None = None,
        checksum: bool = False,
    ) -> TunnelIntf:
        """Give a node a tunnel interface and return it; see `raslab.model.topology.Tunnel`."""
        node = self.node(node)
        own = addresses(None, ips)
        ends = (written.normal(written.address, local), written.normal(written.address, remote))
        with self.changing():
            return self.take_tunnel(
                Tunnel(node.name, name, kind, *ends, key, ttl, mtu, own, master=master, checksum=checksum)
            )

    def delTunnel(self, node: Any, name: str) -> None:
        """Remove a tunnel, and the routes whose next hop was behind it."""
        node = self.node(node)
        if name not in node.tunnel_interfaces:
            raise UnknownInterfaceError(node.name, name, list(node.tunnel_interfaces), "tunnel")
        with self.changing():
            self._drop_vlans(node, name)
            del node.tunnel_interfaces[name], node.nameToIntf[name]
            self._drop_dead_entries()

    def take_tunnel(self, spec: Tunnel) -> TunnelIntf:
        """Give the node that `spec` names the tunnel; raises TopologyError if it has an interface of that name."""
        node = self.node(spec.node)
        _need_name(spec)
        if spec.name in node.nameToIntf:
            raise TopologyError([sentences.duplicate_interface(spec.node, spec.name)])
        tunnel = TunnelIntf(spec, node)
        node.tunnel_interfaces[spec.name] = node.nameToIntf[spec.name] = tunnel
        return tunnel

    # VRFs and VLANs

    def addVrf(
        self, node: Any, name: str, table: int | None = None, ips: Sequence[str] = (), mark: int | None = None
    ) -> DeviceIntf:
        """Give a node a VRF, a routing table of its own, and return it; see `raslab.model.topology.Vrf`.

        table: its number; None chooses one. Interfaces belong to it that have its name as their `master`.
        """
        node = self.node(node)
        with self.changing():
            number = free_table(node.name, [intf.spec for intf in node.device_interfaces.values()], table)
            return self.take_device(Vrf(node.name, name, number, addresses(None, ips), mark=mark))

    def delVrf(self, node: Any, name: str) -> None:
        """Remove a VRF and its routes; the interfaces that belonged to it are outside all VRFs then."""
        self._require(node, name, Vrf, "VRF")
        self.delDevice(node, name)

    def addVlan(
        self,
        node: Any,
        parent: str,
        vlan_id: int,
        name: str | None = None,
        ips: Sequence[str] = (),
        master: str | None = None,
        mtu: int | None = None,
    ) -> DeviceIntf:
        """Give a node an interface for the frames of `parent` that carry the VLAN tag `vlan_id`, and return it.

        name: None makes one of both, such as ``lan0.10``. See `raslab.model.topology.Vlan`.
        """
        node = self.node(node)
        with self.changing():
            return self.take_device(vlan(node.name, parent, vlan_id, name, ips, master, mtu))

    def delVlan(self, node: Any, name: str) -> None:
        """Remove a VLAN's interface, and the routes whose next hop was behind it."""
        self._require(node, name, Vlan, "VLAN")
        self.delDevice(node, name)

    def take_device(self, spec: Device) -> DeviceIntf:
        """Give the node that `spec` names the device; raises TopologyError if it has an interface of that name."""
        node = self.node(spec.node)
        _need_name(spec)
        if spec.name in node.nameToIntf:
            raise TopologyError([sentences.duplicate_interface(spec.node, spec.name)])
        device = DeviceIntf(spec, node)
        node.device_interfaces[spec.name] = node.nameToIntf[spec.name] = device
        return device

    def delDevice(self, node: Any, name: str) -> None:
        """Remove a device of any kind, with what is on it; what belonged to it has no master then."""
        node = self.node(node)
        if name not in node.device_interfaces:
            raise UnknownInterfaceError(node.name, name, list(node.device_interfaces), "device")
        with self.changing():
            self._drop_vlans(node, name)
            del node.device_interfaces[name], node.nameToIntf[name]
            for intf in node.all_interfaces():
                if not isinstance(intf.spec, Vrf) and intf.spec.master == name:
                    intf.take(replace(intf.spec, master=None))
            self.routes = [route for route in self.routes if (route.node, route.vrf) != (node.name, name)]
            self._drop_dead_entries()

    def _drop_vlans(self, node: Any, parent: str) -> None:
        for name, intf in list(node.device_interfaces.items()):
            if isinstance(intf.spec, Vlan) and intf.spec.parent == parent:
                self.delDevice(node, name)

    def _require(self, node: Any, name: str, kind: type[Device], word: str) -> None:
        node = self.node(node)
        known = [one for one, intf in node.device_interfaces.items() if isinstance(intf.spec, kind)]
        if name not in known:
            raise UnknownInterfaceError(node.name, name, known, word)


def _need_name(spec: Tunnel | Device) -> None:
    if not isinstance(spec.name, str):
        raise TopologyError([sentences.name_not_text(f"Interface name {sentences.quoted(spec.name)} of {spec.node}")])


def free_table(node: str, devices: Sequence[Device], wanted: int | None = None) -> int:
    """The number of a VRF's table: what is wanted, or else the first from FIRST_TABLE that the node has not used."""
    if wanted is not None:
        return wanted
    used = {device.table for device in devices if isinstance(device, Vrf) and device.node == node}
    return next(number for number in count(FIRST_TABLE) if number not in used)


def vlan(
    node: str,
    parent: str,
    vlan_id: int,
    name: str | None,
    ips: Sequence[str],
    master: str | None,
    mtu: int | None = None,
) -> Vlan:
    """A VLAN from the parameters of `addVlan`."""
    return Vlan(
        node,
        name or f"{sentences.shown(parent)}.{sentences.shown(vlan_id)}",
        parent,
        vlan_id,
        addresses(None, ips),
        mtu=mtu,
        master=master,
    )
