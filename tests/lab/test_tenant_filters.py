"""Packet filters and bandwidth limits of tenants: each has its own, and a packet is counted once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from two_tenants import NAMES, OUTSIDE, SITES, Tenants, TwoTenants

from raslab.errors import GatewayRefusedError
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("nft nat", "gre")]

ECHO = "10.2.0.0/24:10.1.0.0/24:ICMP:8"


@pytest.fixture
def tenants() -> Iterator[Tenants]:
    """Two tenants with equal addresses, each with a GRE tunnel to its site."""
    with Network(TwoTenants()) as network:
        found = Tenants(network)
        for tenant, name in NAMES.items():
            ends = {"source_ip_address": f"{OUTSIDE}.1", "destination": SITES[tenant], "gre_key": tenant}
            found.csp.add_gre_interface(f"site{tenant}", ipv4_subnet="10.2.0.0/24", routing_domain=name, **ends)
            ends = {"source_ip_address": SITES[tenant], "destination": f"{OUTSIDE}.1", "gre_key": tenant}
            found.sites[tenant].add_gre_interface("csp", ipv4_subnet="10.1.0.0/24", **ends)
        yield found


def from_sites(tenants: Tenants) -> list[int]:
    """How many of three echo requests from each site are answered."""
    return [tenants.pings(tenant, "10.1.0.1", source="h", count=3) for tenant in NAMES]


def packets(tenants: Tenants) -> dict[tuple[str | None, str, str], int]:
    """What the lines of all filters have seen."""
    found = tenants.csp.get_remote_access_ip_filter_counters()
    return {(one.routing_domain, one.interface_alias, one.line): one.packets for one in found}


def test_a_filter_is_one_tenants_and_counts_once(tenants: Tenants) -> None:
    assert from_sites(tenants) == [3, 3]
    for tenant, name in NAMES.items():
        action = "Allow" if tenant == 1 else "Deny"  # what is listed is dropped, or nothing else passes
        tenants.csp.add_remote_access_ip_filter(f"site{tenant}", action, ECHO, "Inbound", routing_domain=name)
    assert from_sites(tenants) == [0, 3]
    assert packets(tenants) == {
        ("Contoso", "site1", ECHO): 3,
        ("Woodgrove", "site2", ECHO): 3,
        ("Woodgrove", "site2", "*"): 0,
    }


def test_what_the_gateway_itself_hears_and_says_is_counted_once(tenants: Tenants) -> None:
    """It passes the hooks under the names of the interface and of its VRF."""
    answers = "10.1.0.0/24:0.0.0.0/0:ICMP:0"
    woodgrove = tenants.csp.routing_domain("Woodgrove")
    woodgrove.add_remote_access_ip_filter("site2", "Deny", ECHO, "Inbound")
    woodgrove.add_remote_access_ip_filter("site2", "Deny", answers, "Outbound")
    assert tenants.pings(2, "10.1.0.254", source="h", count=3) == 3
    counted = {(one.direction, one.line): one.packets for one in woodgrove.get_remote_access_ip_filter_counters()}
    assert counted == {("Inbound", ECHO): 3, ("Inbound", "*"): 0, ("Outbound", answers): 3, ("Outbound", "*"): 0}
    assert tenants.csp.get_remote_access_ip_filter_counters(routing_domain="Contoso") == ()


def test_counters_of_one_tenant_stay_when_another_changes(tenants: Tenants) -> None:
    tenants.csp.add_remote_access_ip_filter("site1", "Allow", ECHO, "Inbound", routing_domain="Contoso")
    assert from_sites(tenants) == [0, 3]
    woodgrove = tenants.csp.routing_domain("Woodgrove")
    woodgrove.add_remote_access_ip_filter("site2", "Allow", "10.9.0.0/24:10.1.0.0/24:TCP", "Inbound")
    woodgrove.set_remote_access_ip_filter("site2", "Allow", "10.9.0.0/24:10.1.0.0/24:UDP", "Inbound")
    woodgrove.remove_remote_access_ip_filter("site2", "Inbound")
    assert packets(tenants) == {("Contoso", "site1", ECHO): 3}


def test_another_tenants_interface_cannot_be_filtered(tenants: Tenants) -> None:
    for name in ("tenant1", "site1", "wan0"):
        with pytest.raises(GatewayRefusedError, match=f"has no interface {name} to filter on"):
            tenants.csp.add_remote_access_ip_filter(name, "Allow", ECHO, "Inbound", routing_domain="Woodgrove")
