"""What a tenant notices of its neighbour's coming and going: nothing, at a probe each millisecond."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from two_tenants import NAMES, OUTSIDE, SERVER, SITES, Tenants, TwoTenants, until

from raslab.measure import outage
from raslab.net import Network

pytestmark = [
    pytest.mark.usefixtures("root"),
    pytest.mark.needs("esp", "xfrm interface", "nft nat"),
    pytest.mark.virtual,
]

TUNNEL = {1: "10.255.0.1", 2: "10.255.0.2"}  # of each tenant: the gateway's end, and that of the site
EVERY_S = 0.001


@pytest.fixture
def tenants() -> Iterator[Tenants]:
    """Contoso has everything; the sites are ready for both, and Woodgrove is not there yet."""
    with Network(TwoTenants()) as network:
        found = Tenants(network)
        found.csp.disable_remote_access_routing_domain("Woodgrove")
        for site in found.sites.values():
            with site.changing():
                far = {"destination": f"{OUTSIDE}.1", "ipv4_address": f"{TUNNEL[2]}/30"}
                site.add_vpn_s2s_interface("csp", authentication_method="PSKOnly", shared_secret="secret", **far)
                site.add_bgp_router(bgp_identifier=TUNNEL[2], local_asn=64513)
                site.add_bgp_custom_route(network="10.2.0.0/24")
                ends = {"local_ip_address": TUNNEL[2], "peer_ip_address": TUNNEL[1]}
                site.add_bgp_peer("csp", peer_asn=64512, **ends)
        give_everything(found, 1)
        until("Contoso's tunnel, routes and addresses are in use", lambda: works(found, 1))
        yield found


def give_everything(tenants: Tenants, tenant: int) -> None:
    """A tunnel with IPsec, BGP over it, NAT and a filter, in one change."""
    name = NAMES[tenant]
    with tenants.csp.changing():
        tenants.csp.enable_remote_access_routing_domain(name, interfaces=f"tenant{tenant}")
        domain = tenants.csp.routing_domain(name)
        near = {"destination": SITES[tenant], "ipv4_address": f"{TUNNEL[1]}/30", "persistent": True}
        domain.add_vpn_s2s_interface(f"site{tenant}", authentication_method="PSKOnly", shared_secret="secret", **near)
        domain.add_bgp_router(bgp_identifier=TUNNEL[1], local_asn=64512)
        domain.add_bgp_custom_route(network="10.1.0.0/24")
        ends = {"local_ip_address": TUNNEL[1], "peer_ip_address": TUNNEL[2]}
        domain.add_bgp_peer("site", peer_asn=64513, **ends)
        domain.new_net_nat("office")
        domain.add_net_nat_external_address("office", f"{OUTSIDE}.5{tenant}")
        domain.add_remote_access_ip_filter(f"site{tenant}", "Allow", "10.9.0.0/24:10.1.0.0/24:TCP", "Inbound")


def works(tenants: Tenants, tenant: int) -> bool:
    """Whether the tenant reaches its site, by a route that BGP told, and the Internet."""
    return bool(tenants.pings(tenant) and tenants.pings(tenant, SERVER))


def test_a_tenant_comes_and_goes_and_its_neighbour_loses_nothing(tenants: Tenants) -> None:
    vm = tenants.network["vm1"]
    with outage(vm, "10.2.0.1", interval_s=EVERY_S) as site, outage(vm, SERVER, interval_s=EVERY_S) as internet:
        give_everything(tenants, 2)
        until("Woodgrove has everything", lambda: works(tenants, 2))
        tenants.csp.disable_remote_access_routing_domain("Woodgrove")
        assert not works(tenants, 2)
    assert (site.lost, internet.lost) == (0, 0)
    assert min(site.sent, internet.sent) > 1000
    assert {one.routing_domain: one.state for one in tenants.csp.get_bgp_statistics()} == {"Contoso": "Established"}


def test_the_probe_would_notice(tenants: Tenants) -> None:
    """Twin: what is done to Contoso itself costs it probes."""
    vm = tenants.network["vm1"]
    with outage(vm, "10.2.0.1", interval_s=EVERY_S) as site, outage(vm, SERVER, interval_s=EVERY_S) as internet:
        tenants.csp.disconnect_vpn_s2s_interface("site1", routing_domain="Contoso")
        tenants.csp.remove_net_nat("office", routing_domain="Contoso")
        until("packets have dialled", lambda: tenants.pings(1))
    assert site.lost > 0
    assert internet.lost > 0
