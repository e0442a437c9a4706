"""On a compute host: a VRF per virtual network, a bridge per virtual subnet with the distributed router on it, and the
ports of those who live there.

The router has the same addresses and the same MAC address on every host, and each host knows the MAC address of every
customer address, so that a packet to another subnet is routed where it begins: it crosses the provider network once.
"""

from __future__ import annotations

from collections.abc import Iterator

from raslab.hnv.plan.index import Index
from raslab.hnv.plan.numbers import bridge_name
from raslab.hnv.plan.parts import Plan, Wire
from raslab.hnv.state import (
    GUEST_MTU,
    ROUTER_MAC,
    Attachment,
    ComputeHost,
    VirtualNetwork,
)
from raslab.model import addresses
from raslab.model.switching import Bridge, ForwardingEntry, Neighbour, PortSettings
from raslab.model.topology import Device, Route, Vrf


def of(state: Index, host: ComputeHost) -> Plan:
    """What one host has, the overlay left out."""
    networks = state.networks_on(host)
    local = state.local(host)
    return Plan(
        wires=tuple(map(_wire, local)),
        devices=tuple(device for network in networks for device in _devices(host, network)),
        routes=(
            *(route for network in networks for route in _routes(host, network)),
            *(route for one in local if one.default_route for route in _default_routes(state, one)),
        ),
        ports=tuple(
            PortSettings(host.node, one.port, learning=False, floods_unknown=False, locked=True) for one in local
        ),
        forwarding=tuple(ForwardingEntry(host.node, one.port, one.mac) for one in local),
        neighbours=tuple(
            Neighbour(host.node, bridge_name(one.vsid), address, one.mac)
            for network in networks
            for one in state.members(network)
            for address in one.customer_addresses
        ),
    )


def _wire(one: Attachment) -> Wire:
    return Wire(one.node, one.interface, one.addresses, one.mac, one.host, one.port, bridge_name(one.vsid))


def _devices(host: ComputeHost, network: VirtualNetwork) -> Iterator[Device]:
    yield Vrf(host.node, network.name, network.table)
    for subnet in network.subnets:
        yield Bridge(
            host.node,
            bridge_name(subnet.vsid),
            subnet.router_addresses,
            mac=ROUTER_MAC,
            mtu=GUEST_MTU,
            master=network.name,
        )


def _routes(host: ComputeHost, network: VirtualNetwork) -> Iterator[Route]:
    for route in network.routes:
        yield Route(host.node, str(route.network), via=route.next_hop, vrf=network.name)


def _default_routes(state: Index, one: Attachment) -> Iterator[Route]:
    """By the distributed router, in each IP version that the port has an address of."""
    (subnet,) = (known for known in state.network_of(one.vsid).subnets if known.vsid == one.vsid)
    versions = {addresses.interface(text).version for text in one.addresses}
    for router in map(addresses.interface, subnet.router_addresses):
        if router.version in versions:
            yield Route(one.node, "default", via=str(router.ip))
