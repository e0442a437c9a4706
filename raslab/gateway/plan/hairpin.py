"""Hosts inside that call each other by their addresses outside (hairpinning: RFC 4787, REQ-9; RFC 5382, REQ-8).

The one that is called sees the caller's address outside (REQ-9a), so its answers come back through the translator
even if both are neighbours. What comes from outside is not touched: the interface that it came in by tells, and only
where it comes in, as an interface of a VRF has handed it to the VRF later.
"""

from __future__ import annotations

from collections.abc import Iterator

from raslab.gateway.outside import addresses_outside, outside
from raslab.gateway.plan import marks, pools
from raslab.gateway.state import GatewayState, NetNat
from raslab.gateway.surroundings import Surroundings
from raslab.net.names import kernel_name
from raslab.services.lines import in_quotes


def is_called(nat: NetNat, state: GatewayState) -> bool:
    """Whether anybody may begin a connection to a host behind a translator."""
    mapped = any(one.nat_name == nat.name for one in state.net_nat_static_mappings)
    return mapped or "EndpointIndependent" in (nat.udp_filtering_behavior, nat.tcp_filtering_behavior)


def inward(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """Rules that mark what comes from inside for an address outside."""
    called = [nat for nat in state.net_nats if is_called(nat, state)]
    names = dict.fromkeys(name for nat in called for name in outside(nat, state, surroundings).interfaces)
    if where := to([one for nat in called for one in addresses_outside(nat, state, surroundings)]):
        outsides = ", ".join(in_quotes(kernel_name(name)) for name in names)
        yield f"iifname != {{ {outsides} }} {where}{marks.MARK_HAIRPIN}"


def outward(state: GatewayState, surroundings: Surroundings, sources: dict[str, str]) -> Iterator[str]:
    """Rules that give a marked connection, led back in, the address that its caller has outside.

    sources: by translator the match of what comes from its inside. Who has no address outside gets the first one, as
    else the answers would not come back here.
    """
    if not any(is_called(nat, state) for nat in state.net_nats):
        return
    led_back = f"{marks.HAIRPIN} ct status dnat "
    fallback = ""
    for nat in state.net_nats:
        own = [pool for pool in state.net_nat_external_addresses if pool.nat_name == nat.name]
        found = addresses_outside(nat, state, surroundings)
        if own:
            yield from pools.rules(f"{led_back}{sources[nat.name]}", own)
        elif found:
            yield f"{led_back}{sources[nat.name]}counter snat to {found[0]}"
        if found and not fallback:
            fallback = f"{led_back}counter snat to {found[0]}"
    if fallback and all(sources.values()):
        yield fallback


def to(addresses: list[str]) -> str:
    """The match of packets to any of the addresses, with a space at its end; empty without any."""
    several = list(dict.fromkeys(addresses))
    if len(several) == 1:
        return f"ip daddr {several[0]} "
    return f"ip daddr {{ {', '.join(several)} }} " if several else ""
