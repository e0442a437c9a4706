"""`Topo`: Mininet's topology class with routers, tunnels, VRFs, VLANs and routes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from raslab.model import addresses as written
from raslab.model import sentences
from raslab.model.topology import Device, MplsRoute, Route, Tunnel, Vrf
from raslab.net import mininet_classes as mininet
from raslab.net.node import OvsSwitch, Router
from raslab.net.own_interfaces import free_table, vlan
from raslab.net.parameters import addresses, label_stack, next_hop, route

_DIGITS = re.compile(r"[0-9]{64,}|(?![0-9])[\d²³¹]")


class Topo(mininet.Topo):
    """Describe a network in `build(self, ...)`; nothing exists until a `Network` starts it.

    Mistakes do not raise here: `Network` reports them all together.
    """

    def __init__(self, *args: Any, **params: Any) -> None:
        self.tunnels: list[Tunnel] = []
        self.devices: list[Device] = []
        self.routes: list[Route] = []
        self.mpls_routes: list[MplsRoute] = []
        self.problems: list[str] = []
        super().__init__(*args, **params)

    def addNode(self, name: str, **opts: Any) -> str:
        """Add a node of any kind and return its name."""
        if not _is_text(name):
            self.problems.append(sentences.name_not_text(f"Node name {sentences.quoted(name)}"))
            name = sentences.quoted(name)
        if _DIGITS.search(name):  # Mininet sorts nodes by the numbers in their names
            self.problems.append(
                f"Node name {sentences.quoted(name)} holds no number that can be read: choose another."
            )
            name = _DIGITS.sub("_", name)
        if name in self.g.node:
            self.problems.append(sentences.duplicate_node(name))
            return name
        super().addNode(name, **opts)
        return name

    def addRouter(self, name: str, **opts: Any) -> str:
        """Add a host that forwards IPv4 and IPv6, and return its name."""
        return self.addNode(name, cls=Router, **opts)

    def addSwitch(self, name: str, *, ovs: bool = False, **opts: Any) -> str:
        """Add a switch and return its name: a Linux bridge (stp=True for spanning tree), or Open vSwitch."""
        if ovs:
            opts.setdefault("cls", OvsSwitch)
        super().addSwitch(name, **opts)
        return name

    def addLink(
        self,
        node1: str,
        node2: str,
        port1: int | None = None,
        port2: int | None = None,
        key: Any = None,
        **opts: Any,
    ) -> Any:
        """Connect two nodes; the parameters are those of `raslab.net.Link`."""
        node1, node2 = str(node1), str(node2)
        unknown = [name for name in (node1, node2) if name not in self.g.node]
        for name in unknown:
            self.problems.append(sentences.unknown_node(f"the link {node1} - {node2}", name, list(self.g.node)))
        if unknown:
            return None
        if node1 == node2:
            self.problems.append(sentences.link_to_itself(node1))
            return None
        return super().addLink(node1, node2, port1, port2, key, **opts)

    def addTunnel(
        self,
        node: str,
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
    ) -> None:
        """Give `node` a tunnel interface; see `raslab.model.topology.Tunnel`."""
        own = addresses(None, ips)
        ends = (written.normal(written.address, local), written.normal(written.address, remote))
        self.tunnels.append(Tunnel(node, name, kind, *ends, key, ttl, mtu, own, master=master, checksum=checksum))

    def addVrf(
        self, node: str, name: str, table: int | None = None, ips: Sequence[str] = (), mark: int | None = None
    ) -> None:
        """Give `node` a VRF; see `raslab.net.Network.addVrf`."""
        number = free_table(node, self.devices, table)
        self.devices.append(Vrf(node, name, number, addresses(None, ips), mark=mark))

    def addVlan(
        self,
        node: str,
        parent: str,
        vlan_id: int,
        name: str | None = None,
        ips: Sequence[str] = (),
        master: str | None = None,
        mtu: int | None = None,
    ) -> None:
        """Give `node` an interface for one VLAN of `parent`; see `raslab.net.Network.addVlan`."""
        self.devices.append(vlan(node, parent, vlan_id, name, ips, master, mtu))

    def addRoute(
        self,
        node: str,
        destination: str,
        via: str | None = None,
        dev: str | None = None,
        metric: int | None = None,
        vrf: str | None = None,
        labels: Sequence[int] = (),
    ) -> None:
        """Give `node` a static route; see `raslab.net.Network.addRoute`."""
        self.routes.append(route(node, destination, via, dev, metric, vrf, labels))

    def addMplsRoute(
        self, node: str, label: int, via: str | None = None, dev: str | None = None, out_labels: Sequence[int] = ()
    ) -> None:
        """Say what `node` does with packets that carry an MPLS label; see `raslab.net.Network.addMplsRoute`."""
        self.mpls_routes.append(MplsRoute(node, label, next_hop(via), dev, label_stack(out_labels)))


def _is_text(name: object) -> bool:
    return isinstance(name, str)
