"""The verbs that change a network: nodes, links, routes, addresses, before and while it runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from raslab.errors import TopologyError, UnknownNodeError
from raslab.model import addresses as written
from raslab.model import sentences
from raslab.model.switching import ForwardingEntry, Neighbour, PortSettings
from raslab.model.topology import MplsRoute, Route, Rule, Topology
from raslab.model.validation import without_dead_entries
from raslab.net import mininet_classes as mininet
from raslab.net.link import Link
from raslab.net.node import Host, Node, OvsSwitch, Router, Switch
from raslab.net.own_interfaces import OwnInterfaces
from raslab.net.parameters import label_stack, next_hop
from raslab.net.parameters import route as route_of
from raslab.net.stock_classes import NoController, our_class


class EditableNetwork(OwnInterfaces, mininet.Mininet, ABC):
    """Holds the desired state of a network. Each verb is one change, see `changing`."""

    def __init__(self, topo: Any, switch: Any, host: Any, link: Any, ipBase: str, autoSetMacs: bool) -> None:
        # Not through Mininet's constructor, which runs programs and writes settings of the whole computer.
        self.topo, self.switch, self.host, self.link = topo, switch, host, link
        self.ipBase, self.autoSetMacs = ipBase, autoSetMacs
        self.ipBaseNum, self.prefixLen = mininet.netParse(ipBase)
        self.nextIP = (0xFFFFFFFF >> self.prefixLen) & self.ipBaseNum or 1
        self.hosts: list[Any] = []
        self.switches: list[Any] = []
        self.links: list[Any] = []
        self.routes: list[Route] = []
        self.rules: list[Rule] = []
        self.mpls_routes: list[MplsRoute] = []
        self.ports: list[PortSettings] = []
        self.forwarding: list[ForwardingEntry] = []
        self.neighbours: list[Neighbour] = []
        self.nameToNode: dict[str, Any] = {}
        self.controller = None  # a bridge needs none
        self.controllers: list[Any] = []
        self.terms: list[Any] = []
        self.cleanup = self.inNamespace = self.waitConn = self.built = False
        self._node_count = 0

    @abstractmethod
    def changing(self) -> AbstractContextManager[None]:
        """All that is done inside is one change: a running network gets it whole, or raises and gets none."""

    def topology(self) -> Topology:
        """The network as it should be, as model data."""
        nodes = [*self.hosts, *self.switches]
        return Topology(
            nodes=tuple(node.spec for node in nodes),
            links=tuple(link.spec for link in self.links),
            tunnels=tuple(tunnel.spec for node in nodes for tunnel in node.tunnel_interfaces.values()),
            routes=tuple(self.routes),
            devices=tuple(device.spec for node in nodes for device in node.device_interfaces.values()),
            mpls_routes=tuple(self.mpls_routes),
            ports=tuple(self.ports),
            forwarding=tuple(self.forwarding),
            neighbours=tuple(self.neighbours),
            rules=tuple(self.rules),
        )

    # Nodes

    def addHost(self, name: str, cls: Any = None, **params: Any) -> Any:
        """Add a host and return it. Without an address it gets the next one of ipBase, as in Mininet."""
        if "ip" not in params and "ips" not in params:
            address = mininet.ipAdd(self.nextIP, ipBaseNum=self.ipBaseNum, prefixLen=self.prefixLen)
            params["automatic_ip"] = f"{address}/{self.prefixLen}"
        if self.autoSetMacs:
            params.setdefault("mac", mininet.macColonHex(self.nextIP))
        self.nextIP += 1
        return self._add_node(self.hosts, name, cls or self.host, Host, params)

    def addRouter(self, name: str, **params: Any) -> Any:
        """Add a host that forwards IPv4 and IPv6, and return it."""
        return self.addHost(name, cls=Router, **params)

    def addSwitch(self, name: str, cls: Any = None, ovs: bool = False, **params: Any) -> Any:
        """Add a Linux bridge (stp=True for spanning tree) or an Open vSwitch, and return it."""
        return self._add_node(self.switches, name, cls or (OvsSwitch if ovs else self.switch), Switch, params)

    def addController(self, name: Any = "c0", controller: Any = None, **_options: Any) -> NoController:
        """Nothing: switches here forward without a controller. Returns an object that scripts may start and stop."""
        return NoController(str(getattr(name, "name", name)))

    def addNAT(self, *_args: Any, **_options: Any) -> Any:
        """Not available; raises TopologyError."""
        raise TopologyError([sentences.no_way_out()])

    def delNode(self, node: Any, nodes: Any = None) -> None:
        """Remove a node with its processes, links, tunnels and routes."""
        node = self.node(node)
        with self.changing():
            for link in [link for link in self.links if node in (link.intf1.node, link.intf2.node)]:
                self.delLink(link)
            (self.hosts if node in self.hosts else self.switches).remove(node)
            del self.nameToNode[node.name]
            self.routes = [route for route in self.routes if route.node != node.name]
            self.rules = [rule for rule in self.rules if rule.node != node.name]
            self.mpls_routes = [path for path in self.mpls_routes if path.node != node.name]
        node.terminate()
        node.network = None

    def _add_node(self, group: list[Any], name: str, cls: Any, ours: type[Node], params: dict[str, Any]) -> Any:
        if not isinstance(name, str):
            raise TopologyError([sentences.name_not_text(f"Node name {name!r}")])
        if name in self.nameToNode:
            raise TopologyError([sentences.duplicate_node(name)])
        cls = our_class(name, cls, ours)
        with self.changing():
            node = self.node_class(cls)(name, **params)
            self._node_count += 1
            node.number, node.network = self._node_count, self
            group.append(node)
            self.nameToNode[name] = node
        return node

    def node_class(self, cls: Any) -> Any:
        """The class to make a node of that is wanted to be a `cls`; networks whose nodes can do more override it."""
        return cls

    def node(self, node: Any) -> Any:
        """A node from its name, or the node itself; raises UnknownNodeError."""
        return self[node] if isinstance(node, str) else node

    def __getitem__(self, key: str) -> Any:
        try:
            return self.nameToNode[key]
        except KeyError:
            raise UnknownNodeError(key, list(self.nameToNode)) from None

    def getNodeByName(self, *args: str) -> Any:
        """The node, or the nodes, of that name; raises UnknownNodeError."""
        found = [self[name] for name in args]
        return found[0] if len(args) == 1 else found

    # Links

    def addLink(
        self,
        node1: Any,
        node2: Any,
        port1: int | None = None,
        port2: int | None = None,
        cls: Any = None,
        **params: Any,
    ) -> Any:
        """Connect two nodes and return the link; the parameters are those of `Link`."""
        node1, node2 = self.node(node1), self.node(node2)
        cls = cls or self.link
        if isinstance(cls, type) and not issubclass(cls, Link):
            cls = Link  # Mininet's kinds of links differ by parameters that ours understands
        with self.changing():
            link = cls(node1, node2, port1=port1, port2=port2, **params)
            self.links.append(link)
            problems = [problem for end in link.ends for problem in end.problems]
            if self.built and problems:
                raise TopologyError(problems)
            for end in link.ends if self.built else ():
                if end.node in self.hosts and end is end.node.defaultIntf() and not end.addresses:
                    end.node.configDefault()
        return link

    def delLink(self, link: Any) -> None:
        """Remove a link, and the routes whose next hop was on it."""
        if link not in self.links:
            raise TopologyError([sentences.no_such_link(str(link))])
        with self.changing():
            self.links.remove(link)
            for end in link.ends:
                self._drop_vlans(end.node, end.name)
                end.node.delIntf(end)
            self._drop_dead_entries()

    def moveIntf(self, intf: Any, node: Any) -> None:
        """Plug an end of a link into another node, under the same name, without addresses, master and VLANs.

        The other end keeps all that it has; it was without a carrier for a moment.
        """
        node = self.node(node)
        if intf.name in node.nameToIntf:
            raise TopologyError([sentences.duplicate_interface(node.name, intf.name)])
        with self.changing():
            self._drop_vlans(intf.node, intf.name)
            intf.node.delIntf(intf)
            intf.node = node
            node.addIntf(intf)
            intf.take(replace(intf.spec, node=node.name, addresses=(), master=None, vlans=(), untagged_vlan=None))
            self._drop_dead_entries()

    def configLinkStatus(self, src: str, dst: str, status: str) -> None:
        """Switch the links between two nodes ``up`` or ``down``."""
        if status not in ("up", "down"):
            raise TopologyError([sentences.unknown_status(f"{src} - {dst}", status)])
        for link in self.linksBetween(self[src], self[dst]):
            if status == "up":
                link.up()
            else:
                link.down()

    # Routes and addresses

    def addRoute(
        self,
        node: Any,
        destination: str,
        via: str | None = None,
        dev: str | None = None,
        metric: int | None = None,
        vrf: str | None = None,
        labels: Sequence[int] = (),
    ) -> None:
        """Give a node a static route to `destination`, a prefix or ``default``.

        vrf: the VRF whose table gets it, None for the main one. labels: MPLS labels to put before the packets, the
        outermost first.
        """
        with self.changing():
            self.routes.append(route_of(self.node(node).name, destination, via, dev, metric, vrf, labels))

    def delRoute(
        self,
        node: Any,
        destination: str,
        via: str | None = None,
        dev: str | None = None,
        metric: int | None = None,
        vrf: str | None = None,
    ) -> None:
        """Remove the static routes to `destination`; those parameters that are given must match too.

        vrf: None for the main table only.
        """
        name = self.node(node).name
        wanted = {"via": next_hop(via), "dev": dev, "metric": metric}
        there = written.normal(written.network, destination)

        def matches(route: Route) -> bool:
            same = (route.node, route.destination, route.vrf) == (name, there, vrf)
            return same and all(value in (None, getattr(route, key)) for key, value in wanted.items())

        if not any(map(matches, self.routes)):
            raise TopologyError([sentences.no_such_route(name, destination)])
        with self.changing():
            self.routes = [route for route in self.routes if not matches(route)]

    def set_default_routes(self, node: str, routes: Sequence[Route]) -> None:
        """Replace the default routes of the same address families; several with one metric are used side by side."""
        families = {_is_ipv6(route) for route in routes}
        with self.changing():
            self.routes = [
                route
                for route in self.routes
                if (route.node, route.destination, route.vrf) != (node, "default", None)
                or _is_ipv6(route) not in families
            ]
            self.routes += routes

    def addMplsRoute(
        self, node: Any, label: int, via: str | None = None, dev: str | None = None, out_labels: Sequence[int] = ()
    ) -> None:
        """Say what a node does with packets that carry an MPLS label; see `raslab.model.topology.MplsRoute`."""
        with self.changing():
            self.mpls_routes.append(MplsRoute(self.node(node).name, label, next_hop(via), dev, label_stack(out_labels)))

    def delMplsRoute(self, node: Any, label: int) -> None:
        """Have packets with that label dropped again."""
        name = self.node(node).name
        if not any((path.node, path.label) == (name, label) for path in self.mpls_routes):
            raise TopologyError([sentences.no_such_label(name, label)])
        with self.changing():
            self.mpls_routes = [path for path in self.mpls_routes if (path.node, path.label) != (name, label)]

    def addAddress(self, node: Any, interface: Any, address: str) -> None:
        """Give an interface one more address, with prefix length."""
        intf = self.node(node).intf(interface)
        intf.change(addresses=(*intf.addresses, written.normal(written.interface, address)))

    def delAddress(self, node: Any, interface: Any, address: str) -> None:
        """Take an address from an interface, and drop the routes whose next hop was on its subnet."""
        intf = self.node(node).intf(interface)
        address = written.normal(written.interface, address)
        if address not in intf.addresses:
            raise TopologyError([sentences.no_such_address(str(intf), intf.node.name, address)])
        with self.changing():
            intf.change(addresses=tuple(known for known in intf.addresses if known != address))
            self._drop_dead_entries()

    def _drop_dead_entries(self) -> None:
        alive = without_dead_entries(self.topology())
        self.routes, self.mpls_routes = list(alive.routes), list(alive.mpls_routes)
        self.ports, self.forwarding = list(alive.ports), list(alive.forwarding)
        self.neighbours = list(alive.neighbours)


def _is_ipv6(route: Route) -> bool:
    return route.via is not None and ":" in route.via
