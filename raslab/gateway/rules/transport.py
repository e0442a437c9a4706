"""IKEv2 interfaces in transport mode."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.gateway.plan.interfaces import known_source
from raslab.gateway.rules.reading import address, choice_problem, given
from raslab.gateway.state import VpnS2SInterface
from raslab.gateway.surroundings import Surroundings

MODES = ("Tunnel", "Transport")
_OF_AN_INSIDE = (
    "ipv4_subnet",
    "ipv6_subnet",
    "post_connection_ipv4_subnet",
    "post_connection_ipv6_subnet",
    "ipv4_address",
    "ipv6_address",
    "ipv4_trigger_filter",
    "ipv6_trigger_filter",
    "initiate_config_payload",
    "tx_bandwidth_kbps",
    "rx_bandwidth_kbps",
)


def check(interface: VpnS2SInterface, where: str, surroundings: Surroundings) -> Iterator[str]:
    """A mode that is unknown; an inside, or other ends than the gateways themselves, where nothing is inside."""
    yield from given(choice_problem(interface.mode, MODES, "Mode", where))
    if not interface.is_transport:
        return
    chosen = [name for name in _OF_AN_INSIDE if getattr(interface, name)]
    if chosen:
        yield (
            f"The {where} is in transport mode, so nothing is behind it: leave out {' and '.join(chosen)}, "
            "or protect a GRE interface with it that has them."
        )
    if len(interface.destination) > 1:
        yield f"The {where} is in transport mode, which is between two addresses: give one destination."
    ends = (known_source(interface, surroundings), *interface.destination[:1])
    for end, selectors in zip(
        ends, (interface.local_vpn_traffic_selector, interface.remote_vpn_traffic_selector), strict=False
    ):
        for selector in selectors:
            if {address(text) for text in selector.ip_address_range} != {address(end)}:
                yield (
                    f"A traffic selector of {where} is for {'-'.join(selector.ip_address_range)}, and transport mode "
                    f"protects what has the address {end}: give that as first and last."
                )
