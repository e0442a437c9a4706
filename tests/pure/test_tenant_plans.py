"""NAT, IPsec and filters of tenants on one gateway, without a kernel: what is planned, and what they cannot share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from gateway_samples import EAP, GRE, PSK, WIREGUARD
from sentences import is_sentence, listed
from test_gateway_plans import text

from raslab.gateway.plan import plan
from raslab.gateway.rules import problems_of
from raslab.gateway.state import (
    GatewayState,
    GreInterface,
    NetNat,
    NetNatExternalAddress,
    NetNatStaticMapping,
    NetRoute,
    RemoteAccess,
    RemoteAccessIpFilter,
    RoutingDomain,
)
from raslab.gateway.surroundings import Surroundings
from raslab.model.topology import Interface, Route
from raslab.services import Nftables

GOLDEN = Path(__file__).parent / "golden"
PLANS, PROBLEMS = GOLDEN / "tenant-plans.txt", GOLDEN / "tenant-problems.txt"

LAN = "10.0.0.254/24"
HERE = Surroundings(
    "csp",
    (
        Interface("csp", "contoso0", (LAN,)),
        Interface("csp", "contoso-out", ("192.0.2.1/24",)),
        Interface("csp", "woodgrove0", (LAN,)),
        Interface("csp", "wan0", ("203.0.113.1/24", "203.0.113.2/24")),
        Interface("csp", "wan1", ("198.18.0.1/24",)),
    ),
    (Route("csp", "default", "203.0.113.254"),),
)
OUTBOUND = RemoteAccessIpFilter(
    interface_alias="contoso0",
    address_family="IPv4",
    direction="Inbound",
    action="Allow",
    list=("10.0.0.0/24:10.9.0.0/16:ANY",),
)


def nat(number: int) -> GatewayState:
    """What a tenant is told who shares the outside with others, and is like them in all but its address there."""
    return GatewayState(
        net_nats=(NetNat(name="office", internal_ip_interface_address_prefix="10.0.0.0/24"),),
        net_nat_external_addresses=(NetNatExternalAddress(nat_name="office", ip_address=f"203.0.113.5{number}"),),
        net_nat_static_mappings=(
            NetNatStaticMapping(
                nat_name="office",
                protocol="TCP",
                external_ip_address="0.0.0.0",
                external_port=80,
                internal_ip_address="10.0.0.1",
            ),
        ),
    )


def domain(name: str, number: int, state: GatewayState, *interfaces: str) -> RoutingDomain:
    """A routing domain that may have everything."""
    guid = f"11111111-0000-4000-8000-00000000000{number}"
    return RoutingDomain(name=name, routing_domain_id=guid, interfaces=interfaces, number=number, state=state)


def tenants(contoso: GatewayState, woodgrove: GatewayState | None = None) -> GatewayState:
    """A gateway with one or two tenants."""
    domains = [domain("Contoso", 1, contoso, "contoso0", "contoso-out")]
    if woodgrove is not None:
        domains.append(domain("Woodgrove", 2, woodgrove, "woodgrove0"))
    return GatewayState(remote_access=RemoteAccess(multi_tenancy=True), routing_domains=tuple(domains))


def limited(*tunnels: GreInterface) -> GatewayState:
    """Contoso with a bandwidth for these tunnels together."""
    state = tenants(GatewayState(gre_interfaces=tunnels))
    (contoso,) = state.routing_domains
    return replace(state, routing_domains=(replace(contoso, tx_bandwidth_kbps=10_000, rx_bandwidth_kbps=5_000),))


OWN_OUTSIDE = GatewayState(
    net_nats=(NetNat(name="office", udp_filtering_behavior="EndpointIndependent"),),
    net_routes=(NetRoute(destination_prefix="0.0.0.0/0", next_hop="192.0.2.254"),),
)
IDLE = NetNat(
    name="office",
    udp_idle_session_timeout=40,
    tcp_established_connection_timeout=600,
    tcp_transient_connection_timeout=20,
)
GOOD = {
    "one tenant behind the outside of the node": tenants(nat(1)),
    "two tenants behind the outside of the node": tenants(nat(1), nat(2)),
    "one tenant has an outside of its own": tenants(OWN_OUTSIDE, nat(2)),
    "time-outs of their own": tenants(
        replace(nat(1), net_nats=(IDLE, replace(IDLE, name="lab", internal_ip_interface_address_prefix="10.0.8.0/24"))),
        replace(nat(2), net_nats=(NetNat(name="office", udp_idle_session_timeout=300),)),
    ),
    "NAT onto a tunnel": tenants(
        GatewayState(
            gre_interfaces=(replace(GRE, name="contoso-ny", ipv4_address="10.255.0.1/30"),),
            net_nats=(NetNat(name="partner", external_ip_interface_address_prefix="10.255.0.0/30"),),
            net_nat_external_addresses=(NetNatExternalAddress(nat_name="partner", ip_address="192.0.2.51"),),
        )
    ),
    "no address yet": tenants(replace(nat(1), net_nat_external_addresses=())),
    "filters": tenants(
        GatewayState(ip_filters=(OUTBOUND,)),
        GatewayState(ip_filters=(replace(OUTBOUND, interface_alias="woodgrove0", action="Deny"),)),
    ),
    "pre-shared keys from two addresses": tenants(
        GatewayState(vpn_s2s_interfaces=(replace(PSK, name="contoso-rome", source_ip_address="203.0.113.1"),)),
        GatewayState(vpn_s2s_interfaces=(replace(PSK, name="woodgrove-rome", source_ip_address="203.0.113.2"),)),
    ),
    "bandwidth of all interfaces of a tenant": limited(replace(GRE, name="contoso-ny", tx_bandwidth_kbps=1_000)),
}


def rendered() -> str:
    """All plans, one section each."""
    return "".join(
        f"# {name}\n" + "".join(f"{line}\n" for line in text(plan(state, HERE))) + "\n" for name, state in GOOD.items()
    )


def test_plans_are_as_agreed() -> None:
    assert rendered() == PLANS.read_text()


@pytest.mark.parametrize("name", GOOD)
def test_the_samples_are_good(name: str) -> None:
    assert problems_of(GOOD[name], HERE) == []


def test_a_second_tenant_only_adds_to_what_the_kernel_does() -> None:
    """No rule of the first is taken away, not even to be put back at once: its counters and states stay."""
    (one,) = (service for service in plan(tenants(nat(1)), HERE).services if isinstance(service, Nftables))
    (two,) = (service for service in plan(tenants(nat(1), nat(2)), HERE).services if isinstance(service, Nftables))
    come, gone = two.plan(one), one.plan(two)
    assert come
    assert all(line.startswith("add ") for line in come)
    assert not any("Contoso" in line for line in (*come, *gone))


CASES = {
    "one external address for two": tenants(
        nat(1), replace(nat(2), net_nat_external_addresses=nat(1).net_nat_external_addresses)
    ),
    "external address of the node": tenants(
        replace(
            nat(1),
            net_nat_external_addresses=(
                NetNatExternalAddress(nat_name="office", ip_address="203.0.113.2-203.0.113.9"),
            ),
        )
    ),
    "outside off the default route": tenants(
        replace(nat(1), net_nats=(NetNat(name="office", external_ip_interface_address_prefix="198.18.0.0/24"),))
    ),
    "two values of one time-out": tenants(
        replace(nat(1), net_nats=(NetNat(name="office", icmp_query_timeout=10),)),
        replace(nat(2), net_nats=(NetNat(name="office", icmp_query_timeout=20),)),
    ),
    "one pre-shared pair of addresses for two": tenants(
        GatewayState(vpn_s2s_interfaces=(replace(PSK, name="contoso-rome"),)),
        GatewayState(vpn_s2s_interfaces=(replace(PSK, name="woodgrove-rome", source_ip_address="203.0.113.1"),)),
    ),
    "one user with two passwords": tenants(
        GatewayState(vpn_s2s_interfaces=(replace(EAP, name="contoso-oslo"),)),
        GatewayState(vpn_s2s_interfaces=(replace(EAP, name="woodgrove-oslo", password="another"),)),
    ),
    "one listening port for two": tenants(
        GatewayState(wireguard_interfaces=(replace(WIREGUARD, name="contoso-wg"),)),
        GatewayState(wireguard_interfaces=(replace(WIREGUARD, name="woodgrove-wg"),)),
    ),
    "bandwidth of an interface within that of all": limited(replace(GRE, name="contoso-ny", rx_bandwidth_kbps=1_000)),
    "filter on a neighbour's interface": tenants(
        GatewayState(ip_filters=(OUTBOUND,)), GatewayState(ip_filters=(OUTBOUND,))
    ),
}


def test_problems_are_told_as_agreed() -> None:
    assert listed({name: problems_of(state, HERE) for name, state in CASES.items()}) == PROBLEMS.read_text()


@pytest.mark.parametrize("name", CASES)
def test_each_problem_is_one_sentence(name: str) -> None:
    found = problems_of(CASES[name], HERE)
    assert len(found) == 1
    assert is_sentence(found[0])
