"""MTUs that follow from headers, and what has too little of them.

The kernel takes IPv6 away from an interface below 1280 bytes (RFC 8200, section 5) and says nothing, refuses its routes
with an error that names neither, and refuses all below 68 bytes. Only for topologies without other problems.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from raslab.model import addresses
from raslab.model.checks.interfaces import MIN_MTU_IPV4, MIN_MTU_IPV6
from raslab.model.encapsulation import MPLS_LABEL_BYTES
from raslab.model.mtus import Mtus, Sized
from raslab.model.next_hops import carrying
from raslab.model.topology import AnyInterface, Route, Topology, Tunnel, Vlan, Vrf, destination, everything
from raslab.model.vrfs import Vrfs


def check(topology: Topology) -> Iterator[str]:
    """Tunnels and VLANs with too little room, and routes that need more than there is."""
    mtus = Mtus.of_topology(topology)
    needs = _ipv6_routes(topology.routes)
    for one in everything(topology):
        if isinstance(one, Vrf):
            continue
        if mtus.of(one) >= MIN_MTU_IPV6:
            continue
        has_address = one.mtu is None and any(addresses.interface(text).version == 6 for text in one.addresses)
        what = "its IPv6 address" if has_address else needs.get((one.node, one.name), "")
        yield from too_small(one, mtus, f"{_kind(one)} {one.name} of node {one.node}", what)
    labelled = [route for route in topology.routes if route.labels]
    yield from _labels(labelled, topology, mtus) if labelled else ()


def too_small(one: Sized, mtus: Mtus, where: str, ipv6: str) -> Iterator[str]:
    """A sentence if an interface has not the room that it needs. ipv6: what of IPv6 it has, empty for nothing."""
    size = mtus.of(one)
    below, taken = mtus.room(one)
    least = MIN_MTU_IPV6 if ipv6 else MIN_MTU_IPV4
    if size >= least:
        return
    fix = ", or leave IPv6 out" if ipv6 else ""
    why = f"{ipv6} needs {least}" if ipv6 else f"IPv4 needs {least}"
    if below is None:
        yield f"The {where} has an MTU of {size} bytes, and {why}: choose at least {least}{fix}."
    else:
        room = (
            f"{size} bytes left for packets, as its headers take {taken} of the {below}"
            if taken
            else f"the {size} bytes"
        )
        yield f"The {where} has {room} of the interface below it, and {why}: give that at least {least + taken}{fix}."


def _kind(one: AnyInterface) -> str:
    return {Tunnel: "tunnel", Vlan: "VLAN"}.get(type(one), "interface")


def _ipv6_routes(routes: Sequence[Route]) -> dict[tuple[str, str], str]:
    """By interface an IPv6 route that names it."""
    return {
        (route.node, route.dev): f"its IPv6 route to {route.destination}"
        for route in routes
        if route.dev is not None and destination(route).version == 6
    }


def _labels(routes: Sequence[Route], topology: Topology, mtus: Mtus) -> Iterator[str]:
    """Labels are part of what an MTU has to hold (RFC 3032, section 3), and no packet is told so on its way."""
    vrfs = Vrfs(topology)
    named = {(one.node, one.name): one for one in everything(topology)}
    for route in routes:
        found = [one for one in named.values() if one.node == route.node and one.name == route.dev]
        if route.dev is None and route.via is not None:
            subnets = (
                (addresses.interface(text).network, one)
                for one in named.values()
                if one.node == route.node and vrfs.of(one) == route.vrf
                for text in one.addresses
            )
            found = list(carrying(addresses.address(route.via), subnets))
        version = destination(route).version
        least, taken = (MIN_MTU_IPV6 if version == 6 else MIN_MTU_IPV4), MPLS_LABEL_BYTES * len(route.labels)
        for one in found:
            if not isinstance(one, Vrf) and mtus.of(one) - taken < least:
                yield (
                    f"The labels of the route to {route.destination} on node {route.node} take {taken} of the "
                    f"{mtus.of(one)} bytes of {one.name}, and IPv{version} needs {least}: give {one.name} an MTU of at "
                    f"least {least + taken}."
                )
