"""WireGuard of two tenants with equal addresses: a port of the node each, and all that is inside in their VRFs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from two_tenants import NAMES, OUTSIDE, SITES, Tenants, TwoTenants, until

from raslab.errors import GatewayRefusedError, TunnelRefusedError
from raslab.measure.isolation import check_isolation, find_parties
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("wireguard")]

PORTS = {1: 51821, 2: 51822}


@pytest.fixture
def tenants() -> Iterator[Tenants]:
    """Two tenants with a WireGuard tunnel to their sites."""
    with Network(TwoTenants()) as network:
        found = Tenants(network)
        for tenant, name in NAMES.items():
            near, far = found.csp.new_wireguard_keys(), found.csp.new_wireguard_keys()
            own = {"private_key": near.private_key, "public_key": far.public_key, "listen_port": PORTS[tenant]}
            behind = {"ipv4_subnet": "10.2.0.0/24:100", "ipv6_subnet": "2001:db8:2::/64:100"}
            own |= {"destination": SITES[tenant], "ipv4_address": "10.255.0.1/30"} | behind
            found.csp.add_wireguard_interface(f"site{tenant}", routing_domain=name, **own)
            own = {"private_key": far.private_key, "public_key": near.public_key, "destination_port": PORTS[tenant]}
            behind = {"ipv4_subnet": "10.1.0.0/24:100", "ipv6_subnet": "2001:db8:1::/64:100"}
            own |= {"destination": f"{OUTSIDE}.1", "ipv4_address": "10.255.0.2/30"} | behind
            found.sites[tenant].add_wireguard_interface("csp", **own)
        yield found


def test_equal_sites_behind_two_ports(tenants: Tenants) -> None:
    for tenant, name in NAMES.items():
        tenants.serve(f"h{tenant}", 80, name)
        tenants.csp.connect_vpn_s2s_interface(f"site{tenant}", routing_domain=name)
        assert tenants.fetch(f"vm{tenant}", "10.2.0.1", 80).startswith(f"{name} 10.1.0.1")
        assert tenants.pings(tenant, "2001:db8:2::1") == 1
    states = {one.routing_domain: one.connection_state for one in tenants.csp.get_vpn_s2s_interface()}
    assert states == {"Contoso": "Connected", "Woodgrove": "Connected"}
    tenants.csp.remove_vpn_s2s_interface("site1", routing_domain="Contoso")
    assert [tenants.pings(tenant) for tenant in NAMES] == [0, 1]


def test_one_port_is_one_tenants(tenants: Tenants) -> None:
    with pytest.raises(GatewayRefusedError, match="both listen on port 51821"):
        tenants.csp.set_vpn_s2s_interface("site2", listen_port=PORTS[1], routing_domain="Woodgrove")


def test_the_neighbours_port_opens_nothing(tenants: Tenants) -> None:
    """Woodgrove's site calls where Contoso's does: its key is a stranger's there."""
    tenants.site2.set_vpn_s2s_interface("csp", destination_port=PORTS[1])
    with pytest.raises(TunnelRefusedError):
        tenants.site2.connect_vpn_s2s_interface("csp", timeout_s=3)
    assert tenants.pings(2, "10.1.0.1", source="h") == 0


def test_genuine_packets_open_nothing_when_they_are_sent_again(tenants: Tenants) -> None:
    """From anybody's address, to the own port or the neighbour's."""
    for tenant, name in NAMES.items():
        tenants.csp.connect_vpn_s2s_interface(f"site{tenant}", routing_domain=name)
        until("the site is reached", lambda tenant=tenant: tenants.pings(tenant))
    topology = tenants.network.topology()
    names = {one.vrf: one.name for one in tenants.csp.state.routing_domains}
    who = find_parties(topology, ["csp"], names)
    report = check_isolation(tenants.network, who.tenants, underlay=who.underlay, strangers=who.strangers)
    report.require()
    assert {len(one.sealed) for one in who.tenants} == {1}
    rows = report.frame[report.frame["probe"] == "genuine packet again"]
    pairs = {("Contoso", "Woodgrove"), ("Woodgrove", "Contoso"), *(("a stranger", name) for name in NAMES.values())}
    assert set(zip(rows["sender"], rows["target"], strict=True)) == pairs
