"""A network's own description of nodes, brought in step with the plans of their gateways; if it runs, it follows."""

from __future__ import annotations

from collections.abc import Mapping

from raslab.gateway.transition import Transition
from raslab.net import Network


def change_network(network: Network, wanted: Mapping[str, Transition]) -> None:
    """Interfaces, addresses and routes of all nodes in one change."""
    with network.changing():
        for node, one in wanted.items():
            _change_node(network, node, one)


def _change_node(network: Network, node: str, wanted: Transition) -> None:
    """Bring the network's own description of a node in step with the new plan."""
    gone_routes = set(wanted.old.routes) - set(wanted.new.routes)
    network.routes = [route for route in network.routes if route not in gone_routes]
    gone_rules = set(wanted.old.rules)
    network.rules = [*(rule for rule in network.rules if rule not in gone_rules), *wanted.new.rules]
    _change_vrfs(network, node, wanted)
    here = network[node].tunnel_interfaces
    kept = {one.name: one for one in wanted.new.tunnels}
    for tunnel in wanted.old.tunnels:
        if tunnel.name in here and tunnel.name not in kept:
            network.delTunnel(node, tunnel.name)
    for tunnel in wanted.new.tunnels:
        if tunnel.name in here:
            here[tunnel.name].take(tunnel)
        else:
            network.take_tunnel(tunnel)
    for route in wanted.new.routes:
        if route not in network.routes:
            network.routes.append(route)
    staying = {vrf.name for vrf in wanted.new.vrfs}
    for vrf in wanted.old.vrfs:
        if vrf.name not in staying:
            network.delVrf(node, vrf.name)
    for interface, address in wanted.old.addresses:
        if (interface, address) not in wanted.new.addresses and address in network[node].intf(interface).addresses:
            network.delAddress(node, interface, address)
    for interface, address in wanted.new.addresses:
        if address not in network[node].intf(interface).addresses:
            network.addAddress(node, interface, address)


def _change_vrfs(network: Network, node: str, wanted: Transition) -> None:
    """VRFs, and the interfaces that belong to them."""
    old, new = wanted.old, wanted.new
    for name in old.masters:
        if name not in new.masters and name in network[node].nameToIntf:
            network[node].intf(name).change(master=None)
    for vrf in new.vrfs:
        if vrf.name not in network[node].nameToIntf:
            network.take_device(vrf)
        elif vrf not in old.vrfs:
            network[node].intf(vrf.name).take(vrf)
    for name, master in new.masters.items():
        if network[node].intf(name).spec.master != master:
            network[node].intf(name).change(master=master)
