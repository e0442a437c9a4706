"""Subnets of tunnels that take everything, and whose packets have to keep another way: forced tunnelling. Pure.

A subnet is forced if it stands for the whole Internet (a default route, or halves and quarters of one), or if it holds
the destination of its own tunnel. What is inside has no way but the tunnel then; the tunnel's own packets keep the way
that the node has without it.
"""

from __future__ import annotations

from collections.abc import Iterator

from raslab.gateway.state import GatewayState, S2SInterface, VpnS2SInterface
from raslab.gateway.state.notation import Subnet, subnet
from raslab.gateway.surroundings import Surroundings
from raslab.model.addresses import AnyAddress, address

MAX_FORCED_METRIC = 2**24 - 2  # zebra takes the highest of four bytes for an administrative distance
_WHOLE_INTERNET = 7
"""Shorter prefixes stand for everything: the shortest that one organisation has are 10.0.0.0/8 and fc00::/7."""


def subnets(interface: S2SInterface) -> tuple[Subnet, ...]:
    """What is behind an interface, also what is only while it is connected; what cannot be read is left out."""
    later: tuple[str, ...] = ()
    if isinstance(interface, VpnS2SInterface):
        later = (*interface.post_connection_ipv4_subnet, *interface.post_connection_ipv6_subnet)
    return tuple(_readable((*interface.ipv4_subnet, *interface.ipv6_subnet, *later)))


def is_forced(found: Subnet, interface: S2SInterface, surroundings: Surroundings) -> bool:
    """Whether a subnet of an interface is forced."""
    if found.network.prefixlen < _WHOLE_INTERNET:
        return True
    # The tunnels of a routing domain end outside of it.
    return surroundings.domain is None and any(target in found.network for target in _destinations(interface))


def forced_subnets(state: GatewayState, surroundings: Surroundings) -> Iterator[tuple[S2SInterface, Subnet]]:
    """All of one part, each with its interface."""
    for one in state.s2s_interfaces:
        yield from ((one, found) for found in subnets(one) if is_forced(found, one, surroundings))


def outer_destinations(interface: S2SInterface, state: GatewayState, surroundings: Surroundings) -> list[AnyAddress]:
    """Where an interface's own packets go by the node's own way, and not in another tunnel."""
    return [one for one in _destinations(interface) if not is_nested(interface, one, state, surroundings)]


def is_nested(interface: S2SInterface, target: AnyAddress, state: GatewayState, surroundings: Surroundings) -> bool:
    """Whether a tunnel to an address is meant to go in another one: it begins in there, or ends where only that leads.

    Where the Internet leads too, it is so if it does not begin where the Internet does.
    """
    if surroundings.domain is not None:
        return False
    node = surroundings.underlay
    way = node.towards(target)
    begins = _begins(interface)
    owner = node.owner_of(begins) if begins is not None else (way[0] if way is not None else None)
    if owner is None:
        return True
    return any(
        target in found.network and (way is None or owner != way[0] or not is_forced(found, other, surroundings))
        for other in state.s2s_interfaces
        if other is not interface
        for found in subnets(other)
    )


def _begins(interface: S2SInterface) -> AnyAddress | None:
    text = getattr(interface, "source_ip_address", None)
    return next(_addresses((text,)), None) if text is not None else None


def _destinations(interface: S2SInterface) -> tuple[AnyAddress, ...]:
    return tuple(_addresses(interface.destination))


def _addresses(texts: tuple[str, ...]) -> Iterator[AnyAddress]:
    for text in texts:
        try:
            yield address(text)
        except ValueError:
            continue


def _readable(texts: tuple[str, ...]) -> Iterator[Subnet]:
    for text in texts:
        try:
            yield subnet(text)
        except ValueError:
            continue
