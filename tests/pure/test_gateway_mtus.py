"""Room inside of a gateway's tunnels: what follows from headers is found before anything is planned."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gateway_samples import GRE, HERE, PSK, ROLE, WIREGUARD

from raslab.gateway.rules import problems_of
from raslab.gateway.state import GatewayState
from raslab.gateway.surroundings import Surroundings
from raslab.model.topology import Interface

GRE6 = replace(GRE, gre_key=None, ipv6_address="2001:db8:ff::1/64", ipv6_subnet=())
PSK6 = replace(PSK, ipv4_subnet=(), ipv6_subnet=("2001:db8:2::/48",))
WG6 = replace(WIREGUARD, ipv4_subnet=(), ipv6_subnet=("2001:db8:11::/48",))


def here(mtu: int) -> Surroundings:
    """The usual gateway, with another MTU and only IPv4 outside."""
    wan = Interface("gw1", "wan0", ("203.0.113.1/24",), mtu=mtu)
    return replace(HERE, interfaces=(HERE.interfaces[0], wan), routes=HERE.routes[:1])


@pytest.mark.parametrize(
    ("state", "needed", "sentence"),
    [
        pytest.param(replace(ROLE, gre_interfaces=(GRE6,)), 1304, "its ipv6_address 2001:db8:ff::1/64 needs", id="GRE"),
        pytest.param(replace(ROLE, gre_interfaces=(replace(GRE6, gre_key=7),)), 1308, "take 28 of", id="key"),
        pytest.param(replace(ROLE, vpn_s2s_interfaces=(PSK6,)), 1373, "its IPv6 subnet 2001:db8:2::/48", id="IKEv2"),
        pytest.param(replace(ROLE, wireguard_interfaces=(WG6,)), 1340, "WireGuard interface", id="WireGuard"),
        pytest.param(
            replace(
                ROLE,
                vpn_s2s_interfaces=(replace(PSK, ipv6_subnet=(), ipv4_address="10.255.0.1/30"),),
                gre_interfaces=(replace(GRE6, source_ip_address="10.255.0.1", destination=("10.255.0.2",)),),
            ),
            1397,
            "GRE interface",
            id="GRE in IKEv2",
        ),
    ],
)
def test_ipv6_needs_1280_bytes_inside(state: GatewayState, needed: int, sentence: str) -> None:
    assert problems_of(state, here(needed)) == []
    (problem,) = problems_of(state, here(needed - 1))
    assert sentence in problem
    assert "1280" in problem


def test_ipv4_needs_68_bytes_inside() -> None:
    state = replace(ROLE, gre_interfaces=(replace(GRE, gre_key=None, ipv6_subnet=(), ipv6_address=None),))
    assert problems_of(state, here(92)) == []
    (problem,) = problems_of(state, here(91))
    assert "67 bytes left" in problem
