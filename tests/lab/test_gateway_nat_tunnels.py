"""NAT onto a tunnel: from a partner, a site or a tenant hides behind the tunnel's address, or behind one of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import two_tenants
from two_sites import WAN, Sites, TwoSites
from two_tenants import NAMES, SITES, Tenants, TwoTenants

from raslab.measure import capture
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("nft nat")]

NEAR, FAR, TUNNEL = "10.255.0.1", "10.255.0.2", "10.255.0.0/30"
POOL = "192.0.2.51"
KINDS = [
    pytest.param("gre", marks=pytest.mark.needs("gre")),
    pytest.param("ipsec", marks=pytest.mark.needs("esp", "xfrm interface")),
    pytest.param("wireguard", marks=pytest.mark.needs("wireguard")),
]


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Two sites without a tunnel; the one of h2 is the partner."""
    with Network(TwoSites()) as network:
        network.addRoute("isp", "10.2.0.0/24", via=WAN[2])
        yield Sites(network)


@pytest.fixture
def tenants() -> Iterator[Tenants]:
    """Two tenants; each one's site is its partner."""
    with Network(TwoTenants()) as network:
        yield Tenants(network)


def connect(sites: Sites, kind: str) -> None:
    """A tunnel of that kind; the partner knows the way to its ends and to one address more, not to 10.1.0.0/24."""
    near = {"destination": WAN[2], "ipv4_address": f"{NEAR}/30", "ipv4_subnet": "10.2.0.0/24:100"}
    far = {"destination": WAN[1], "ipv4_address": f"{FAR}/30", "ipv4_subnet": f"{POOL}/32:100"}
    if kind == "gre":
        sites.gw1.add_gre_interface("partner", source_ip_address=WAN[1], **near)
        sites.gw2.add_gre_interface("office", source_ip_address=WAN[2], **far)
    elif kind == "ipsec":
        key = {"authentication_method": "PSKOnly", "shared_secret": "a secret"}
        sites.gw1.add_vpn_s2s_interface("partner", **key, **near)
        sites.gw2.add_vpn_s2s_interface("office", **key, **far)
        sites.gw1.connect_vpn_s2s_interface("partner")
    else:
        keys = {number: sites.gw1.new_wireguard_keys() for number in (1, 2)}
        for own, other, gateway, name, values in (
            (1, 2, sites.gw1, "partner", near),
            (2, 1, sites.gw2, "office", far),
        ):
            pair = {"private_key": keys[own].private_key, "public_key": keys[other].public_key}
            gateway.add_wireguard_interface(name, **pair, **values)


def sources(sites: Sites) -> set[str]:
    """The source addresses of echo requests from h1, as the partner's host sees them."""
    with capture(sites.network["h2"].intf("eth0"), "icmp[0] == 8 and dst host 10.2.0.1") as seen:
        sites.pings()
    return set(seen.frame["source"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_site_hides_behind_the_tunnels_address_or_one_of_its_own(sites: Sites, kind: str) -> None:
    connect(sites, kind)
    assert sources(sites) == {"10.1.0.1"}
    assert sites.pings() == 0
    sites.gw1.new_net_nat("partner", external_ip_interface_address_prefix=TUNNEL)
    assert sources(sites) == {NEAR}
    assert sites.pings() == 1
    sites.gw1.add_net_nat_external_address("partner", POOL)
    assert sources(sites) == {POOL}
    assert sites.pings() == 1
    assert f"inet {POOL}/32 " in sites.network["gw1"].run(["ip", "address", "show", "dev", "partner"]).stdout
    sites.gw1.remove_net_nat_external_address("partner", POOL)
    assert sources(sites) == {NEAR}
    assert POOL not in sites.network["gw1"].run(["ip", "address"]).stdout
    sites.gw1.remove_net_nat("partner")
    assert sites.pings() == 0


def test_what_does_not_go_into_the_tunnel_is_left_alone(sites: Sites) -> None:
    connect(sites, "gre")
    sites.gw1.new_net_nat("partner", external_ip_interface_address_prefix=TUNNEL)
    with capture(sites.network["gw1"].intf("wan0"), f"icmp[0] == 8 and dst host {WAN[2]}") as seen:
        sites.pings(WAN[2])
    assert set(seen.frame["source"]) == {"10.1.0.1"}


def test_equal_tenants_hide_from_their_partners_and_publish_to_them(tenants: Tenants) -> None:
    for tenant, name in NAMES.items():
        domain = tenants.csp.routing_domain(name)
        ends = {"destination": SITES[tenant], "source_ip_address": f"{two_tenants.OUTSIDE}.1"}
        own = {"gre_key": tenant, "ipv4_address": f"{NEAR}/30", "ipv4_subnet": "10.2.0.0/24:100"}
        domain.add_gre_interface(f"partner{tenant}", **ends, **own)
        ends = {"destination": f"{two_tenants.OUTSIDE}.1", "source_ip_address": SITES[tenant]}
        tenants.sites[tenant].add_gre_interface("csp", gre_key=tenant, ipv4_address=f"{FAR}/30", **ends)
        tenants.serve(f"h{tenant}", 9000, name)
        tenants.serve(f"vm{tenant}", 8080, name)
    assert [tenants.fetch(f"vm{tenant}", "10.2.0.1", 9000) for tenant in NAMES] == ["", ""]
    for tenant, name in NAMES.items():
        domain = tenants.csp.routing_domain(name)
        domain.new_net_nat("partner", external_ip_interface_address_prefix=TUNNEL)
        assert tenants.fetch(f"vm{tenant}", "10.2.0.1", 9000, own_port=40000) == f"{name} {NEAR} 40000"
        assert tenants.fetch(f"h{tenant}", NEAR, 80) == ""
        domain.add_net_nat_static_mapping("partner", "TCP", 80, "10.1.0.1", internal_port=8080)
        assert tenants.fetch(f"h{tenant}", NEAR, 80, own_port=41000) == f"{name} 10.2.0.1 41000"
    found = tenants.csp.get_net_nat_session()
    assert {(one.routing_domain, one.direction) for one in found} == {
        (name, direction) for name in NAMES.values() for direction in ("Inbound", "Outbound")
    }
