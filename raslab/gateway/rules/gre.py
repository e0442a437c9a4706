"""GRE interfaces."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.gateway.rules import reading
from raslab.gateway.rules.reading import address, given, range_problem
from raslab.gateway.rules.s2s import only_destination, source_problems
from raslab.gateway.state import GatewayState, GreInterface, S2SInterface
from raslab.gateway.surroundings import Surroundings


def check(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """End points and keys."""
    seen: dict[tuple[str, str, int | None], str] = {}
    for interface in state.gre_interfaces:
        where = f"GRE interface {interface.name} of {surroundings.title}"
        others = [one for one in state.s2s_interfaces if one is not interface and surroundings.domain is None]
        own = [text for one in others for text in addresses(one)]
        yield from _end_points(interface, where, surroundings, own)
        yield from given(range_problem(interface.gre_key, 0, 2**32 - 1, "Key", where))
        ends = [address(interface.source_ip_address), *map(address, interface.destination)]
        identity = (str(ends[0]), str(ends[-1]), interface.gre_key)
        if None not in ends and (other := seen.setdefault(identity, interface.name)) != interface.name:
            key = "no key" if interface.gre_key is None else f"key {interface.gre_key}"
            yield (
                f"GRE interfaces {other} and {interface.name} of {surroundings.title} have the same end points and "
                f"{key}: "
                "give one of them another gre_key."
            )


def addresses(one: S2SInterface) -> list[str]:
    """The readable addresses of a tunnel, without prefix lengths: another tunnel may start at them."""
    found = [reading.interface(text) for text in (one.ipv4_address, one.ipv6_address)]
    return [str(address.ip) for address in found if address is not None]


def _end_points(interface: GreInterface, where: str, surroundings: Surroundings, own: list[str]) -> Iterator[str]:
    """own: addresses of the gateway's other tunnels."""
    yield from only_destination(interface.destination, where, surroundings, needs_route=False)
    if interface.source_ip_address is None:
        yield f"The {where} has no source address: give source_ip_address, an address of {surroundings.title}."
    yield from source_problems(interface.source_ip_address, interface.destination, where, surroundings, own)
