"""Compute hosts and their provider addresses."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from raslab.hnv.state import ComputeHost, DatacenterState
from raslab.hnv.surroundings import Surroundings
from raslab.model import addresses
from raslab.model.topology import NodeKind


def check(state: DatacenterState, surroundings: Surroundings) -> Iterator[str]:
    """Hosts that are no routers of the network, and addresses that are not theirs."""
    seen: dict[str, ComputeHost] = {}
    for host in state.hosts:
        other = seen.setdefault(host.provider_address, host)
        if other is not host:
            yield (
                f"Compute hosts {other.node} and {host.node} both have the provider address {host.provider_address}: "
                "each needs its own."
            )
        kind = surroundings.kinds.get(host.node)
        if kind is None:
            known = ", ".join(name for name, one in surroundings.kinds.items() if one is NodeKind.ROUTER)
            yield f"Compute host {host.node} is no node of the network: use one of {known or 'its routers'}."
        elif kind is not NodeKind.ROUTER:
            yield f"Compute host {host.node} does not forward packets: make it a router (addRouter)."
        else:
            yield from _provider_address(host, surroundings)


def _provider_address(host: ComputeHost, surroundings: Surroundings) -> Iterator[str]:
    try:
        wanted = addresses.address(host.provider_address)
    except ValueError:
        yield (
            f"Provider address {host.provider_address} of {host.node} cannot be read: "
            "write an address without prefix length."
        )
        return
    own = [str(address) for node, address in surroundings.addresses if node == host.node and address.version == 4]
    if not isinstance(wanted, IPv4Address):
        yield f"Provider address {wanted} of {host.node} is IPv6, and the provider network is IPv4: write such a one."
    elif str(wanted) not in own:
        yield (
            f"Provider address {wanted} of {host.node} is no address of that node: "
            f"use one of {', '.join(own) or 'its interfaces'}."
        )
